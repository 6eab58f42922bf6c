package org.coop4j.method;

/** What the context vectors are before training. */
public sealed interface ContextInit {

    /** Whether each class gets vectors of its own. */
    boolean classSpecific();

    /**
     * Normally distributed numbers of mean 0.
     *
     * @param length number of vectors M
     * @param standardDeviation the reference's is 0.02
     * @param classSpecific whether each class gets vectors of its own
     * @param seed where the random numbers begin
     */
    record Random(int length, double standardDeviation, boolean classSpecific, long seed)
            implements ContextInit {

        /** The reference's standard deviation. */
        public static final double STANDARD_DEVIATION = 0.02;

        public Random {
            if (length < 1) {
                throw new IllegalArgumentException(
                        "context of " + length + " vectors: needed is 1 or more");
            }
            if (!(standardDeviation > 0)) {
                throw new IllegalArgumentException(
                        "standard deviation " + standardDeviation + " must be positive");
            }
        }
    }

    /**
     * The token embeddings of words, one vector a token.
     *
     * @param text such as "a photo of a"
     * @param classSpecific whether each class gets vectors of its own, all beginning as these
     *     words; the reference has unified ones alone
     */
    record Words(String text, boolean classSpecific) implements ContextInit {

        /** A unified context, as in the reference. */
        public Words(String text) {
            this(text, false);
        }

        public Words {
            if (text.isBlank()) {
                throw new IllegalArgumentException("no words to begin with: " + '"' + text + '"');
            }
        }
    }
}
