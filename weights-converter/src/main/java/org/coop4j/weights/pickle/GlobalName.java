package org.coop4j.weights.pickle;

import java.util.Objects;

/**
 * The name of a Python class or function as a pickle gives it; only a name, never the thing.
 *
 * @param module dotted module, such as {@code torch._utils}
 * @param name name in the module, such as {@code _rebuild_tensor_v2}
 */
public record GlobalName(String module, String name) {
    /** Checks that nothing is missing. */
    public GlobalName {
        Objects.requireNonNull(module, "module");
        Objects.requireNonNull(name, "name");
    }

    @Override
    public String toString() {
        return module + "." + name;
    }
}
