package org.coop4j.report;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.coop4j.analysis.PictureResults;
import org.coop4j.analysis.PictureResults.Changed;
import org.coop4j.analysis.PictureResults.Confused;
import org.coop4j.analysis.PictureResults.PictureResult;
import org.coop4j.eval.Calibration;
import org.coop4j.eval.ConfusionMatrix;
import org.coop4j.eval.Coverage;
import org.coop4j.eval.Numbers;
import org.coop4j.eval.OpenSet;
import org.coop4j.report.chart.ShareChart;
import org.coop4j.report.html.Picture;
import org.coop4j.report.html.Section;
import org.coop4j.run.Scores;

/** Sections that the page of a run and the page of the demo have in common. */
public final class ProofSections {

    /** The accuracy that answers should have where others are left to people. */
    public static final double WANTED_ACCURACY = 95;

    private static final int MOST_CLASSES = 120;
    private static final int PAIRS = 6;
    private static final int EXAMPLES = 4;
    private static final int PICTURES = 12;

    private final List<String> names;
    private final Thumbnails thumbnails = new Thumbnails();

    /**
     * @param names of the classes, by label
     */
    public ProofSections(List<String> names) {
        this.names = List.copyOf(names);
    }

    /** The confusion matrix, and pictures of the classes that are confused most. */
    public Section confusion(PictureResults results, String caption) {
        Section section = new Section("What is taken for what");
        int[] truth = results.all().stream().mapToInt(PictureResult::truth).toArray();
        int[] predicted = results.all().stream().mapToInt(PictureResult::predicted).toArray();
        if (names.size() <= MOST_CLASSES) {
            section.confusion(ConfusionMatrix.of(truth, predicted), names, caption);
        }
        List<Confused> confused = results.confused();
        if (confused.isEmpty()) {
            return section.paragraph("No picture is classified wrongly.");
        }
        List<Confused> most = confused.subList(0, Math.min(PAIRS, confused.size()));
        return section.subheading("Taken for one another most often")
                .list(
                        most.stream()
                                .map(
                                        pair ->
                                                "%s taken for %s: %s"
                                                        .formatted(
                                                                names.get(pair.truth()),
                                                                names.get(pair.predicted()),
                                                                Numbers.count(
                                                                        pair.examples().size(),
                                                                        "picture")))
                                .toList())
                .pictures(
                        pictures(
                                most.stream()
                                        .flatMap(pair -> pair.examples().stream().limit(EXAMPLES))
                                        .toList(),
                                this::ofResult));
    }

    private interface Captioned<T> {
        Optional<Picture> of(T one);
    }

    private static <T> List<Picture> pictures(List<T> some, Captioned<T> captioned) {
        List<Picture> pictures = new ArrayList<>();
        some.forEach(one -> captioned.of(one).ifPresent(pictures::add));
        return pictures;
    }

    private Optional<Picture> ofResult(PictureResult r) {
        return thumbnails.of(
                r.file(),
                "a picture of the class " + names.get(r.truth()),
                "%s: %s (%s); true: %s (%s)"
                        .formatted(
                                r.file().getFileName(),
                                names.get(r.predicted()),
                                share(r.probability()),
                                names.get(r.truth()),
                                share(r.own())));
    }

    private static String share(double probability) {
        return Numbers.percent(100 * probability, 0);
    }

    /**
     * Pictures that changed from wrong to right, or from right to wrong.
     *
     * @param what such as "“a photo of a {}.” gets wrong and CoOp right"
     */
    public Section changed(String heading, List<Changed> changed, String what) {
        Section section = new Section(heading);
        if (changed.isEmpty()) {
            return section.paragraph("There is no picture that " + what + ".");
        }
        section.paragraph(
                "%s %s%s."
                        .formatted(
                                Numbers.count(changed.size(), "picture that", "pictures that"),
                                what,
                                changed.size() > PICTURES ? "; the surest " + PICTURES : ""));
        return section.pictures(
                pictures(
                        changed.stream().limit(PICTURES).toList(),
                        c ->
                                thumbnails.of(
                                        c.after().file(),
                                        "a picture of the class " + names.get(c.after().truth()),
                                        "%s (%s), before: %s (%s)"
                                                .formatted(
                                                        names.get(c.after().predicted()),
                                                        share(c.after().probability()),
                                                        names.get(c.before().predicted()),
                                                        share(c.before().probability())))));
    }

    /** The pictures of which the classifier is least certain. */
    public Section leastCertain(PictureResults results) {
        return new Section("The least certain pictures")
                .paragraph(
                        "Where the most probable class has the least probability. If people can"
                                + " tell them apart, a few more pictures of this kind help most.")
                .pictures(
                        pictures(
                                results.leastCertain().stream().limit(PICTURES).toList(),
                                this::ofResult));
    }

    /** A picture with a caption of one's own. */
    Optional<Picture> picture(Path file, String alternative, String caption) {
        return thumbnails.of(file, alternative, caption);
    }

    /**
     * How far probabilities can be believed.
     *
     * @param results calibrated
     * @param fitted how they were calibrated, a sentence
     */
    public Section reliability(PictureResults results, String fitted) {
        Calibration calibration = results.calibration();
        int images = calibration.bins().stream().mapToInt(Calibration.Bin::count).sum();
        List<ShareChart.Point> points = new ArrayList<>();
        for (Calibration.Bin bin : calibration.bins()) {
            if (bin.count() > 0) {
                points.add(
                        new ShareChart.Point(
                                100 * bin.confidence(),
                                100 * bin.accuracy(),
                                (double) bin.count() / images,
                                "%s, said %s, right %s"
                                        .formatted(
                                                Numbers.count(bin.count(), "picture"),
                                                share(bin.confidence()),
                                                share(bin.accuracy()))));
            }
        }
        double error = 100 * calibration.expectedError();
        return new Section("How far its probabilities can be believed")
                .paragraph(
                        "The calibration error is %s: a probability that it says is off by so many points on average. "
                                        .formatted(Numbers.number(error, 1))
                                + fitted)
                .chart(
                        new ShareChart(
                                "How often it is right over how sure it is",
                                "probability of the predicted class (%)",
                                "right (%)",
                                true,
                                false,
                                points),
                        "Reliability on the test images. On the broken line it is right as often"
                                + " as it says, below it is too sure, above too modest. Larger dots"
                                + " are more pictures.");
    }

    /**
     * Answering only where it is sure.
     *
     * @param chosen a threshold that was chosen without the test images, if there is one
     */
    public Section coverage(Coverage test, Optional<Coverage.Point> chosen) {
        ResultTable table =
                new ResultTable("coverage", "Answers above a threshold, test images", "")
                        .decimals(1)
                        .numbers("threshold %")
                        .numbers("answered %")
                        .numbers("right among them %");
        for (int percent : new int[] {0, 50, 60, 70, 80, 90, 95, 99}) {
            row(table, test.at(percent / 100.0), false);
        }
        chosen.ifPresent(point -> row(table, test.at(point.threshold()), true));
        List<ShareChart.Point> points = new ArrayList<>();
        for (Coverage.Point point : test.points()) {
            points.add(
                    new ShareChart.Point(
                            point.coverage(),
                            point.accuracy(),
                            0,
                            "threshold %s: %s answered, %s of them right"
                                    .formatted(
                                            share(point.threshold()),
                                            Numbers.percent(point.coverage()),
                                            Numbers.percent(point.accuracy()))));
        }
        return new Section("Answering only where it is sure")
                .paragraph(suggestion(test, chosen))
                .chart(
                        new ShareChart(
                                "Accuracy of the answers over how many pictures are answered",
                                "answered (%)",
                                "right among the answered (%)",
                                false,
                                true,
                                points),
                        "The fewer pictures are answered, the more of the answers should be right.")
                .add(HtmlFormat.table(table));
    }

    private static void row(ResultTable table, Coverage.Point point, boolean chosen) {
        table.row(
                Cell.number(100 * point.threshold()).best(chosen),
                Cell.number(point.coverage()).best(chosen),
                Cell.number(point.accuracy()).best(chosen));
    }

    private static String suggestion(Coverage test, Optional<Coverage.Point> chosen) {
        String wanted = Numbers.percent(WANTED_ACCURACY, 0);
        if (chosen.isEmpty()) {
            return "A threshold is suggested where one gives "
                    + wanted
                    + " of right answers on val images; here none does, or there are none.";
        }
        Coverage.Point reached = test.at(chosen.get().threshold());
        return String.format(
                Locale.ROOT,
                "With coop predict --threshold %.3f it says “unknown” where it is less sure. That"
                        + " threshold gives %s of right answers on the val images; on the test"
                        + " images %s are answered, and %s of the answers are right.",
                chosen.get().threshold(),
                wanted,
                Numbers.percent(reached.coverage()),
                Numbers.percent(reached.accuracy()));
    }

    /** How well pictures of none of the classes are noticed. */
    public Section unknown(Scores scores) {
        if (names.size() < 3) {
            return new Section("Pictures of none of the classes");
        }
        ResultTable table =
                new ResultTable("unknown", "Taken for one of the classes although of none, %", "")
                        .decimals(1)
                        .words("score")
                        .numbers("false positives %");
        for (OpenSet score : OpenSet.values()) {
            table.row(
                    Cell.words(
                            switch (score) {
                                case MAX_LOGIT -> "largest logit";
                                case ENERGY -> "energy";
                                case PROBABILITY -> "largest probability";
                            }),
                    Cell.number(scores.falsePositives(score)));
        }
        return new Section("Pictures of none of the classes")
                .paragraph(
                        "Each class is left out in turn, and its test pictures are scored as if it"
                            + " were none of the classes, by a limit that 95 % of the pictures of"
                            + " the other classes pass. The share that passes nevertheless is taken"
                            + " for a known class; 95 % would be no better than chance. Classes"
                            + " that look alike are the hardest case: strangers that look like"
                            + " nothing here are noticed more often.")
                .add(HtmlFormat.table(table));
    }
}
