package org.coop4j.studio;

import static java.util.stream.Collectors.toSet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.findings.LabelErrors;
import org.coop4j.findings.Neighbours;
import org.coop4j.run.Images.Pictures;
import org.coop4j.run.Learned;
import org.coop4j.studio.Copies.Group;
import org.coop4j.studio.Model.Fit;
import org.coop4j.studio.Snapshot.Photo;

/** Mistakes, and problems of the pictures. */
final class Review {

    private static final int SIMILAR = 3;

    private final Studio studio;
    private final EncodedPhotos encoded;
    private final Quality quality;
    private final Model model;
    private final Copies copies;
    private volatile Clean cleaned;
    private List<Long> cleanedAt = List.of();

    Review(Studio studio, EncodedPhotos encoded, Quality quality, Model model) {
        this.studio = studio;
        this.encoded = encoded;
        this.copies = new Copies(encoded);
        this.quality = quality;
        this.model = model;
    }

    /**
     * A test picture that is classified as another class.
     *
     * @param own the most similar training pictures of its class
     * @param other those of the predicted class
     * @param suspect true if its label is probably wrong: all of the most similar pictures are of the predicted class
     * @param of the class of several that is shown or not; null if a picture has one
     */
    record Mistake(
            String id,
            String label,
            String predicted,
            double probability,
            double labelProbability,
            List<String> own,
            List<String> other,
            boolean suspect,
            String of) {}

    /** The confusion matrix, a row per class, and its pictures off the diagonal. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Mistakes(int tested, List<String> classes, int[][] matrix, List<Mistake> mistakes) {}

    /** Returns the wrong labels, the surest first; pictures of several have no matrix. */
    Mistakes mistakes() throws IOException {
        Fit fit = model.latest();
        if (fit == null || fit.numbers() == null) {
            return new Mistakes(0, List.of(), new int[0][], List.of());
        }
        boolean several = fit.isSeveral();
        List<String> names = fit.classes();
        int n = names.size();
        Scores scores = fit.learned().test();
        int[] predicted = several ? null : scores.predictions();
        int[][] matrix = new int[several ? 0 : n][n];
        for (int i = 0; i < scores.size() && !several; i++) {
            matrix[scores.truth().get(i).single()][predicted[i]]++;
        }
        int[] wrong = fit.mistaken(studio.snapshot());
        Pictures mistaken = fit.learned()
                .tested()
                .select(IntStream.of(wrong).map(entry -> entry / n).toArray());
        Pictures train = fit.learned().support().train();
        List<Labels> learned = train.labelSets();
        List<Mistake> mistakes = new ArrayList<>();
        Neighbours.each(Fit.units(mistaken), Fit.units(train), (row, similar) -> {
            int i = wrong[row] / n;
            int k = wrong[row] % n;
            double[] p = fit.classifier().probabilities(scores.logits()[i]);
            int other = several ? k : predicted[i];
            int state = scores.truth().get(i).state(k);
            boolean shown = state == Labels.PRESENT;
            String not = "not " + names.get(k);
            IntPredicate isOther = several
                    ? j -> learned.get(j).state(k) == (shown ? Labels.ABSENT : Labels.PRESENT)
                    : j -> learned.get(j).state(other) == Labels.PRESENT;
            mistakes.add(new Mistake(
                    Fit.id(mistaken, row),
                    shown ? names.get(k) : not,
                    !several ? names.get(other) : shown ? not : names.get(k),
                    several && shown ? 1 - p[k] : p[other],
                    shown ? p[k] : 1 - p[k],
                    nearest(train, similar, j -> learned.get(j).state(k) == state),
                    nearest(train, similar, isOther),
                    Neighbours.first(similar, SIMILAR, j -> true).stream().allMatch(isOther::test),
                    several ? names.get(k) : null));
        });
        mistakes.sort(Comparator.comparingDouble(Mistake::probability).reversed());
        return new Mistakes(scores.size(), names, matrix, mistakes);
    }

    private static List<String> nearest(Pictures train, float[] similar, IntPredicate wanted) {
        return Neighbours.first(similar, SIMILAR, wanted).stream()
                .map(j -> Fit.id(train, j))
                .distinct()
                .toList();
    }

    /** A picture whose label is probably another. */
    record Suspected(String id, String label, String predicted, double probability) {}

    /**
     * A file that cannot be read as a picture.
     *
     * @param problem what is wrong, and what can be done
     * @param converter program of this machine that may convert it; null if there is none
     */
    record Unreadable(String id, String file, String problem, String converter) {}

    /**
     * Problems of the pictures.
     *
     * @param copies files that show the same picture
     * @param compared number of pictures among which copies were looked for
     * @param unreadable files that cannot be read as pictures
     */
    record Clean(
            List<Suspected> suspects,
            List<Group> copies,
            int compared,
            List<Unreadable> unreadable,
            List<String> tiny,
            List<String> blurred) {}

    /** Returns the number of suspects and groups of copies that were found last. */
    int waiting() {
        Clean last = cleaned;
        return last == null ? 0 : last.suspects.size() + last.copies.size();
    }

    /** Looks for problems, once per state of the folder. */
    synchronized Clean clean() throws IOException {
        Snapshot now = studio.snapshot();
        Fit fit = model.latest();
        List<Long> state = List.of(
                now.revision(), fit == null ? 0 : fit.revision(), (long) encoded.count(), (long) quality.count());
        if (!cleanedAt.equals(state)) {
            cleaned = new Clean(
                    fit == null || fit.isSeveral() ? List.of() : suspects(now, fit.learned()),
                    copies.groups(now),
                    copies.compared(now),
                    now.photos().stream()
                            .filter(encoded::isUnreadable)
                            .map(this::unreadable)
                            .toList(),
                    quality.tiny(now),
                    quality.blurred(now));
            cleanedAt = state;
        }
        return cleaned;
    }

    private Unreadable unreadable(Photo one) {
        EncodedPhotos.Problem problem = encoded.problem(one);
        return new Unreadable(one.id(), one.path(), problem.text(), problem.isHeic() ? studio.converter() : null);
    }

    /** Returns the suspects whose labels are still the same. */
    private static List<Suspected> suspects(Snapshot now, Learned learned) throws IOException {
        Set<String> labels = now.photos().stream().map(Photo::label).collect(toSet());
        labels.removeAll(now.kept());
        List<String> names = learned.support().task().classNames();
        return LabelErrors.of(learned).suspects().stream()
                .filter(one -> labels.contains(Photo.label(
                        one.picture().sha256(), one.picture().image().className())))
                .map(one -> new Suspected(
                        Photo.id(one.picture().sha256()),
                        one.picture().image().className(),
                        names.get(one.suggested()),
                        one.probability()))
                .toList();
    }
}
