package org.coop4j.weights.pickle;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.InputException;
import org.coop4j.weights.pickle.Python.Tuple;
import org.coop4j.weights.pickle.Unpickler.Limits;

/** Counts what reading a pickle has cost, and stops it at the limits. */
final class Budget {
    private static final int MAX_KEY_DEPTH = 4;
    private static final int MAX_KEY_ITEMS = 64;

    /** Tuples hash as their author likes; few enough of them cannot make a slow table. */
    private static final int MAX_TUPLE_KEYS = 20_000;

    private final Path file;
    private final Limits limits;
    private long operations;
    private long bytes;
    private int tupleKeys;

    Budget(Path file, Limits limits) {
        this.file = file;
        this.limits = limits;
    }

    Limits limits() {
        return limits;
    }

    void spend(int count) throws InputException {
        operations += count;
        if (operations > limits.maxOperations()) {
            throw problem("takes more than " + limits.maxOperations() + " operations");
        }
    }

    void spendBytes(int count) throws InputException {
        bytes += count;
        if (bytes > limits.maxBytes()) {
            throw problem("makes more than " + limits.maxBytes() + " bytes");
        }
    }

    /** {@code key} if it may be one: hashing it must cost little, whatever the pickle built. */
    Object key(Object key) throws InputException {
        if (key instanceof Tuple tuple) {
            if (++tupleKeys > MAX_TUPLE_KEYS || !isFlat(tuple, MAX_KEY_DEPTH, new int[1])) {
                throw problem("has dict keys that are too large");
            }
        } else if (key instanceof List<?> || key instanceof Map<?, ?> || key instanceof Set<?>) {
            throw problem("has a dict key that is a container");
        }
        return key;
    }

    private static boolean isFlat(Tuple tuple, int depth, int[] items) {
        for (Object item : tuple) {
            if (++items[0] > MAX_KEY_ITEMS) {
                return false;
            }
            if (item instanceof Tuple inner) {
                if (depth == 0 || !isFlat(inner, depth - 1, items)) {
                    return false;
                }
            } else if (item instanceof Collection<?> || item instanceof Map<?, ?>) {
                return false;
            }
        }
        return true;
    }

    InputException problem(String what) {
        return InputException.in(file, "the pickle " + what);
    }
}
