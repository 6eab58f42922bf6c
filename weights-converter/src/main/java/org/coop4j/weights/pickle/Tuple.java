package org.coop4j.weights.pickle;

import java.util.AbstractList;
import java.util.RandomAccess;

/** A Python tuple: an unmodifiable list that keeps its difference from a Python list. */
public final class Tuple extends AbstractList<Object> implements RandomAccess {
    private static final Tuple EMPTY = new Tuple();

    private final Object[] items;

    private Tuple(Object... items) {
        this.items = items;
    }

    /** The tuple of these items, any of which may be null. */
    public static Tuple of(Object... items) {
        return items.length == 0 ? EMPTY : new Tuple(items.clone());
    }

    @Override
    public Object get(int index) {
        return items[index];
    }

    @Override
    public int size() {
        return items.length;
    }
}
