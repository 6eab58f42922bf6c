package org.coop4j.report;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.base.Numbers.percent;
import static org.coop4j.run.RunFolder.REPORT;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.Machine;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.Interval;
import org.coop4j.eval.Calibration;
import org.coop4j.eval.Evaluation;
import org.coop4j.eval.Scores;
import org.coop4j.findings.Comparison.ComparedClassifier;
import org.coop4j.findings.LabelErrors;
import org.coop4j.findings.PictureResults;
import org.coop4j.findings.RunComparison;
import org.coop4j.findings.RunComparison.ComparedRun;
import org.coop4j.findings.RunComparison.Located;
import org.coop4j.findings.RunComparison.NearDuplicates;
import org.coop4j.findings.RunComparison.NearDuplicates.Group;
import org.coop4j.page.HtmlPage;
import org.coop4j.page.Section;
import org.coop4j.page.Section.Fact;
import org.coop4j.page.Section.Picture;
import org.coop4j.report.MapSection.Asked;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.Provenance;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunResult;

/**
 * The page of a training run: its classifier compared with baselines, its mistakes, and problems of the images.
 *
 * @param learned the run's classifier
 * @param scores its calibrated scores of the test images
 */
public record RunPage(
        ComparedRun run,
        RunComparison evidence,
        MethodChoice choice,
        ComparedClassifier learned,
        Scores scores,
        EvaluationSections sections) {

    private static final int PICTURES = 24;
    private static final int GROUPS = 12;

    /**
     * Writes the page of each run into its folder.
     *
     * @param runs runs of one seed
     * @param space what computed
     */
    public static void write(
            List<ComparedRun> runs, RunComparison evidence, MethodChoice choice, FeatureSpace space, Progress progress)
            throws IOException {
        for (ComparedRun run : runs) {
            ComparedClassifier learned = evidence.comparison().method(run.name());
            Scores scores = learned.calibrated();
            EvaluationSections sections = new EvaluationSections(
                    evidence.comparison().classNames(), PictureResults.of(evidence.test(), scores));
            RunPage page = new RunPage(run, evidence, choice, learned, scores, sections);
            Section maps = new MapSection(run, space.towers(), progress).of(page.asked());
            AtomicFile.write(
                    run.folder().resolve(REPORT),
                    page.page(maps, space.workers().count()).html());
        }
    }

    /** Returns the mistakes that the page shows, and the suspects. */
    private Stream<Asked> asked() {
        return Stream.concat(
                sections.confused().map(one -> asked(one.file(), "predicted: ", one.label(), one.probability())),
                evidence.labels().suspects().stream()
                        .map(one -> asked(
                                one.picture().image().path(), "looks like ", one.suggested(), one.probability())));
    }

    private Asked asked(Path file, String said, int label, double probability) {
        return new Asked(file, sections.names.get(label), said + sections.label(label, probability));
    }

    private HtmlPage page(Section maps, int threads) {
        ComparedClassifier prompt = evidence.comparison().prompt();
        PictureResults before = PictureResults.of(evidence.test(), prompt.calibrated());
        Evaluation evaluation = scores.evaluation();
        HtmlPage page = new HtmlPage(run.result().dataset(), lead(run, "of"))
                .add(summary())
                .add(baselines())
                .add(chosen())
                .add(sections.classes(evaluation))
                .add(sections.confusion(evaluation.confusion()))
                .add(maps)
                .add(sections.changed(before, "zero-shot with " + prompt.name(), run.name()))
                .add(sections.leastCertain())
                .add(suspects())
                .add(duplicates())
                .add(sections.calibration(scores, calibration()))
                .add(sections.coverage(scores, learned.confidence()));
        if (evidence.unknown().containsKey(run.name())) {
            page.add(sections.unknown(evidence.unknown().get(run.name())));
        }
        return page.add(made(run, threads));
    }

    /** Returns the sentence below the title; images to learn from are "of" or "with several of" the classes. */
    static String lead(ComparedRun run, String of) {
        RunResult result = run.result();
        long seen = run.seen();
        long machine = run.machineLabels();
        return "%s learned from %s%s %s %s, tested on %s"
                .formatted(
                        run.name(),
                        count(result.trainImages(), "image"),
                        machine == 0 ? "" : " (%d of them labelled by a classifier, none tested on)".formatted(machine),
                        of,
                        count(result.classes(), "class", "classes"),
                        seen == 0
                                ? count(result.testImages(), "other") + " that it has not seen"
                                : "%s; it learned from %d of them"
                                        .formatted(count(result.testImages(), "image"), seen));
    }

    private String calibration() {
        String before = learned.confidence().temperature() == Calibration.NO_TEMPERATURE
                ? ""
                : " Before that, the error was %s points."
                        .formatted(number(100 * learned.test().calibrationError(), 1));
        return "They are " + learned.confidence().sentence() + "." + before;
    }

    private Section summary() {
        ComparedClassifier baseline = evidence.comparison().bestBaseline();
        Interval interval =
                Interval.wilson(learned.test().right(), learned.test().size());
        return new Section("In short")
                .facts(List.of(
                        Fact.gain(learned.accuracy(), "the best baseline, " + baseline.name(), baseline.accuracy()),
                        new Fact(
                                percent(learned.accuracy()),
                                "accuracy of %s on the test images (95 %% interval %s to %s %%)"
                                        .formatted(run.name(), number(interval.low(), 0), number(interval.high(), 0)))))
                .paragraph(sentence(ComparisonTable.meaning(learned, baseline)))
                .list(findings(evidence).stream().map(RunPage::sentence).toList());
    }

    private static String sentence(String words) {
        return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1) + ".";
    }

    private Section baselines() {
        return new Section("Compared with baselines")
                .verdict(run.name() + ": "
                        + ComparisonTable.gain(learned, evidence.comparison().bestBaseline()) + ".")
                .table(new ComparisonTable(List.of(evidence.comparison())).table())
                .paragraph(
                        "The chosen prompt is the best on training and val images; the best in hindsight is chosen on"
                                + " the test images, which inflates its accuracy. Seconds exclude encoding."
                                + evidence.sampled()
                                        .map(words -> " " + sentence(words))
                                        .orElse(""));
    }

    private Section chosen() {
        Section section = new Section("Choice of the method");
        return choice.scores().isEmpty()
                ? section
                : section.verdict(run.name() + " was chosen without the test images.")
                        .table(ComparisonTable.candidates(choice))
                        .paragraph((choice.cost() == null ? "" : choice.cost() + ". ")
                                + "The score of the best of several is a little too high; its accuracy on the test"
                                + " images is not.");
    }

    private Section suspects() {
        Section section = new Section("Labels that look wrong");
        LabelErrors labels = evidence.labels();
        if (labels.suspects().isEmpty()) {
            return section.verdict(
                    Double.isNaN(labels.expected())
                            ? count(labels.examined(), "image") + " are too few to judge labels by."
                            : "No label is suspect.");
        }
        List<Picture> pictures = labels.suspects().stream()
                .limit(PICTURES)
                .flatMap(suspect -> picture(
                        suspect.picture(),
                        "looks like " + sections.label(suspect.suggested(), suspect.probability()),
                        "folder: " + sections.label(suspect.picture().image().label(), suspect.own())))
                .toList();
        return section.verdict(looks(labels) + ".")
                .paragraph(
                        ("Each of %s was judged by a classifier that did not learn from it. The expected number follows from"
                                        + " the images that look like their class. Some suspects are only unusual: move those"
                                        + " that are wrong.")
                                .formatted(count(labels.examined(), "image")))
                .pictures("", pictures);
    }

    private Stream<Picture> picture(Located one, String... lines) {
        return sections.thumbnails.picture(one.image().path(), name(one), lines);
    }

    private static String looks(LabelErrors labels) {
        String expected = labels.expected() < 0.05 ? "none" : number(labels.expected(), 1);
        return count(labels.suspects().size(), "image")
                + (labels.significant()
                                ? " may be in the wrong folder; %s would be expected if all labels were right"
                                : " may be in the wrong folder, or it is chance: %s would be expected if all labels were right")
                        .formatted(expected);
    }

    private Section duplicates() {
        Section section = new Section("Near-duplicates");
        List<Group> groups = evidence.duplicates();
        if (groups.isEmpty()) {
            return section;
        }
        section.verdict(describe(groups) + ".")
                .paragraph(
                        "Images are near-duplicates if they are the same file, their outlines differ in at most "
                                + NearDuplicates.MOST_DIFFERENCE
                                + " of 63 signs, or both their outlines and their features are similar. A test image that was learned from does not test anything: keep one of each group.");
        for (Group group : groups.stream().limit(GROUPS).toList()) {
            String likeness = group.distinct(Located::sha256).size() == 1
                    ? "same file"
                    : "cosine " + number(group.least(), 4) + (group.images().size() > 2 ? " or more" : "");
            section.subheading(likeness
                            + ", "
                            + String.join(" and ", group.distinct(Located::part))
                            + (group.distinct(RunPage::name).size() > 1 ? ", with different labels" : ""))
                    .pictures(
                            "",
                            group.images().stream()
                                    .limit(PICTURES)
                                    .flatMap(one -> picture(one, one.part()))
                                    .toList());
        }
        return section;
    }

    private static String describe(List<Group> groups) {
        long across = groups.stream()
                .filter(group -> group.distinct(Located::part).size() > 1)
                .count();
        return count(groups.size(), "group")
                + " of near-duplicates"
                + (across == 0 ? "" : ", " + across + " of them across splits (such as training and test)");
    }

    private static String name(Located picture) {
        return picture.image().className();
    }

    static Section made(ComparedRun run, int threads) {
        RunConfig config = run.config();
        int shots = config.sample().shots();
        return new Section("Provenance")
                .list(List.of(
                        "Model: SHA-256 %.12s…; coop4j %s.".formatted(config.modelSha256(), Provenance.coop4jVersion()),
                        "Images: %s, %s to learn from, seed %d."
                                .formatted(
                                        config.testedOn().source().path(),
                                        shots == 0 ? "all" : "up to " + shots + " per class",
                                        config.sample().seed()),
                        "Method: %s; its settings are in config.json in the folder of this page. %s"
                                .formatted(
                                        config.method().title(), config.method().summary()),
                        "The run took %s seconds: %s."
                                .formatted(number(run.result().totalSeconds(), 0), Machine.describe(threads))));
    }

    /** Returns sentences about the images for the end of the command. */
    public static List<String> findings(RunComparison evidence) {
        List<String> notes = new ArrayList<>();
        if (!evidence.labels().suspects().isEmpty()) {
            notes.add(looks(evidence.labels()));
        }
        if (!evidence.duplicates().isEmpty()) {
            notes.add(describe(evidence.duplicates()));
        }
        return notes;
    }
}
