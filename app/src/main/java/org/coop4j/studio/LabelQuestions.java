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
 * Questions about pictures that may have several labels, a label at a time.
 *
 * @param kind "label" for pictures that seem to show it, "without" for those that do not, "alike" to name a label
 * @param label null for alike pictures
 */
record LabelQuestions(String kind, String label, List<Member> pictures) {

    /** Pictures above which a question is asked before those about pictures without a label. */
    private static final int FEW = 2;

    private static final int MOST_GROUPS = 24;

    /** A picture with the probability that it shows the label. */
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
        return isLearning ? List.of() : alike(now, encoded, open);
    }

    private static List<LabelQuestions> alike(Snapshot now, EncodedPhotos encoded, List<Photo> open) {
        List<Photo> fresh =
                open.stream().filter(one -> now.decided(one).isEmpty()).toList();
        int most = Math.min(MOST_GROUPS, (int) Math.max(1, Math.round(Math.sqrt(fresh.size() / 2.0))));
        return fresh.isEmpty()
                ? List.of()
                : AlikeImages.groups(encoded.of(fresh).normalized(), most).stream()
                        .map(group -> new LabelQuestions(
                                "alike",
                                null,
                                group.images().stream()
                                        .map(i -> new Member(fresh.get(i).id(), 0, null))
                                        .toList()))
                        .toList();
    }
}
