package org.coop4j.pretraindata;

/** The side that all pictures of one drawing are on. */
enum Partition {
    TRAIN,
    VALIDATION,
    /** Pictures for the demo's task, which no table has. */
    HELD_OUT,
    /** Two thirds of the theme icons, which are alike and would be a third of the drawings. */
    LEFT_OUT;

    private static final double CLIP_ART_VALIDATION = 0.1;
    private static final double EMOJI_VALIDATION = 0.03;

    /**
     * Returns the side of a drawing, by a hash of its id.
     *
     * @param drawing the drawing's id
     * @param heldOutShare the share of such drawings to hold out: 0 for one that the demo can't use
     * @param clipArt whether it is from Open Clip Art
     */
    static Partition of(String drawing, double heldOutShare, boolean clipArt) {
        if (Hashes.fraction("held-out/" + drawing) < heldOutShare) {
            return HELD_OUT;
        }
        double validation = clipArt ? CLIP_ART_VALIDATION : EMOJI_VALIDATION;
        return Hashes.fraction("validation/" + drawing) < validation ? VALIDATION : TRAIN;
    }
}
