package org.coop4j.pretraindata;

import com.fasterxml.jackson.core.type.TypeReference;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The demo's task: its classes, what was held out for it, and what was struck out by eye.
 *
 * @param classes its classes
 * @param struckOut lines "class id": pictures that a look at them showed to be no good example of
 *     the class
 */
record DemoTask(List<DemoClass> classes, Set<String> struckOut) {
    DemoTask {
        classes = List.copyOf(classes);
        struckOut = Set.copyOf(struckOut);
    }

    /** Reads the definition and the list of strikes that lie beside this class. */
    static DemoTask read() {
        List<DemoClass> classes = Resources.json("demo-classes.json", new TypeReference<>() {});
        return new DemoTask(classes, Resources.lines("demo-struck-out.txt"));
    }

    /** The share to hold out of drawings like this one: 0 where no class claims it. */
    double heldOutShare(SourcePicture picture) {
        return classes.stream()
                .filter(demo -> demo.claim(picture) != DemoClass.Claim.NONE)
                .mapToDouble(DemoClass::heldOutShare)
                .max()
                .orElse(0);
    }

    /**
     * The drawings of each class, in the order given. A folder's claim outdoes a word's; a drawing
     * that two classes claim alike is in neither.
     */
    Map<DemoClass, List<Prepared>> assign(List<Prepared> pictures) {
        Map<DemoClass, List<Prepared>> members = new LinkedHashMap<>();
        classes.forEach(demo -> members.put(demo, new ArrayList<>()));
        for (Prepared picture : pictures) {
            List<DemoClass> claimants = claimants(picture, DemoClass.Claim.BY_FOLDER);
            if (claimants.isEmpty()) {
                claimants = claimants(picture, DemoClass.Claim.BY_WORD);
            }
            if (claimants.size() == 1) {
                members.get(claimants.get(0)).add(picture);
            }
        }
        return members;
    }

    private List<DemoClass> claimants(Prepared picture, DemoClass.Claim claim) {
        return classes.stream()
                .filter(demo -> demo.claim(picture.picture()) == claim)
                .filter(demo -> !isStruckOut(demo, picture))
                .toList();
    }

    /** The emoji of a class among pictures of one artist. */
    List<Prepared> emojiOf(DemoClass demo, List<Prepared> pictures) {
        return pictures.stream()
                .filter(picture -> demo.claimsEmoji(picture.picture()))
                .filter(picture -> !isStruckOut(demo, picture))
                .toList();
    }

    private boolean isStruckOut(DemoClass demo, Prepared picture) {
        return struckOut.contains(demo.name() + " " + picture.id());
    }
}
