package org.coop4j.weights.pickle;

import java.io.IOException;
import java.io.Serial;
import java.math.BigInteger;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.RandomAccess;
import java.util.Set;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction;

/**
 * Python's pickle machine for protocols 1 to 5, without the power to execute: a call that is not bound gives an inert
 * {@link PyObject}. PyTorch cannot write protocol 0.
 *
 * <p>The opcodes are those of CPython's {@code Lib/pickletools.py}. The machine is a loop, so that no nesting in a
 * pickle can exhaust the Java stack. The objects that it makes may nest deeply or contain themselves, which callers
 * must allow for.
 */
public final class Unpickler {
    /** Largest pickle: a state dict takes about 100 bytes per tensor, and reading less than 300 MB whatever the file. */
    public static final int MAX_BYTES = 64 << 20;

    private static final int MAX_INTEGER_BYTES = 256;

    private static final Object NOTHING = new Object();

    private final PickleInput in;
    private final Bindings bindings;
    private final Budget budget;
    private final PythonBuiltins builtins;
    private final Map<Long, Object> memo = new HashMap<>();
    private final PickleStack stack;

    private Unpickler(PickleInput in, Bindings bindings) {
        this.in = in;
        this.bindings = bindings;
        this.budget = new Budget(in.file());
        this.builtins = new PythonBuiltins(budget);
        this.stack = new PickleStack(budget);
    }

    /**
     * Reads one pickle and leaves {@code in} after its last byte.
     *
     * @throws InputException if the pickle is damaged or exceeds the limits
     */
    public static Object read(PickleInput in, Bindings bindings) throws IOException {
        in.allow(MAX_BYTES);
        return new Unpickler(in, bindings).run();
    }

    private Object run() throws IOException {
        for (int opcode = in.u1(); opcode != '.'; opcode = in.u1()) {
            budget.spend(1);
            Object value = literal(opcode);
            if (value == NOTHING) {
                value = made(opcode);
            }
            if (value == NOTHING) {
                modify(opcode);
            } else {
                stack.push(value);
            }
        }
        return stack.pop();
    }

    /** Returns the value of an opcode that has its operand in the pickle. */
    private Object literal(int opcode) throws IOException {
        return switch (opcode) {
            case 'N' -> null;
            case 0x88 -> true;
            case 0x89 -> false;
            case 'K' -> (long) in.u1();
            case 'M' -> (long) in.u2();
            case 'J' -> (long) in.i4();
            case 'I' -> integer(in.line());
            case 'L' -> integer(in.line().replaceFirst("L$", ""));
            case 0x8a -> integer(in.u1());
            case 0x8b -> integer(in.i4());
            case 'G' -> in.bigEndianDouble();
            case 'X' -> in.utf8(in.u4());
            case 0x8c -> in.utf8(in.u1());
            case 0x8d -> in.utf8(in.i8());
            case 'T' -> in.python2String(in.u4());
            case 'U' -> in.python2String(in.u1());
            case 'C' -> in.bytes(in.u1());
            case 'B' -> in.bytes(in.u4());
            case 0x8e, 0x96 -> in.bytes(in.i8());
            case 'c' -> new GlobalName(in.line(), in.line());
            case 'h' -> recall(in.u1());
            case 'j' -> recall(in.u4());
            default -> NOTHING;
        };
    }

    /** Returns the value of an opcode that makes it from the stack. */
    private Object made(int opcode) throws IOException {
        return switch (opcode) {
            case ')' -> Tuple.of();
            case 't' -> Tuple.of(stack.popToMark().toArray());
            case 0x85 -> stack.popTuple(1);
            case 0x86 -> stack.popTuple(2);
            case 0x87 -> stack.popTuple(3);
            case ']' -> new ArrayList<>();
            case 'l' -> stack.popToMark();
            case '}' -> new LinkedHashMap<>();
            case 'd' -> put(stack.popToMark(), new LinkedHashMap<>());
            case 0x8f -> new LinkedHashSet<>();
            case 0x91 -> add(stack.popToMark(), new LinkedHashSet<>());
            case '2' -> stack.peek();
            case 0x93 -> globalFromStack();
            case 'Q' -> bindings.persistent(stack.pop());
            case 'R', 0x81 -> call(stack.popTuple(), stack.pop());
            case 0x92 -> {
                Object keywords = stack.pop();
                stack.popTuple();
                PyObject object = inert(stack.pop());
                object.setState(keywords);
                yield object;
            }
            case 'o' -> {
                List<Object> items = stack.popToMark();
                if (items.isEmpty()) {
                    throw budget.problem("makes an object without a class");
                }
                Object type = items.remove(0);
                yield call(Tuple.of(items.toArray()), type);
            }
            default -> NOTHING;
        };
    }

    /** Executes an opcode that pushes no value. */
    private void modify(int opcode) throws IOException {
        switch (opcode) {
            case '(' -> stack.mark();
            case 'a' -> append(stack.popTuple(1));
            case 'e' -> append(stack.popToMark());
            case 's' -> put(stack.popTuple(2), stack.peek());
            case 'u' -> put(stack.popToMark(), stack.peek());
            case 0x90 -> add(stack.popToMark(), stack.peek());
            case 'b' -> build(stack.pop());
            case '0' -> stack.discard();
            case '1' -> stack.popToMark();
            case 'q' -> memo.put((long) in.u1(), stack.peek());
            case 'r' -> memo.put(in.u4(), stack.peek());
            case 0x94 -> memo.put((long) memo.size(), stack.peek());
            case 0x80 -> {
                int version = in.u1();
                if (version > 5) {
                    throw budget.problem("is of protocol " + version + ": expected 1 to 5");
                }
            }
            case 0x95 -> in.i8(); // FRAME: only a hint for buffering
            case 0x82, 0x83, 0x84 -> throw budget.problem("uses the extension registry");
            case 0x97, 0x98 -> throw budget.problem("refers to buffers outside the file");
            default ->
                throw budget.problem("has the unknown opcode 0x%02x at byte %d".formatted(opcode, in.position() - 1));
        }
    }

    private Object globalFromStack() throws IOException {
        Object name = stack.pop();
        Object module = stack.pop();
        if (module instanceof String m && name instanceof String n) {
            return new GlobalName(m, n);
        }
        throw budget.problem("names a class by something other than text");
    }

    private Object call(Tuple arguments, Object callable) throws IOException {
        if (callable instanceof GlobalName name) {
            Optional<IoFunction<Tuple, Object>> function =
                    builtins.function(name).or(() -> bindings.function(name));
            if (function.isPresent()) {
                return function.get().apply(arguments);
            }
        }
        return inert(callable);
    }

    private PyObject inert(Object callable) throws IOException {
        if (callable instanceof GlobalName name) {
            return new PyObject(name);
        }
        if (callable instanceof PyObject made) {
            return new PyObject(made.type());
        }
        throw budget.problem("calls something that is not a class or function");
    }

    /** Sets an inert object's state; that of a container or tensor (such as a state dict's versions) is dropped. */
    private void build(Object state) throws IOException {
        if (stack.peek() instanceof PyObject object) {
            object.setState(state);
        }
    }

    // Every container on the stack was made here or by a bound function, with Object elements.

    @SuppressWarnings("unchecked")
    private void append(List<Object> items) throws IOException {
        Object target = stack.peek();
        if (target instanceof ArrayList<?>) {
            ((List<Object>) target).addAll(items);
        } else if (!(target instanceof PyObject)) {
            throw budget.problem("appends to something that is not a list");
        }
    }

    @SuppressWarnings("unchecked") // as above
    private Object put(List<Object> entries, Object target) throws IOException {
        if (entries.size() % 2 != 0) {
            throw budget.problem("has a dict key without a value");
        }
        for (int i = 0; i < entries.size(); i += 2) {
            Object key = budget.key(entries.get(i));
            if (target instanceof Map<?, ?>) {
                ((Map<Object, Object>) target).put(key, entries.get(i + 1));
            } else if (!(target instanceof PyObject)) {
                throw budget.problem("sets an entry of something that is not a dict");
            }
        }
        return target;
    }

    @SuppressWarnings("unchecked") // as above
    private Object add(List<Object> items, Object target) throws IOException {
        if (!(target instanceof Set<?>)) {
            throw budget.problem("adds to something that is not a set");
        }
        for (Object item : items) {
            ((Set<Object>) target).add(budget.key(item));
        }
        return target;
    }

    /** Parses a decimal number, or one of the two notations of a boolean before protocol 2. */
    private Object integer(String line) throws IOException {
        if (line.equals("00") || line.equals("01")) {
            return line.equals("01");
        }
        if (line.length() > 2 * MAX_INTEGER_BYTES) {
            throw budget.problem("has an integer of " + line.length() + " digits");
        }
        try {
            return narrow(new BigInteger(line.strip()));
        } catch (NumberFormatException e) {
            throw budget.problem("has a malformed integer");
        }
    }

    /** Reads an integer in two's complement, least significant byte first. */
    private Object integer(int bytes) throws IOException {
        if (bytes < 0 || bytes > MAX_INTEGER_BYTES) {
            throw budget.problem("has an integer of " + Integer.toUnsignedString(bytes) + " bytes");
        }
        byte[] littleEndian = in.bytes(bytes);
        byte[] bigEndian = new byte[Math.max(1, bytes)];
        for (int i = 0; i < bytes; i++) {
            bigEndian[bytes - 1 - i] = littleEndian[i];
        }
        return narrow(new BigInteger(bigEndian));
    }

    private static Object narrow(BigInteger value) {
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    private Object recall(long index) throws IOException {
        Object value = memo.get(index);
        if (value == null && !memo.containsKey(index)) {
            throw budget.problem("recalls object " + index + ", which it never stored");
        }
        return value;
    }

    /** Additions of a kind of file to plain pickles: functions, and objects kept outside the pickle. */
    public interface Bindings {
        /** Returns the stand-in for a function or class, which makes the object that the call would return; empty to make an inert {@link PyObject}. */
        Optional<IoFunction<Tuple, Object>> function(GlobalName name);

        /** Returns the object that the file keeps outside the pickle under {@code id}. */
        Object persistent(Object id) throws IOException;
    }

    // Python values without a Java equivalent

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
