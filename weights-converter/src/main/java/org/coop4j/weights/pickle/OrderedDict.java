package org.coop4j.weights.pickle;

import java.io.Serial;
import java.util.LinkedHashMap;
import java.util.Map;

/** A Python {@code collections.OrderedDict}, which a pickle tells apart from a plain dict. */
public final class OrderedDict extends LinkedHashMap<Object, Object> {
    @Serial private static final long serialVersionUID = 1L;

    /** An empty one. */
    public OrderedDict() {}

    /** One with these entries in their order. */
    public OrderedDict(Map<?, ?> entries) {
        super(entries);
    }
}
