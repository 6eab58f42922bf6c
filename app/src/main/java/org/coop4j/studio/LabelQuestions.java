package org.coop4j.studio;

import static java.util.stream.Collectors.partitioningBy;
import static java.util.stream.Collectors.toList;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.findings.AlikeImages;
import org.coop4j.method.Classifier;
import org.coop4j.studio.Model.Fit;
import org.coop4j.studio.Snapshot.Photo;

/**
 * Questions about pictures to be labelled together; about those that may have several labels, a label at a time.
 *
 * @param kind "label" for pictures that seem to show it, "without" for those that do not, "alike" to name a label
 * @param label null for alike pictures
 */
record LabelQuestions(String kind, String label, List<Member> pictures) {

    /** Pictures above which a question is asked before those about pictures without a label. */
    private static final int FEW = 2;

    private static final int MOST_GROUPS = 24;

    /** A picture with the probability that it shows the label; without one, with its likeness to its group. */
    record Member(String id, double probability, String label) {}

    /**
     * Returns the questions about labels that are not decided. Before anything is learned, names find the pictures that show
     * a label. Alike pictures are grouped if no question is left, and none will come.
     */
    static List<LabelQuestions> of(Snapshot now, EncodedPhotos encoded, Model model) throws IOException {
        List<Photo> open = now.of(null).stream().filter(encoded::has).toList();
        Fit fit = model.latest();
        List<String> names =
                fit == null ? now.classes().stream().filter(model::knows).toList() : now.classes();
        List<LabelQuestions> questions = new ArrayList<>();
        if (!names.isEmpty() && !open.isEmpty()) {
            Classifier classifier =
                    fit == null ? model.byNames(names) : fit.classifier().forClasses(names);
            float[][] logits = classifier.logits(encoded.of(open)).toRows();
            Decision decision =
                    fit == null ? Decision.ofPool(logits) : fit.learned().decision(names);
            boolean[][] shown = Stream.of(logits).map(decision::predicted).toArray(boolean[][]::new);
            for (int k = 0; k < names.size(); k++) {
                int label = k;
                Map<Boolean, List<Integer>> seen = IntStream.range(0, logits.length)
                        .filter(i -> !now.decided(open.get(i)).containsKey(names.get(label)))
                        .boxed()
                        .sorted(Comparator.comparing(i -> -logits[i][label]))
                        .collect(partitioningBy(i -> shown[i][label], toList()));
                seen.forEach((is, some) -> questions.add(new LabelQuestions(
                        is ? "label" : "without",
                        names.get(label),
                        some.stream()
                                .map(i -> new Member(
                                        open.get(i).id(), decision.probability(logits[i][label]), names.get(label)))
                                .distinct()
                                .toList())));
            }
        }
        questions.removeIf(one -> one.pictures.isEmpty() || (fit == null && one.kind.equals("without")));
        questions.sort(Comparator.comparing(one -> !one.kind.equals("label") || one.pictures.size() <= FEW));
        if (!questions.isEmpty()) {
            return questions;
        }
        boolean isLearning = fit == null
                && model.failure() == null
                && now.lists(encoded::has).isPresent(); // then there will be questions about labels
        return isLearning
                ? List.of()
                : alike(open.stream().filter(one -> now.decided(one).isEmpty()).toList(), encoded);
    }

    /** Returns groups of alike pictures, the largest first. */
    static List<LabelQuestions> alike(List<Photo> pictures, EncodedPhotos encoded) {
        List<Photo> able = pictures.stream().filter(encoded::has).toList();
        int most = Math.min(MOST_GROUPS, (int) Math.max(1, Math.round(Math.sqrt(able.size() / 2.0))));
        return able.isEmpty()
                ? List.of()
                : AlikeImages.groups(encoded.of(able).normalized(), most).stream()
                        .map(group -> new LabelQuestions(
                                "alike",
                                null,
                                IntStream.range(0, group.images().size())
                                        .mapToObj(i -> new Member(
                                                able.get(group.images().get(i)).id(),
                                                Math.max(0, group.similarities().get(i)),
                                                null))
                                        .distinct()
                                        .sorted(Comparator.comparing(one -> -one.probability))
                                        .toList()))
                        .toList();
    }
}
