package org.coop4j.report;

import static java.util.Comparator.comparing;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.base.Numbers.percent;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.coop4j.console.Cell;
import org.coop4j.console.Interval;
import org.coop4j.console.Table;
import org.coop4j.eval.Calibration;
import org.coop4j.eval.Coverage;
import org.coop4j.eval.Evaluation;
import org.coop4j.eval.Evaluation.ClassResult;
import org.coop4j.eval.Evaluation.ConfusionMatrix;
import org.coop4j.eval.OpenSet;
import org.coop4j.eval.Scores;
import org.coop4j.findings.PictureResults;
import org.coop4j.findings.PictureResults.Changed;
import org.coop4j.findings.PictureResults.PictureResult;
import org.coop4j.findings.UnknownClasses;
import org.coop4j.page.PercentChart;
import org.coop4j.page.PercentChart.Point;
import org.coop4j.page.Section;
import org.coop4j.page.Section.Picture;
import org.coop4j.page.Thumbnails;
import org.coop4j.run.Confidence;

/** Sections about a classifier on the test images, on the page of a run and of the demo; each begins with its verdict. */
public final class EvaluationSections {

    /** Limit of the points of a curve, which keeps a page of many images small. */
    private static final int MOST_POINTS = 500;

    private static final double[] THRESHOLDS = {0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99};

    /** Number of images below which much of the calibration error is chance. */
    private static final int ENOUGH = 500;

    private static final int MOST_CLASSES = 120;
    private static final int PAIRS = 6;
    private static final int EXAMPLES = 4;
    private static final int PICTURES = 12;

    final List<String> names;
    private final PictureResults results;
    final Thumbnails thumbnails = new Thumbnails();

    /**
     * Takes predictions of the test images.
     *
     * @param names names of the classes by label
     * @param results results after calibration
     */
    public EvaluationSections(List<String> names, PictureResults results) {
        this.names = names;
        this.results = results;
    }

    /** Shows precision, recall and F1 of each class, the weakest first. */
    Section classes(Evaluation evaluation) {
        List<ClassResult> classes = new ArrayList<>(evaluation.classes());
        classes.sort(comparing(ClassResult::f1));
        ClassResult weakest = classes.get(0);
        return new Section("Precision and recall")
                .verdict("The weakest class is “%s”, with a precision of %s and a recall of %s."
                        .formatted(
                                names.get(weakest.label()),
                                percent(weakest.precision(), 0),
                                percent(weakest.accuracy(), 0)))
                .table(new Table<ClassResult>("Test images by class, in %")
                        .words("class", one -> names.get(one.label()))
                        .numbers("precision", ClassResult::precision)
                        .numbers("recall", ClassResult::accuracy)
                        .numbers("F1", ClassResult::f1)
                        .numbers("images", ClassResult::total)
                        .rows(classes));
    }

    /** Shows the confusion matrix, and pictures of the classes that are confused most. */
    Section confusion(ConfusionMatrix matrix) {
        List<String> counts = results.confused().stream()
                .limit(PAIRS)
                .map(pair -> "“%s” predicted as “%s”: %s"
                        .formatted(
                                names.get(pair.get(0).truth()),
                                names.get(pair.get(0).label()),
                                count(pair.size(), "image")))
                .toList();
        String images = count(results.all().size(), "test image");
        Section section = new Section("Confusion matrix")
                .verdict(
                        counts.isEmpty()
                                ? "The predicted label is right for all of %s.".formatted(images)
                                : "%d of %s have a wrong predicted label, most often %s."
                                        .formatted(results.wrong().size(), images, counts.get(0)));
        if (names.size() <= MOST_CLASSES) {
            section.table(new ConfusionFiles(matrix, names)
                    .table("Test images by true class (rows) and predicted label (columns)"));
        }
        return counts.isEmpty()
                ? section
                : section.subheading("Most frequent confusions").list(counts).pictures("", pictures(confused()));
    }

    /** Returns examples of the most frequent confusions. */
    Stream<PictureResult> confused() {
        return results.confused().stream().limit(PAIRS).flatMap(pair -> pair.stream()
                .limit(EXAMPLES));
    }

    private List<Picture> pictures(Stream<PictureResult> results) {
        return results.flatMap(
                        one -> picture(one, "predicted: " + label(one), "true class: " + share(one.truthProbability())))
                .toList();
    }

    private Stream<Picture> picture(PictureResult one, String... lines) {
        return thumbnails.picture(one.file(), names.get(one.truth()), lines);
    }

    private String label(PictureResult result) {
        return label(result.label(), result.probability());
    }

    /** Returns "cat (87 %)". */
    String label(int label, double probability) {
        return names.get(label) + " (" + share(probability) + ")";
    }

    private static String share(double probability) {
        return percent(100 * probability, 0);
    }

    /** Shows the images that one of two classifiers gets right and the other wrong. */
    public Section changed(PictureResults before, String beforeName, String name) {
        List<Changed> corrected = results.changed(before, true);
        List<Changed> newlyWrong = results.changed(before, false);
        Section section = new Section("Images that changed")
                .verdict("%s, compared with %s: %s."
                        .formatted(name, beforeName, ComparisonTable.changed(corrected.size(), newlyWrong.size())));
        changed(section, "Corrected", "better", corrected);
        changed(section, "Newly wrong", "worse", newlyWrong);
        return section;
    }

    private void changed(Section section, String heading, String kind, List<Changed> changed) {
        List<Picture> pictures = changed.stream()
                .limit(PICTURES)
                .flatMap(one -> picture(one.after(), label(one.after()), "before: " + label(one.before())))
                .toList();
        if (!pictures.isEmpty()) {
            String most = changed.size() > PICTURES ? ", the surest %d of %d".formatted(PICTURES, changed.size()) : "";
            section.subheading(heading + most).pictures(kind, pictures);
        }
    }

    /** Shows the classifier's least certain images. */
    Section leastCertain() {
        List<PictureResult> least = results.leastCertain();
        return new Section("Least certain images")
                .verdict("The least certain prediction has a probability of %s."
                        .formatted(share(least.get(0).probability())))
                .paragraph("If people can tell these images apart, more training images of this kind help most.")
                .pictures("", pictures(least.stream().limit(PICTURES)));
    }

    /**
     * Shows the calibration of the probabilities.
     *
     * @param fitted sentence about the calibration
     */
    Section calibration(Scores scores, String fitted) {
        Calibration calibration = scores.calibration(Calibration.USUAL_BINS);
        int images = scores.size();
        double tooHigh = 0;
        List<Point> points = new ArrayList<>();
        for (Calibration.Bin bin : calibration.bins()) {
            if (bin.count() == 0) {
                continue;
            }
            tooHigh += bin.count() * (bin.confidence() - bin.accuracy());
            String hint = "%s, probability %s, accuracy %s"
                    .formatted(count(bin.count(), "image"), share(bin.confidence()), share(bin.accuracy()));
            points.add(new Point(100 * bin.confidence(), 100 * bin.accuracy(), (double) bin.count() / images, hint));
        }
        return new Section("Calibration")
                .verdict("Its probabilities are off by %s points on average, mostly too %s."
                        .formatted(number(100 * calibration.expectedError(), 1), tooHigh > 0 ? "high" : "low"))
                .paragraph(fitted
                        + (images < ENOUGH ? " Part of the error is chance, since the test images are few." : ""))
                .chart(
                        new PercentChart(
                                "Reliability", "probability of the predicted class (%)", "accuracy (%)", false, points),
                        "On the broken line, accuracy equals probability; below it, probabilities are too high. Larger"
                                + " dots are more images.");
    }

    /**
     * Shows coverage and accuracy of answers above a threshold.
     *
     * @param confidence calibration with a threshold that was chosen without the test images, if there is one
     */
    Section coverage(Scores scores, Confidence confidence) {
        Coverage test = scores.coverage();
        double chosen = confidence.threshold().orElse(Double.NaN);
        Table<Coverage.Point> table = new Table<Coverage.Point>(
                        "Answers above a threshold (coop predict --threshold), in %")
                .numbers("threshold", p -> Cell.number(100 * p.threshold()).best(p.threshold() == chosen))
                .numbers("answered", Coverage.Point::coverage)
                .numbers("accuracy", p -> p.answered() == 0 ? "" : p.accuracy());
        DoubleStream.concat(DoubleStream.of(THRESHOLDS), confidence.threshold().stream())
                .distinct()
                .sorted()
                .forEach(least -> table.row(test.at(least)));
        List<Point> points = new ArrayList<>();
        int step = test.points().size() / MOST_POINTS + 1;
        for (int i = test.points().size() - 1; i >= 0; i -= step) {
            Coverage.Point p = test.points().get(i);
            String hint = "threshold %s: %s answered, accuracy %s"
                    .formatted(share(p.threshold()), percent(p.coverage()), percent(p.accuracy()));
            points.add(0, new Point(p.coverage(), p.accuracy(), 0, hint));
        }
        return new Section("Coverage and accuracy")
                .verdict(suggestion(test, confidence))
                .chart(
                        new PercentChart("Coverage and accuracy", "answered (%)", "accuracy (%)", true, points),
                        "The fewer test images are answered, the more of the answers should be right.")
                .table(table);
    }

    private static String suggestion(Coverage test, Confidence confidence) {
        String wanted = percent(Confidence.WANTED_ACCURACY, 0) + " accuracy";
        if (confidence.images().isEmpty()) {
            return "No threshold is suggested, since no images were left to choose it on.";
        }
        if (confidence.threshold().isEmpty()) {
            return "No threshold is suggested, since none gives %s on %s.".formatted(wanted, confidence.images());
        }
        double least = confidence.threshold().getAsDouble();
        Coverage.Point reached = test.at(least);
        boolean isLess = reached.answered() > 0
                && Interval.wilson(reached.correct(), reached.answered()).high() < Confidence.WANTED_ACCURACY;
        return "At a threshold of %s, chosen for %s on %s, it answers %s of the test images, %s of them correctly.%s"
                .formatted(
                        number(least, 3),
                        wanted,
                        confidence.images(),
                        percent(reached.coverage()),
                        percent(reached.accuracy()),
                        isLess ? " That is clearly less: choose a higher one, or hold out more images." : "");
    }

    /** Shows the share of images of no known class that are accepted as one. */
    Section unknown(UnknownClasses unknown) {
        return new Section("Unknown images")
                .verdict("A threshold that accepts 95 %% of the known images accepts %s of the unknown ones."
                        .formatted(percent(unknown.falsePositives().get(OpenSet.PROBABILITY), 0)))
                .table(new Table<OpenSet>("Unknown images accepted as one of the classes, in %")
                        .words("score", score -> switch (score) {
                            case MAX_LOGIT -> "largest logit";
                            case ENERGY -> "energy";
                            case PROBABILITY -> "largest probability (coop predict --threshold)";
                        })
                        .numbers("false positives", unknown.falsePositives()::get)
                        .rows(List.of(OpenSet.values())))
                .paragraph(
                        "%d of the %d classes are left out in turn, so that their test images are unknown; %s. 95 %% false positives are chance."
                                .formatted(unknown.leftOut(), names.size(), unknown.how()));
    }
}
