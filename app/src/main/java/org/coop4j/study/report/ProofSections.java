package org.coop4j.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;
import org.coop4j.base.Numbers;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.eval.Calibration;
import org.coop4j.eval.Coverage;
import org.coop4j.eval.Interval;
import org.coop4j.eval.OpenSet;
import org.coop4j.run.Confidence;
import org.coop4j.run.PictureResults;
import org.coop4j.run.PictureResults.Changed;
import org.coop4j.run.PictureResults.PictureResult;
import org.coop4j.run.UnknownClasses;
import org.coop4j.study.chart.ShareChart;
import org.coop4j.study.html.Section;
import org.coop4j.study.html.Section.Picture;

/** Sections that the page of a run and the page of the demo have in common. */
public final class ProofSections {

    private static final double[] THRESHOLDS = {0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99};

    /** Of fewer pictures, a good part of the calibration error is chance. */
    private static final int ENOUGH = 500;

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
        if (names.size() <= MOST_CLASSES) {
            section.confusion(results.confusionMatrix(), names, caption);
        }
        List<List<PictureResult>> confused = results.confused();
        if (confused.isEmpty()) {
            return section.paragraph("No picture is classified wrongly.");
        }
        List<List<PictureResult>> most = confused.subList(0, Math.min(PAIRS, confused.size()));
        List<String> counts = new ArrayList<>();
        List<PictureResult> examples = new ArrayList<>();
        for (List<PictureResult> pair : most) {
            PictureResult first = pair.get(0);
            counts.add("%s taken for %s: %s"
                    .formatted(
                            names.get(first.truth()),
                            names.get(first.predicted()),
                            Numbers.count(pair.size(), "picture")));
            examples.addAll(pair.subList(0, Math.min(EXAMPLES, pair.size())));
        }
        return section.subheading("Taken for one another most often")
                .list(counts)
                .pictures(pictures(examples));
    }

    private List<Picture> pictures(List<PictureResult> results) {
        List<Picture> pictures = new ArrayList<>();
        for (PictureResult r : results) {
            String caption = "%s: %s (%s); true: %s (%s)"
                    .formatted(
                            r.file().getFileName(),
                            names.get(r.predicted()),
                            share(r.probability()),
                            names.get(r.truth()),
                            share(r.own()));
            thumbnails.add(pictures, r.file(), names.get(r.truth()), caption);
        }
        return pictures;
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
        List<Picture> pictures = new ArrayList<>();
        for (Changed c : changed.subList(0, Math.min(PICTURES, changed.size()))) {
            String caption = "%s (%s), before: %s (%s)"
                    .formatted(
                            names.get(c.after().predicted()),
                            share(c.after().probability()),
                            names.get(c.before().predicted()),
                            share(c.before().probability()));
            thumbnails.add(pictures, c.after().file(), names.get(c.after().truth()), caption);
        }
        return section.paragraph("%s %s%s."
                        .formatted(
                                Numbers.count(changed.size(), "picture that", "pictures that"),
                                what,
                                changed.size() > PICTURES ? "; the surest " + PICTURES : ""))
                .pictures(pictures);
    }

    /** The pictures of which the classifier is least certain. */
    public Section leastCertain(PictureResults results) {
        List<PictureResult> least = results.leastCertain();
        return new Section("The least certain pictures")
                .paragraph("Where the most probable class has the least probability. If people can tell them apart, a"
                        + " few more pictures of this kind help most.")
                .pictures(pictures(least.subList(0, Math.min(PICTURES, least.size()))));
    }

    Thumbnails thumbnails() {
        return thumbnails;
    }

    /**
     * How far probabilities can be believed.
     *
     * @param results calibrated
     * @param fitted how they were calibrated, a sentence
     */
    public Section reliability(PictureResults results, String fitted) {
        Calibration calibration = results.calibration();
        int images =
                calibration.bins().stream().mapToInt(Calibration.Bin::count).sum();
        List<ShareChart.Point> points = new ArrayList<>();
        for (Calibration.Bin bin : calibration.bins()) {
            if (bin.count() > 0) {
                points.add(new ShareChart.Point(
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
                        "The calibration error is %s: a probability that it says is off by so many points on average%s. "
                                        .formatted(
                                                Numbers.number(error, 1),
                                                images < ENOUGH
                                                        ? ", of which chance makes a part where"
                                                                + " pictures are as few as "
                                                                + images
                                                        : "")
                                + fitted)
                .chart(
                        new ShareChart(
                                "How often it is right over how sure it is",
                                "probability of the predicted class (%)",
                                "right (%)",
                                false,
                                points),
                        "Reliability on the test images. On the broken line it is right as often"
                                + " as it says, below it is too sure, above too modest. Larger dots"
                                + " are more pictures.");
    }

    /**
     * Answering only where it is sure.
     *
     * @param confidence with a threshold that was chosen without the test images, if there is one
     */
    public Section coverage(Coverage test, Confidence confidence) {
        Predicate<Coverage.Point> chosen =
                p -> p.threshold() == confidence.threshold().orElse(Double.NaN);
        Table<Coverage.Point> table = new Table<Coverage.Point>(
                        "coverage", "Answers above a threshold, test images", "")
                .decimals(1)
                .numbers("threshold %", p -> Cell.number(100 * p.threshold()).best(chosen.test(p)))
                .numbers("answered %", p -> Cell.number(p.coverage()).best(chosen.test(p)))
                .numbers(
                        "right among them %",
                        p -> Cell.number(p.answered() == 0 ? Double.NaN : p.accuracy())
                                .best(chosen.test(p)));
        DoubleStream.concat(DoubleStream.of(THRESHOLDS), confidence.threshold().stream())
                .distinct()
                .sorted()
                .forEach(least -> table.row(test.at(least)));
        List<ShareChart.Point> points = new ArrayList<>();
        for (Coverage.Point point : test.points()) {
            points.add(new ShareChart.Point(
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
                .paragraph(suggestion(test, confidence))
                .chart(
                        new ShareChart(
                                "Accuracy of the answers over how many pictures are answered",
                                "answered (%)",
                                "right among the answered (%)",
                                true,
                                points),
                        "The fewer pictures are answered, the more of the answers should be right.")
                .table(table);
    }

    private static String suggestion(Coverage test, Confidence confidence) {
        String wanted = Numbers.percent(Confidence.WANTED_ACCURACY, 0);
        if (confidence.images().isEmpty()) {
            return "A threshold is suggested where pictures are held out to choose it by; here are" + " none.";
        }
        if (confidence.threshold().isEmpty()) {
            return "No threshold gives %s of right answers on %s, so that none is suggested."
                    .formatted(wanted, confidence.images());
        }
        double least = confidence.threshold().getAsDouble();
        Coverage.Point reached = test.at(least);
        return String.format(
                Locale.ROOT,
                "With coop predict --threshold %.3f it says “unknown” where it is less sure. That"
                        + " threshold gives %s of right answers or more on %s; on the test pictures %s"
                        + " are answered, and %s of the answers are right.%s",
                least,
                wanted,
                confidence.images(),
                Numbers.percent(reached.coverage()),
                Numbers.percent(reached.accuracy()),
                isLess(reached)
                        ? " That is clearly less: take a higher one from the table, or hold out" + " more pictures."
                        : "");
    }

    private static boolean isLess(Coverage.Point reached) {
        return reached.answered() > 0
                && Interval.wilson(reached.correct(), reached.answered()).high() < Confidence.WANTED_ACCURACY;
    }

    /** Share of the pictures of none of the classes that pass for one. */
    public Section unknown(UnknownClasses unknown) {
        Table<OpenSet> table = new Table<OpenSet>("unknown", "Taken for one of the classes although of none, %", "")
                .decimals(1)
                .words("score", score -> switch (score) {
                    case MAX_LOGIT -> "largest logit";
                    case ENERGY -> "energy";
                    case PROBABILITY -> "largest probability";
                })
                .numbers(
                        "false positives %",
                        score -> Cell.number(unknown.falsePositives().get(score)))
                .rows(List.of(OpenSet.values()));
        String classes = unknown.leftOut() == names.size()
                ? "Each class"
                : "Each of %d of the %d classes".formatted(unknown.leftOut(), names.size());
        return new Section("Pictures of none of the classes")
                .paragraph(classes
                        + switch (unknown.how()) {
                            case LEARNED_AGAIN -> " is left out in turn: the others are learned again" + " without it.";
                            case NOTHING_LEARNED -> " is left out in turn.";
                            case LOGIT_REMOVED ->
                                " is left out in turn: its score is removed, but the"
                                        + " others are not learned again, which would"
                                        + " take as long as the run for each class."
                                        + " What they share was learned with its"
                                        + " pictures too, so pictures that were never"
                                        + " seen may be noticed a little less often.";
                        }
                        + " Its test pictures are then pictures of none of the classes. A"
                        + " limit that 95 % of the pictures of the other classes pass is"
                        + " set for each score. The table has the share of the pictures"
                        + " left out that pass it and are taken for a known class: 0 % is"
                        + " perfect, 95 % no better than chance. Classes that look like one"
                        + " another are the hardest case; pictures that look like nothing"
                        + " here are noticed more often.")
                .table(table)
                .paragraph("coop predict --threshold looks at the largest probability.");
    }
}
