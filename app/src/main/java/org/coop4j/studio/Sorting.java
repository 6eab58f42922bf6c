package org.coop4j.studio;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.eval.Predictions;
import org.coop4j.findings.AlikeImages;
import org.coop4j.method.Classifier;
import org.coop4j.studio.Model.Fit;
import org.coop4j.studio.Snapshot.Photo;

/** Groups of unsorted pictures to be labelled together: by what was learned, by the names of classes, or of alike ones. */
final class Sorting {

    private static final int MOST_GROUPS = 24;

    /** Largest number of pictures that do not make a group. */
    private static final int FEW = 2;

    private final EncodedPhotos encoded;
    private final List<Photo> open;
    private final Snapshot now;

    /** A picture with its likeliest class and its probability; without a class, with its likeness to its group. */
    record Member(String id, double probability, String label) {}

    /** Photos to be labelled together. */
    record Group(String kind, String label, List<Member> pictures) {}

    private Sorting(Snapshot now, EncodedPhotos encoded, List<Photo> open) {
        this.now = now;
        this.encoded = encoded;
        this.open = open;
    }

    /** Returns unsorted pictures in groups, the surest first. */
    static List<Group> groups(Snapshot now, EncodedPhotos encoded, Model model) throws IOException {
        List<Photo> open = now.of(null).stream().filter(encoded::has).toList();
        Sorting sorting = new Sorting(now, encoded, open);
        Fit fit = model.latest();
        List<String> known = now.classes().stream().filter(model::knows).toList();
        if (open.isEmpty()) {
            return List.of();
        } else if (fit != null) {
            double[] likeness = Fit.likeness(
                    encoded.of(open).normalized(),
                    open.stream().map(Photo::sha256).toList(),
                    fit.learned().support().train());
            return sorting.groups(fit.classifier(), fit.classes(), likeness, fit.unlike(), fit.alike());
        } else if (known.size() >= 2 && now.photos().size() == now.of(null).size()) { // nothing is labelled yet
            double[] alike = new double[open.size()];
            return sorting.groups(model.byNames(known), known, alike, -1, -1);
        }
        return sorting.alike(open);
    }

    /** Groups what is surely of a class, the rest by likeness, and what is left. */
    private List<Group> groups(
            Classifier classifier, List<String> names, double[] likeness, double unlike, double alike) {
        Map<String, List<Member>> sure = new LinkedHashMap<>();
        Map<String, Member> unsure = new LinkedHashMap<>();
        Map<String, Member> nothing = new LinkedHashMap<>();
        List<Photo> rest = new ArrayList<>();
        boolean many = open.size() > MOST_GROUPS; // few are looked at singly
        float[][] logits = classifier.logits(encoded.of(open)).toRows();
        for (int i = 0; i < logits.length; i++) {
            double[] p = classifier.probabilities(logits[i]);
            Photo one = open.get(i);
            float[] row = logits[i];
            int best = Predictions.argmax(
                    names.size(), c -> isWrong(one, names.get(c)) ? Double.NEGATIVE_INFINITY : row[c]);
            String label = isWrong(one, names.get(best)) ? null : names.get(best); // a person said no to all
            Member member = new Member(one.id(), p[best], label);
            if (label != null && p[best] >= Fit.SURE && likeness[i] >= (many ? alike : unlike)) {
                sure.computeIfAbsent(member.label, name -> new ArrayList<>()).add(member);
            } else {
                rest.add(one);
                (likeness[i] < unlike || label == null ? nothing : unsure).put(member.id, member);
            }
        }
        List<Group> groups = new ArrayList<>();
        sure.forEach((name, members) -> groups.add(group("class", name, members)));
        groups.sort(Comparator.comparingDouble(one -> -one.pictures.stream()
                .mapToDouble(Member::probability)
                .average()
                .orElse(0)));
        for (Group one : many && !rest.isEmpty() ? alike(rest) : List.<Group>of()) {
            if (one.pictures.size() > FEW) {
                groups.add(one);
                one.pictures.forEach(member -> unsure.remove(member.id));
                one.pictures.forEach(member -> nothing.remove(member.id));
            }
        }
        groups.add(group("unsure", null, unsure.values()));
        groups.add(group("nothing", null, nothing.values()));
        groups.removeIf(one -> one.pictures.isEmpty());
        return groups;
    }

    private boolean isWrong(Photo one, String className) {
        return now.kept().contains(Photo.wrong(one.sha256(), className));
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
