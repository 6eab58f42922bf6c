package org.coop4j.weights.pickle;

import java.io.Serial;
import java.util.AbstractList;
import java.util.LinkedHashMap;
import java.util.RandomAccess;

/** Python values without a Java equivalent, as an {@link Unpickler} returns them. */
public final class Python {
    private Python() {}

    /**
     * The name of a Python class or function in a pickle; only a name, never the thing itself.
     *
     * @param module dotted module, such as {@code torch._utils}
     * @param name name in the module, such as {@code _rebuild_tensor_v2}
     */
    public record GlobalName(String module, String name) {
        @Override
        public String toString() {
            return module + "." + name;
        }
    }

    /** A Python tuple: an unmodifiable list, distinct from a Python list. */
    public static final class Tuple extends AbstractList<Object> implements RandomAccess {
        private final Object[] items;

        private Tuple(Object... items) {
            this.items = items;
        }

        /** Returns the tuple of these items. Any item may be null. */
        public static Tuple of(Object... items) {
            return new Tuple(items.clone());
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

    /** A Python {@code collections.OrderedDict}, which pickles distinguish from a plain dict. */
    public static final class OrderedDict extends LinkedHashMap<Object, Object> {
        @Serial
        private static final long serialVersionUID = 1L;
    }

    /**
     * An inert stand-in for an object of a class that the reader does not know; it keeps no constructor arguments, list
     * items or dict entries. Equal only to itself.
     */
    public static final class PyObject {
        private final GlobalName type;
        private Object state;

        PyObject(GlobalName type) {
            this.type = type;
        }

        /** Returns the class, or the function that the pickle wanted called. */
        public GlobalName type() {
            return type;
        }

        /** Returns the state that the pickle would have set, mostly a Map of attributes, or null. */
        public Object state() {
            return state;
        }

        void setState(Object newState) {
            this.state = newState;
        }

        @Override
        public String toString() {
            return "<" + type + ">";
        }
    }
}
