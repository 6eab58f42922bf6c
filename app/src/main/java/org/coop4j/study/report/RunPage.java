package org.coop4j.study.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.Numbers;
import org.coop4j.eval.Interval;
import org.coop4j.eval.Temperature;
import org.coop4j.run.Comparison;
import org.coop4j.run.Comparison.ComparedClassifier;
import org.coop4j.run.Confidence;
import org.coop4j.run.LabelErrors.Suspect;
import org.coop4j.run.Machine;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.NearDuplicates.Pair;
import org.coop4j.run.PictureResults;
import org.coop4j.run.Provenance;
import org.coop4j.run.RunComparison;
import org.coop4j.run.RunComparison.ComparedRun;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunFeatures;
import org.coop4j.run.RunFeatures.Located;
import org.coop4j.run.RunFolder;
import org.coop4j.study.html.HtmlPage;
import org.coop4j.study.html.Section;
import org.coop4j.study.html.Section.Fact;
import org.coop4j.study.html.Section.Picture;

/**
 * The page of a training run: what was learned, whether it is better than what else could be done,
 * what it gets wrong, and what is wrong with the pictures.
 *
 * @param title of the data
 * @param evidence what was found out
 * @param method the learned method that the page is about
 * @param choice how it was chosen
 * @param command that repeats it, and further facts for the end of the page
 */
public record RunPage(String title, RunComparison evidence, String method, MethodChoice choice, List<String> command) {

    private static final int SUSPECTS = 24;
    private static final int PAIRS = 12;

    /**
     * Writes the page of each run into its folder.
     *
     * @param runs all of one seed
     * @param evidence what was found out
     * @param choice how the method was chosen
     * @param threads that computed
     */
    public static void write(List<ComparedRun> runs, RunComparison evidence, MethodChoice choice, int threads)
            throws IOException {
        for (ComparedRun run : runs) {
            RunPage page = new RunPage(run.result().dataset(), evidence, run.name(), choice, made(run, threads));
            AtomicFile.write(
                    run.folder().resolve(RunFolder.REPORT), page.page().html().getBytes(StandardCharsets.UTF_8));
        }
    }

    /** The page. */
    public HtmlPage page() {
        Comparison comparison = evidence.comparison();
        ComparedClassifier learned = comparison.method(method);
        RunFeatures pictures = evidence.images();
        ProofSections sections = new ProofSections(comparison.classNames());
        PictureResults after = PictureResults.of(pictures.test(), learned.calibrated());
        ComparedClassifier prompt = comparison.prompt();
        PictureResults before = PictureResults.of(pictures.test(), prompt.calibrated());
        return new HtmlPage(
                        title,
                        "%s learned from %s of %s, tested on %s that it has not seen"
                                .formatted(
                                        method,
                                        Numbers.count(pictures.train().size(), "picture"),
                                        Numbers.count(comparison.classNames().size(), "class", "classes"),
                                        Numbers.count(pictures.test().size(), "others", "others")))
                .add(summary(learned))
                .add(beside(comparison, learned))
                .add(chosen())
                .add(sections.confusion(
                        after,
                        "True classes in rows, predicted ones in columns: how many test"
                                + " pictures; the stronger the colour, the larger the share of"
                                + " the true class"))
                .add(sections.changed(
                        "From wrong to right",
                        after.changed(before, true),
                        "zero-shot with " + prompt.name() + " gets wrong and " + method + " right"))
                .add(sections.changed(
                        "From right to wrong",
                        after.changed(before, false),
                        "zero-shot with " + prompt.name() + " gets right and " + method + " wrong"))
                .add(sections.leastCertain(after))
                .add(suspects(sections))
                .add(duplicates(sections))
                .add(sections.reliability(after, calibration(learned)))
                .add(sections.coverage(after.coverage(), learned.confidence()))
                .add(Optional.ofNullable(evidence.unknown().get(method))
                        .map(sections::unknown)
                        .orElse(new Section("Pictures of none of the classes")))
                .add(made());
    }

    private static String calibration(ComparedClassifier learned) {
        Confidence confidence = learned.confidence();
        return "Its probabilities: "
                + confidence.sentence()
                + "."
                + (confidence.temperature() == Temperature.NONE
                        ? ""
                        : " Before that, the error was %s."
                                .formatted(Numbers.number(100 * learned.test().calibrationError(), 1)));
    }

    private Section summary(ComparedClassifier learned) {
        ComparedClassifier baseline = evidence.comparison().bestBaseline();
        Interval interval =
                Interval.wilson(learned.test().right(), learned.test().size());
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact(
                Numbers.signed(learned.accuracy() - baseline.accuracy(), 1) + " points",
                "against the best baseline, " + baseline.name() + " (" + Numbers.percent(baseline.accuracy()) + ")"));
        facts.add(new Fact(
                Numbers.percent(learned.accuracy()),
                "of the test pictures are classified rightly by "
                        + method
                        + " (95 % interval "
                        + Numbers.number(interval.low(), 0)
                        + " to "
                        + Numbers.number(interval.high(), 0)
                        + " %)"));
        if (!evidence.suspects().isEmpty()) {
            int suspects = evidence.suspects().size();
            facts.add(new Fact(
                    Numbers.count(suspects),
                    (suspects == 1 ? "picture looks" : "pictures look") + " like another class than the folder says"));
        }
        long twice = evidence.duplicates().stream().filter(Pair::crossesParts).count();
        if (twice > 0) {
            facts.add(new Fact(
                    Numbers.count(twice),
                    (twice == 1 ? "pair" : "pairs") + " of nearly the same picture in two parts of the data"));
        }
        return new Section("In short").facts(facts).paragraph(sentence(ComparisonTable.meaning(learned, baseline)));
    }

    private static String sentence(String words) {
        return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1) + ".";
    }

    private Section beside(Comparison comparison, ComparedClassifier learned) {
        return new Section("Beside what else could be done")
                .table(ComparisonTable.of(List.of(comparison)))
                .paragraph(sentence(method + ": " + ComparisonTable.gain(learned, comparison.bestBaseline())))
                .paragraph("The hand-written prompt that is called chosen is the best on training and"
                        + " val images. One that is best in hindsight was found on the test"
                        + " images and is flattered by that. Seconds are those of learning,"
                        + " without encoding the pictures.");
    }

    private Section chosen() {
        Section section = new Section("How the method was chosen");
        return choice.scores().isEmpty()
                ? section
                : section.table(ComparisonTable.candidates(choice))
                        .paragraph("The test pictures were not used for it. The score of the best of"
                                + " several is flattered a little by its being the best;"
                                + " what it is worth the test says.");
    }

    private Section suspects(ProofSections sections) {
        Section section = new Section("Labels that look wrong");
        List<Suspect> suspects = evidence.suspects();
        if (suspects.isEmpty()) {
            return section;
        }
        List<Picture> pictures = new ArrayList<>();
        for (Suspect suspect : suspects.subList(0, Math.min(SUSPECTS, suspects.size()))) {
            String caption = "%s: the folder says %s (%s), it looks like %s (%s)"
                    .formatted(
                            place(suspect.picture()),
                            name(suspect.picture()),
                            Numbers.percent(100 * suspect.own(), 0),
                            evidence.comparison().classNames().get(suspect.suggested()),
                            Numbers.percent(100 * suspect.probability(), 0));
            sections.thumbnails().add(pictures, suspect.picture().image().path(), name(suspect.picture()), caption);
        }
        return section.paragraph(Numbers.count(suspects.size(), "picture looks", "pictures look")
                        + " like another class than their folder says: a classifier that"
                        + " did not see them (GDA, five-fold cross-validation) gives"
                        + " another class more probability than that class's own pictures"
                        + " have. Some are only unusual; look at them, and move those that"
                        + " are wrong.")
                .pictures(pictures);
    }

    private Section duplicates(ProofSections sections) {
        Section section = new Section("The same picture twice");
        List<Pair> pairs = evidence.duplicates();
        if (pairs.isEmpty()) {
            return section;
        }
        List<Picture> pictures = new ArrayList<>();
        for (Pair pair : pairs.subList(0, Math.min(PAIRS, pairs.size()))) {
            for (Located one : List.of(pair.first(), pair.second())) {
                String likeness = pair.sameFile() ? "the same file" : "cosine " + Numbers.number(pair.cosine(), 4);
                String caption = "%s (%s), %s".formatted(place(one), one.part(), likeness);
                sections.thumbnails().add(pictures, one.image().path(), name(one), caption);
            }
        }
        long disagree = pairs.stream().filter(Pair::disagrees).count();
        return section.paragraph(
                        "%s of the same file or of nearly the same picture (cosine of their features above 0.995)%s%s. A test picture that was learned from is no test: remove one of the two.%s"
                                .formatted(
                                        Numbers.count(pairs.size(), "pair"),
                                        inTwoParts(pairs),
                                        disagree == 0 ? "" : ", " + disagree + " with two labels",
                                        pairs.size() > PAIRS ? " The first " + PAIRS + " pairs:" : ""))
                .pictures(pictures);
    }

    private static String name(Located picture) {
        return picture.image().className();
    }

    /** The file with its folder. */
    private static String place(Located picture) {
        Path file = picture.image().path();
        Path folder = file.getParent();
        return (folder == null ? "" : folder.getFileName() + "/") + file.getFileName();
    }

    private Section made() {
        return new Section("How this was made").list(command);
    }

    private static List<String> made(ComparedRun run, int threads) {
        RunConfig config = run.config();
        return List.of(
                "Model: SHA-256 %.12s…; coop4j %s.".formatted(config.modelSha256(), Provenance.coop4jVersion()),
                "Pictures: %s, %s a class to learn from, seed %d."
                        .formatted(
                                config.testedOn().source().path(),
                                config.sample().shots() == 0
                                        ? "all"
                                        : "up to " + config.sample().shots(),
                                config.sample().seed()),
                "Method: %s; its settings are in config.json beside this page. %s"
                        .formatted(config.method().title(), config.method().summary()),
                String.format(
                        Locale.ROOT,
                        "The run took %.0f seconds: %s.",
                        run.result().seconds().values().stream()
                                .mapToDouble(s -> s)
                                .sum(),
                        Machine.describe(threads)));
    }

    /** Sentences about the pictures for the end of the command. */
    public static List<String> findings(RunComparison evidence) {
        List<String> notes = new ArrayList<>();
        int suspects = evidence.suspects().size();
        if (suspects > 0) {
            notes.add(Numbers.count(suspects, "image") + " may be in the wrong folder");
        }
        if (!evidence.duplicates().isEmpty()) {
            notes.add(Numbers.count(evidence.duplicates().size(), "pair")
                    + " of nearly the same picture"
                    + inTwoParts(evidence.duplicates()));
        }
        return notes;
    }

    /** Number of the pairs that make the test less of one; nothing if none does. */
    static String inTwoParts(List<Pair> pairs) {
        long across = pairs.stream().filter(Pair::crossesParts).count();
        if (across == 0) {
            return "";
        }
        return across < pairs.size()
                ? ", " + across + " of them in two parts of the data"
                : ", " + (across == 1 ? "" : "all of them ") + "in two parts of the data";
    }
}
