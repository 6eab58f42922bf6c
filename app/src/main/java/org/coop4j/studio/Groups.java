package org.coop4j.studio;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.coop4j.findings.AlikeImages;
import org.coop4j.studio.Snapshot.Photo;

/** Groups of alike unsorted pictures, to be labelled together. */
final class Groups {

    private static final int MOST_GROUPS = 24;

    /** A picture with its likeliest class and its probability; without a class, with its likeness to its group. */
    record Member(String id, double probability, String label) {}

    /** Photos to be labelled together. */
    record Group(String kind, String label, List<Member> pictures) {}

    private Groups() {}

    /** Returns unsorted pictures in groups, the surest or largest first. */
    static List<Group> of(Snapshot now, EncodedPhotos encoded) throws IOException {
        List<Photo> open = now.of(null).stream().filter(encoded::has).toList();
        return open.isEmpty() ? List.of() : alike(encoded, open);
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

    private static List<Group> alike(EncodedPhotos encoded, List<Photo> pictures) {
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
