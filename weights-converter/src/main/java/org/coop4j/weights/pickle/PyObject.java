package org.coop4j.weights.pickle;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An object of a class that this reader does not know, inert: the name of its class or of the
 * function that would have made it, and what the pickle would have given it. Two are equal only if
 * they are the same.
 */
public final class PyObject {
    private final GlobalName type;
    private final Tuple arguments;
    private final List<Object> items = new ArrayList<>();
    private final Map<Object, Object> entries = new LinkedHashMap<>();
    private Object state;

    PyObject(GlobalName type, Tuple arguments) {
        this.type = type;
        this.arguments = arguments;
    }

    /** The class, or the function that the pickle wanted called. */
    public GlobalName type() {
        return type;
    }

    /** Arguments of the constructor or function. */
    public Tuple arguments() {
        return arguments;
    }

    /**
     * What the pickle would have set as the object's state, mostly a Map of attributes, or null.
     */
    public Object state() {
        return state;
    }

    /** Items appended to the object, as if it were a list. */
    public List<Object> items() {
        return Collections.unmodifiableList(items);
    }

    /** Entries set on the object, as if it were a dict. */
    public Map<Object, Object> entries() {
        return Collections.unmodifiableMap(entries);
    }

    void setState(Object newState) {
        this.state = newState;
    }

    void append(Object item) {
        items.add(item);
    }

    void put(Object key, Object value) {
        entries.put(key, value);
    }

    @Override
    public String toString() {
        return "<" + type + ">";
    }
}
