package org.coop4j.sweep;

import java.util.Map;
import java.util.Optional;

/** How many epochs a context is trained. */
sealed interface Epochs {

    /** The number for so many shots, if it is said. */
    Optional<Integer> of(int shots);

    /** These, and where they do not say it, others. */
    default Epochs or(Epochs others) {
        return new Chain(this, others);
    }

    /** The same for all. */
    record Fixed(int epochs) implements Epochs {
        @Override
        public Optional<Integer> of(int shots) {
            return Optional.of(epochs);
        }
    }

    /** A number for each number of shots; others are not said. */
    record ByShots(Map<Integer, Integer> epochs) implements Epochs {
        public ByShots {
            epochs = Map.copyOf(epochs);
        }

        @Override
        public Optional<Integer> of(int shots) {
            return Optional.ofNullable(epochs.get(shots));
        }
    }

    /** What the first does not say, the second says. */
    record Chain(Epochs first, Epochs second) implements Epochs {
        @Override
        public Optional<Integer> of(int shots) {
            return first.of(shots).or(() -> second.of(shots));
        }
    }
}
