package org.coop4j.weights.pickle;

import java.io.Serial;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.RandomAccess;
import org.coop4j.weights.pickle.Python.GlobalName;
import org.coop4j.weights.pickle.Python.Tuple;

/** Python's values that Java has no equal of, as an {@link Unpickler} gives them and a {@link Pickler} takes them. */
public final class Python {

    private Python() {}

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

    /** A Python tuple: an unmodifiable list that keeps its difference from a Python list. */
    public static final class Tuple extends AbstractList<Object> implements RandomAccess {
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

    /** A Python {@code collections.OrderedDict}, which a pickle tells apart from a plain dict. */
    public static final class OrderedDict extends LinkedHashMap<Object, Object> {
        @Serial
        private static final long serialVersionUID = 1L;

        /** An empty one. */
        public OrderedDict() {}

        /** One with these entries in their order. */
        public OrderedDict(Map<?, ?> entries) {
            super(entries);
        }
    }

    /**
     * An object of a class that this reader does not know, inert: the name of its class or of the
     * function that would have made it, and what the pickle would have given it. Two are equal only if
     * they are the same.
     */
    public static final class PyObject {
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
}
