package org.coop4j.studio;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.data.LabelledImage;
import org.coop4j.findings.LabelErrors;
import org.coop4j.findings.Neighbours;
import org.coop4j.findings.RunComparison.Located;
import org.coop4j.findings.RunComparison.NearDuplicates;
import org.coop4j.studio.Learning.Fit;
import org.coop4j.studio.Studio.Picture;
import org.coop4j.studio.Studio.Snapshot;

/** Mistakes, problems of the pictures, and the changes that would help most. */
final class Findings {

    /** Pictures per class above which more help little. */
    private static final int ENOUGH = 20;

    private static final int SIMILAR = 3;

    private final Studio studio;
    private final Clip clip;
    private final Features features;
    private final Quality quality;
    private volatile Clean cleaned;
    private List<Long> cleanedAt = List.of();

    Findings(Studio studio, Clip clip, Features features, Quality quality) {
        this.studio = studio;
        this.clip = clip;
        this.features = features;
        this.quality = quality;
    }

    /** A test picture that is classified as another class. */
    record Mistake(
            String id,
            String label,
            String predicted,
            double probability,
            List<String> own,
            List<String> other,
            double labelProbability,
            String verdict,
            String sentence) {}

    /** The confusion matrix, a row per class, and its pictures off the diagonal. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Mistakes(int tested, List<String> classes, int[][] matrix, List<Mistake> mistakes) {}

    Mistakes mistakes(Fit fit) {
        if (fit == null || fit.tested().isEmpty()) {
            return new Mistakes(0, List.of(), new int[0][], List.of());
        }
        Snapshot now = studio.snapshot();
        int[][] matrix = new int[fit.classes().size()][fit.classes().size()];
        int[] labels = fit.scores().labels();
        int[] predicted = fit.scores().predictions();
        for (int i = 0; i < labels.length; i++) {
            matrix[labels[i]][predicted[i]]++;
        }
        int[] wrong = fit.mistaken(now);
        List<Picture> others = Features.distinct(now.parts(features::has).train().stream());
        List<Picture> mistaken = IntStream.of(wrong).mapToObj(fit.tested()::get).toList();
        List<Mistake> mistakes = new ArrayList<>();
        Neighbours.each(
                features.units(mistaken),
                features.units(others),
                (i, similar) -> mistakes.add(mistake(
                        fit,
                        wrong[i],
                        wanted -> Neighbours.first(similar, SIMILAR, j -> wanted.test(others.get(j))).stream()
                                .map(others::get)
                                .toList())));
        mistakes.sort(Comparator.comparingDouble(Mistake::probability).reversed());
        return new Mistakes(labels.length, fit.classes(), matrix, mistakes);
    }

    private static Mistake mistake(Fit fit, int i, Function<Predicate<Picture>, List<Picture>> nearest) {
        Picture one = fit.tested().get(i);
        double[] p = fit.classifier().probabilities(fit.scores().logits()[i]);
        int predicted = fit.scores().predictions()[i];
        String other = fit.classes().get(predicted);
        boolean wrong = nearest.apply(each -> true).stream()
                .allMatch(each -> each.className().equals(other));
        return new Mistake(
                one.id(),
                one.className(),
                other,
                p[predicted],
                ids(nearest.apply(each -> each.className().equals(one.className()))),
                ids(nearest.apply(each -> each.className().equals(other))),
                p[fit.scores().truth().get(i).single()],
                wrong ? "wrong" : "hard",
                wrong
                        ? "Probably a wrong label. The most similar pictures are all in %s.".formatted(other)
                        : "Probably just hard. Similar pictures are in both classes.");
    }

    private static List<String> ids(List<Picture> pictures) {
        return pictures.stream().map(Picture::id).toList();
    }

    /** A picture whose label is probably another. */
    record Suspected(String id, String label, String suggested, double probability) {}

    /**
     * Problems of the pictures.
     *
     * @param duplicates groups of pictures that are nearly the same
     * @param unreadable files that are no pictures
     */
    record Clean(
            List<Suspected> suspects,
            List<List<String>> duplicates,
            List<String> unreadable,
            List<String> tiny,
            List<String> blurred) {}

    /** Returns the number of suspects that were found last. */
    int suspects() {
        Clean last = cleaned;
        return last == null ? 0 : last.suspects.size();
    }

    /** Looks for problems, once per state of the folder. */
    synchronized Clean clean() throws IOException {
        Snapshot now = studio.snapshot();
        List<Long> state = List.of(now.revision(), (long) features.count(), (long) quality.count());
        if (cleanedAt.equals(state)) {
            return cleaned;
        }
        List<Picture> usable = now.pictures().stream().filter(features::has).toList();
        List<Picture> labelled = now.labelled(features::has);
        List<String> names =
                labelled.stream().map(Picture::className).distinct().sorted().toList();
        LabelErrors errors = LabelErrors.of(clip, names, located(now, labelled, names), features.of(labelled));
        cleaned = new Clean(
                errors.suspects().stream()
                        .filter(one -> !now.kept()
                                .contains(one.picture().sha256()
                                        + one.picture().image().className()))
                        .map(one -> new Suspected(
                                Picture.id(one.picture().sha256()),
                                one.picture().image().className(),
                                names.get(one.suggested()),
                                one.probability()))
                        .toList(),
                duplicates(now, usable),
                now.pictures().stream()
                        .filter(features::isUnreadable)
                        .map(Picture::path)
                        .toList(),
                quality.tiny(now),
                quality.blurred(now));
        cleanedAt = state;
        return cleaned;
    }

    private List<Located> located(Snapshot now, List<Picture> pictures, List<String> names) {
        return pictures.stream()
                .map(one -> new Located(
                        features.image(one, names.isEmpty() ? 0 : names.indexOf(one.className()))
                                .read(one.sha256(), LabelledImage.UPRIGHT),
                        now.isTest(one) ? "test" : "training"))
                .toList();
    }

    /** Returns groups of nearly the same pictures, those in training and test first. */
    private List<List<String>> duplicates(Snapshot now, List<Picture> pictures) {
        List<Picture> all = Features.distinct(pictures.stream()).stream()
                .limit(NearDuplicates.MOST_COMPARED)
                .toList();
        List<Located> located = located(now, all, List.of());
        return NearDuplicates.groups(NearDuplicates.of(located, features.units(all))).stream()
                .map(group ->
                        group.stream().map(one -> Picture.id(one.sha256())).toList())
                .toList();
    }

    /** Something that would help, with pictures to look at. */
    record Help(String text, String screen, List<String> pictures) {}

    /** Returns at most three things that would help most. */
    List<Help> help(Fit fit) {
        if (fit == null) {
            return List.of();
        }
        List<Mistake> mistakes = mistakes(fit).mistakes;
        Map<List<String>, List<String>> pairs = mistakes.stream()
                .collect(groupingBy(
                        one -> Stream.of(one.label, one.predicted).sorted().toList(), mapping(Mistake::id, toList())));
        List<Help> help = new ArrayList<>();
        pairs.entrySet().stream()
                .filter(pair -> pair.getValue().size() > 1)
                .max(Comparator.comparingInt(pair -> pair.getValue().size()))
                .ifPresent(pair -> help.add(new Help(
                        "%s are confused. %d of the %d mistakes: add pictures that show the difference."
                                .formatted(
                                        String.join(" and ", pair.getKey()),
                                        pair.getValue().size(),
                                        mistakes.size()),
                        "mistakes",
                        pair.getValue())));
        Map<String, Long> learned = fit.of().train().stream().collect(groupingBy(Picture::className, counting()));
        learned.entrySet().stream()
                .filter(one -> one.getValue() < ENOUGH)
                .sorted(Map.Entry.comparingByValue())
                .limit(3 - help.size())
                .forEach(one -> help.add(new Help(
                        "More pictures of %s. It learns from %d: most classes improve until about %d."
                                .formatted(one.getKey(), one.getValue(), ENOUGH),
                        "board",
                        List.of())));
        return help;
    }
}
