package org.coop4j.studio;

import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.partitioningBy;
import static java.util.stream.Collectors.toList;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
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

/** Groups of unsorted pictures to be labelled together: alike ones, or where a picture has several labels those of each label. */
final class Groups {

    private static final int MOST_GROUPS = 24;

    private final EncodedPhotos encoded;
    private final List<Photo> open;
    private final Snapshot now;

    /** A picture with its likeliest class and its probability; without a class, with its likeness to its group. */
    record Member(String id, double probability, String label) {}

    /** Photos to be labelled together. */
    record Group(String kind, String label, List<Member> pictures) {}

    private Groups(Snapshot now, EncodedPhotos encoded, List<Photo> open) {
        this.now = now;
        this.encoded = encoded;
        this.open = open;
    }

    /** Returns unsorted pictures in groups, the surest or largest first. */
    static List<Group> of(Snapshot now, EncodedPhotos encoded, Model model) throws IOException {
        List<Photo> open = now.of(null).stream().filter(encoded::has).toList();
        Groups groups = new Groups(now, encoded, open);
        if (open.isEmpty()) {
            return List.of();
        }
        List<String> known = now.classes().stream().filter(model::knows).toList();
        return now.isSeveral() ? groups.perLabel(model.latest(), model, known) : groups.alike(open);
    }

    /**
     * Groups pictures by each label that is not decided: those that seem to show it, and those that do not. Before anything is
     * learned, names find the pictures that show it; without names it groups alike pictures.
     */
    private List<Group> perLabel(Fit fit, Model model, List<String> known) throws IOException {
        List<String> names = fit == null ? known : now.classes();
        List<Group> groups = new ArrayList<>();
        if (!names.isEmpty()) {
            Classifier classifier =
                    fit == null ? model.byNames(names) : fit.classifier().forClasses(names);
            float[][] logits = classifier.logits(encoded.of(open)).toRows();
            Decision decision =
                    fit == null ? Decision.ofPool(logits) : fit.learned().decision(names);
            boolean[][] shown = Stream.of(logits).map(decision::predicted).toArray(boolean[][]::new);
            for (int k = 0; k < names.size(); k++) {
                int label = k;
                Map<Boolean, List<Member>> seen = IntStream.range(0, logits.length)
                        .filter(i -> !now.decided(open.get(i)).containsKey(names.get(label)))
                        .boxed()
                        .collect(partitioningBy(
                                i -> shown[i][label],
                                mapping(
                                        i -> new Member(
                                                open.get(i).id(),
                                                decision.probability(logits[i][label]),
                                                names.get(label)),
                                        toList())));
                groups.add(group("label", names.get(k), seen.get(true)));
                groups.add(group("without", names.get(k), fit == null ? List.of() : seen.get(false)));
            }
        }
        groups.removeIf(one -> one.pictures.isEmpty());
        groups.sort(Comparator.comparing(one -> one.kind)); // those that show a label first
        List<Photo> fresh =
                open.stream().filter(one -> now.decided(one).isEmpty()).toList();
        return groups.isEmpty() && !fresh.isEmpty() ? alike(fresh) : groups;
    }

    private static Group group(String kind, String label, Collection<Member> members) {
        return new Group(
                kind,
                label,
                members.stream()
                        .distinct()
                        .sorted(Comparator.comparingDouble(Member::probability).reversed())
                        .toList());
    }

    private List<Group> alike(List<Photo> pictures) {
        int most = Math.min(MOST_GROUPS, (int) Math.max(1, Math.round(Math.sqrt(pictures.size() / 2.0))));
        List<Group> groups = new ArrayList<>();
        for (AlikeImages one : AlikeImages.groups(encoded.of(pictures).normalized(), most)) {
            List<Member> members = new ArrayList<>();
            for (int i = 0; i < one.images().size(); i++) {
                String id = pictures.get(one.images().get(i)).id();
                members.add(new Member(id, Math.max(0, one.similarities().get(i)), null));
            }
            groups.add(group("alike", null, members));
        }
        return groups;
    }
}
