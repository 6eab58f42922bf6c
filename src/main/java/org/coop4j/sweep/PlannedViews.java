package org.coop4j.sweep;

/** How many random crops of each training image there are. */
sealed interface PlannedViews {

    /** The number for so many epochs. */
    int of(int epochs);

    /** So many, used in turn; 0 is the centre crop alone. */
    record Fixed(int count) implements PlannedViews {
        @Override
        public int of(int epochs) {
            return count;
        }
    }

    /** A new crop each epoch, the reference's protocol. */
    record EachEpoch() implements PlannedViews {
        @Override
        public int of(int epochs) {
            return epochs;
        }
    }
}
