package org.coop4j.graph.host;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** Rounding of the factors of a product with frozen weights; its sums, and all values between products, are float32. */
public enum Precision {
    /** No rounding: the precision of everything that is compared with the reference. */
    FLOAT32("float32"),
    /** Rounding to bfloat16, 8 bits of significand; about twice as fast on processors with its instructions. */
    BFLOAT16("bf16");

    private final String id;

    Precision(String id) {
        this.id = id;
    }

    /** Returns the name in options and files. */
    public String id() {
        return id;
    }

    /**
     * Returns the precision with this name.
     *
     * @throws IllegalArgumentException for an unknown name; the message lists the known ones
     */
    public static Precision of(String id) {
        for (Precision precision : values()) {
            if (precision.id.equals(id)) {
                return precision;
            }
        }
        String known = Arrays.stream(values()).map(Precision::id).collect(Collectors.joining(" or "));
        throw new IllegalArgumentException("expected %s, got \"%s\"".formatted(known, id));
    }

    /** Returns the reason that this process cannot compute with this precision; empty if it can. */
    public Optional<String> obstacle() {
        return this == BFLOAT16 ? OneDnn.obstacle() : Optional.empty();
    }

    /**
     * Returns this precision.
     *
     * @throws UnsupportedOperationException if this process cannot compute with it, with the reason
     */
    public Precision required() {
        obstacle().ifPresent(reason -> {
            throw new UnsupportedOperationException("precision " + id + ": " + reason);
        });
        return this;
    }
}
