package org.coop4j.pretraindata;

import com.fasterxml.jackson.core.type.TypeReference;
import java.util.List;

/**
 * Which drawings of Open Clip Art no table has: shares of some kinds of them, so that the demo has
 * drawings that the model never saw.
 */
record HeldOutDrawings(List<DrawingKind> kinds) {
    HeldOutDrawings {
        kinds = List.copyOf(kinds);
    }

    /** Reads the kinds that lie beside this class. */
    static HeldOutDrawings read() {
        return new HeldOutDrawings(Resources.json("held-out-kinds.json", new TypeReference<>() {}));
    }

    /** Returns the share to hold out of drawings like this one: 0 where no kind claims it. */
    double share(SourcePicture picture) {
        return kinds.stream()
                .filter(kind -> kind.claims(picture))
                .mapToDouble(DrawingKind::heldOutShare)
                .max()
                .orElse(0);
    }
}
