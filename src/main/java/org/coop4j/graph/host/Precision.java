package org.coop4j.graph.host;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * To what the factors of a product with frozen weights are rounded; what it adds up, and all values
 * between products, are float32.
 */
public enum Precision {
    /** Not at all: what everything that is compared with the reference is computed in. */
    FLOAT32("float32"),
    /** To bfloat16, 8 bits of significand, about twice as fast where the processor has it. */
    BFLOAT16("bf16");

    private final String id;

    Precision(String id) {
        this.id = id;
    }

    /** Its name in options and files. */
    public String id() {
        return id;
    }

    /**
     * The precision of a name.
     *
     * @throws IllegalArgumentException if there is none, naming those that there are
     */
    public static Precision of(String id) {
        return Arrays.stream(values())
                .filter(precision -> precision.id.equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("expected "
                        + Arrays.stream(values()).map(Precision::id).collect(Collectors.joining(" or "))
                        + ", got \""
                        + id
                        + "\""));
    }

    /** Why this process cannot compute with it; empty if it can. */
    public Optional<String> obstacle() {
        return this == BFLOAT16 ? OneDnn.obstacle() : Optional.empty();
    }

    /**
     * Itself.
     *
     * @throws UnsupportedOperationException if this process cannot compute with it, saying why
     */
    public Precision required() {
        obstacle().ifPresent(reason -> {
            throw new UnsupportedOperationException("precision " + id + ": " + reason);
        });
        return this;
    }
}
