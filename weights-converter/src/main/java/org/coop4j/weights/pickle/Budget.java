package org.coop4j.weights.pickle;

import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.weights.pickle.Unpickler.Tuple;

/** Counts the cost of reading a pickle, and stops it at the limits. */
final class Budget {
    private static final int MAX_KEY_DEPTH = 4;
    private static final int MAX_KEY_ITEMS = 64;

    /** A pickle's author chooses the hashes of tuples; so few of them cannot make a slow table. */
    private static final int MAX_TUPLE_KEYS = 20_000;

    /** Room for 60,000 tensors: a state dict takes about 30 operations per tensor. Elements copied count too. */
    private static final int MAX_OPERATIONS = 2_000_000;

    private final Path file;
    private long operations;
    private int tupleKeys;

    Budget(Path file) {
        this.file = file;
    }

    void spend(int count) throws InputException {
        operations += count;
        if (operations > MAX_OPERATIONS) {
            throw problem("takes more than " + MAX_OPERATIONS + " operations");
        }
    }

    /** Returns {@code key} if hashing it is cheap, whatever the pickle built. */
    Object key(Object key) throws InputException {
        if (key instanceof Tuple tuple) {
            if (++tupleKeys > MAX_TUPLE_KEYS || !isFlat(tuple, MAX_KEY_DEPTH, new int[1])) {
                throw problem("has dict keys that are too large");
            }
        } else if (key instanceof Collection<?> || key instanceof Map<?, ?>) {
            throw problem("has a dict key that is a container");
        }
        return key;
    }

    private static boolean isFlat(Tuple tuple, int depth, int[] items) {
        for (Object item : tuple) {
            boolean tooDeep = item instanceof Tuple inner
                    ? depth == 0 || !isFlat(inner, depth - 1, items)
                    : item instanceof Collection<?> || item instanceof Map<?, ?>;
            if (tooDeep || ++items[0] > MAX_KEY_ITEMS) {
                return false;
            }
        }
        return true;
    }

    InputException problem(String what) {
        return InputException.in(file, "the pickle " + what);
    }
}
