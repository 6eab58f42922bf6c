package org.coop4j.weights.pickle;

import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.weights.WeightsException;

/**
 * Python's pickle machine for protocols 0 to 5, without the power to execute: a call that is not
 * bound gives an inert {@link PyObject}.
 *
 * <p>The opcodes are those of CPython's {@code Lib/pickletools.py}. The machine is a loop, so that
 * no nesting in a pickle can exhaust the Java stack; the objects it makes may nest deeply or refer
 * to themselves, which is the reader's to mind.
 */
public final class Unpickler {
    private final PickleInput in;
    private final PickleLimits limits;
    private final PickleBindings bindings;
    private final Budget budget;
    private final PythonBuiltins builtins;
    private final Map<Long, Object> memo = new HashMap<>();
    private final List<Integer> marks = new ArrayList<>();
    private final List<Object> stack = new ArrayList<>();

    private Unpickler(PickleInput in, PickleLimits limits, PickleBindings bindings) {
        this.in = in;
        this.limits = limits;
        this.bindings = bindings;
        this.budget = new Budget(in.file(), limits);
        this.builtins = new PythonBuiltins(budget);
    }

    /**
     * Reads one pickle and leaves {@code in} after its last byte.
     *
     * @throws WeightsException when the pickle is damaged or exceeds the limits
     */
    public static Object read(PickleInput in, PickleLimits limits, PickleBindings bindings)
            throws IOException {
        in.allow(limits.maxBytes());
        return new Unpickler(in, limits, bindings).run();
    }

    private Object run() throws IOException {
        for (int opcode = in.u1(); opcode != '.'; opcode = in.u1()) {
            budget.spend(1);
            if (!number(opcode) && !text(opcode) && !container(opcode) && !memo(opcode)) {
                object(opcode);
            }
        }
        return pop();
    }

    private boolean number(int opcode) throws IOException {
        switch (opcode) {
            case 'N' -> push(null);
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'K' -> push((long) in.u1());
            case 'M' -> push((long) in.u2());
            case 'J' -> push((long) in.i4());
            case 'I' -> push(textInteger(in.line()));
            case 'L' -> push(textInteger(in.line().replaceFirst("L$", "")));
            case 0x8a -> push(integer(in.u1()));
            case 0x8b -> push(integer(in.i4()));
            case 'G' -> push(in.bigEndianDouble());
            case 'F' -> push(textFloat(in.line()));
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean text(int opcode) throws IOException {
        switch (opcode) {
            case 'X' -> push(in.utf8(in.u4()));
            case 0x8c -> push(in.utf8(in.u1()));
            case 0x8d -> push(in.utf8(in.i8()));
            case 'V' -> push(PythonEscapes.rawUnicode(in.line()));
            case 'T' -> push(in.python2String(in.u4()));
            case 'U' -> push(in.python2String(in.u1()));
            case 'S' -> push(PythonEscapes.quoted(in.line(), budget));
            case 'C' -> push(in.bytes(in.u1()));
            case 'B' -> push(in.bytes(in.u4()));
            case 0x8e, 0x96 -> push(in.bytes(in.i8()));
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean container(int opcode) throws IOException {
        switch (opcode) {
            case '(' -> mark();
            case ')' -> push(Tuple.of());
            case 't' -> push(Tuple.of(popToMark().toArray()));
            case 0x85 -> push(Tuple.of(pop()));
            case 0x86 -> push(lastAsTuple(2));
            case 0x87 -> push(lastAsTuple(3));
            case ']' -> push(new ArrayList<>());
            case 'l' -> push(popToMark());
            case 'a' -> append(Collections.singletonList(pop()));
            case 'e' -> append(popToMark());
            case '}' -> push(new LinkedHashMap<>());
            case 'd' -> {
                List<Object> entries = popToMark();
                push(new LinkedHashMap<>());
                put(entries);
            }
            case 's' -> put(lastAsTuple(2));
            case 'u' -> put(popToMark());
            case 0x8f -> push(new LinkedHashSet<>());
            case 0x90 -> add(popToMark());
            case 0x91 -> {
                List<Object> items = popToMark();
                push(new LinkedHashSet<>());
                add(items);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean memo(int opcode) throws IOException {
        switch (opcode) {
            case '0' -> discard();
            case '1' -> popToMark();
            case '2' -> push(peek());
            case 'p' -> memo.put(memoIndex(in.line()), peek());
            case 'q' -> memo.put((long) in.u1(), peek());
            case 'r' -> memo.put(in.u4(), peek());
            case 0x94 -> memo.put((long) memo.size(), peek());
            case 'g' -> push(recall(memoIndex(in.line())));
            case 'h' -> push(recall(in.u1()));
            case 'j' -> push(recall(in.u4()));
            default -> {
                return false;
            }
        }
        return true;
    }

    private void object(int opcode) throws IOException {
        switch (opcode) {
            case 0x80 -> protocol(in.u1());
            case 0x95 -> in.i8(); // FRAME: only a hint for buffering
            case 'c' -> push(new GlobalName(in.line(), in.line()));
            case 0x93 -> push(globalFromStack());
            case 'R' -> {
                Tuple arguments = popTuple();
                push(call(pop(), arguments));
            }
            case 0x81 -> {
                Tuple arguments = popTuple();
                push(call(pop(), arguments));
            }
            case 0x92 -> {
                Object keywords = pop();
                Tuple arguments = popTuple();
                push(inert(pop(), arguments, keywords));
            }
            case 'i' -> {
                GlobalName type = new GlobalName(in.line(), in.line());
                push(call(type, Tuple.of(popToMark().toArray())));
            }
            case 'o' -> {
                List<Object> items = popToMark();
                if (items.isEmpty()) {
                    throw budget.problem("makes an object without a class");
                }
                push(call(items.get(0), Tuple.of(items.subList(1, items.size()).toArray())));
            }
            case 'b' -> build(pop());
            case 'P' -> push(bindings.persistent(in.line()));
            case 'Q' -> push(bindings.persistent(pop()));
            case 0x82, 0x83, 0x84 -> throw budget.problem("uses the extension registry");
            case 0x97, 0x98 -> throw budget.problem("refers to buffers outside the file");
            default ->
                    throw budget.problem(
                            "has the unknown opcode 0x%02x at byte %d"
                                    .formatted(opcode, in.position() - 1));
        }
    }

    private void protocol(int version) throws IOException {
        if (version > 5) {
            throw budget.problem("is of protocol " + version + "; 0 to 5 are known");
        }
    }

    private Object globalFromStack() throws IOException {
        Object name = pop();
        Object module = pop();
        if (module instanceof String m && name instanceof String n) {
            return new GlobalName(m, n);
        }
        throw budget.problem("names a class by something that is not text");
    }

    private Object call(Object callable, Tuple arguments) throws IOException {
        if (callable instanceof GlobalName name) {
            Optional<PickleFunction> function = builtins.function(name);
            if (function.isEmpty()) {
                function = bindings.function(name);
            }
            if (function.isPresent()) {
                return function.get().call(arguments);
            }
        }
        return inert(callable, arguments, null);
    }

    private Object inert(Object callable, Tuple arguments, Object keywords) throws IOException {
        GlobalName type;
        if (callable instanceof GlobalName name) {
            type = name;
        } else if (callable instanceof PyObject made) {
            type = made.type();
        } else {
            throw budget.problem("calls something that is no class or function");
        }
        PyObject object = new PyObject(type, arguments);
        if (keywords != null) {
            object.setState(keywords);
        }
        return object;
    }

    /** State given to a container or tensor (such as a state dict's versions) is not kept. */
    private void build(Object state) throws IOException {
        if (peek() instanceof PyObject object) {
            object.setState(state);
        }
    }

    private void append(List<Object> items) throws IOException {
        Object target = peek();
        if (target instanceof ArrayList<?>) {
            asList(target).addAll(items);
        } else if (target instanceof PyObject object) {
            items.forEach(object::append);
        } else {
            throw budget.problem("appends to something that is no list");
        }
    }

    private void put(List<Object> entries) throws IOException {
        if (entries.size() % 2 != 0) {
            throw budget.problem("has a dict key without a value");
        }
        Object target = peek();
        for (int i = 0; i < entries.size(); i += 2) {
            Object key = budget.key(entries.get(i));
            if (target instanceof Map<?, ?>) {
                asMap(target).put(key, entries.get(i + 1));
            } else if (target instanceof PyObject object) {
                object.put(key, entries.get(i + 1));
            } else {
                throw budget.problem("sets an entry of something that is no dict");
            }
        }
    }

    private void add(List<Object> items) throws IOException {
        if (!(peek() instanceof Set<?>)) {
            throw budget.problem("adds to something that is no set");
        }
        for (Object item : items) {
            asSet(peek()).add(budget.key(item));
        }
    }

    // Every container on the stack was made here or by a bound function, with Object elements.
    @SuppressWarnings("unchecked")
    private static List<Object> asList(Object target) {
        return (List<Object>) target;
    }

    @SuppressWarnings("unchecked") // as above
    private static Map<Object, Object> asMap(Object target) {
        return (Map<Object, Object>) target;
    }

    @SuppressWarnings("unchecked") // as above
    private static Set<Object> asSet(Object target) {
        return (Set<Object>) target;
    }

    private Object textInteger(String line) throws IOException {
        switch (line) {
            case "00" -> {
                return false;
            }
            case "01" -> {
                return true;
            }
            default -> {}
        }
        if (line.length() > 2 * limits.maxIntegerBytes()) {
            throw budget.problem("has an integer of " + line.length() + " digits");
        }
        try {
            return narrow(new BigInteger(line.strip()));
        } catch (NumberFormatException e) {
            throw budget.problem("has a malformed integer");
        }
    }

    private Object textFloat(String line) throws IOException {
        return switch (line) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "nan", "-nan" -> Double.NaN;
            default -> {
                try {
                    yield Double.valueOf(line.length() > 64 ? "too long" : line);
                } catch (NumberFormatException e) {
                    throw budget.problem("has a malformed number");
                }
            }
        };
    }

    private Object integer(int bytes) throws IOException {
        if (bytes < 0 || bytes > limits.maxIntegerBytes()) {
            throw budget.problem("has an integer of " + Integer.toUnsignedString(bytes) + " bytes");
        }
        if (bytes == 0) {
            return 0L;
        }
        byte[] bigEndian = in.bytes(bytes);
        for (int i = 0, j = bytes - 1; i < j; i++, j--) {
            byte swap = bigEndian[i];
            bigEndian[i] = bigEndian[j];
            bigEndian[j] = swap;
        }
        return narrow(new BigInteger(bigEndian));
    }

    private static Object narrow(BigInteger value) {
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    private long memoIndex(String line) throws IOException {
        try {
            return Long.parseLong(line);
        } catch (NumberFormatException e) {
            throw budget.problem("has a malformed memo index");
        }
    }

    private Object recall(long index) throws IOException {
        Object value = memo.get(index);
        if (value == null && !memo.containsKey(index)) {
            throw budget.problem("recalls object " + index + ", which it never stored");
        }
        return value;
    }

    private void push(Object value) {
        stack.add(value);
    }

    private int floor() {
        return marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
    }

    private Object peek() throws IOException {
        if (stack.size() <= floor()) {
            throw budget.problem("takes more than it put on the stack");
        }
        return stack.get(stack.size() - 1);
    }

    private Object pop() throws IOException {
        Object top = peek();
        stack.remove(stack.size() - 1);
        return top;
    }

    private void discard() throws IOException {
        if (stack.size() == floor() && !marks.isEmpty()) {
            marks.remove(marks.size() - 1);
        } else {
            pop();
        }
    }

    private Tuple popTuple() throws IOException {
        if (pop() instanceof Tuple tuple) {
            return tuple;
        }
        throw budget.problem("calls with arguments that are no tuple");
    }

    private Tuple lastAsTuple(int count) throws IOException {
        Object[] items = new Object[count];
        for (int i = count - 1; i >= 0; i--) {
            items[i] = pop();
        }
        return Tuple.of(items);
    }

    private void mark() throws IOException {
        if (marks.size() == limits.maxMarks()) {
            throw budget.problem("nests more than " + limits.maxMarks() + " containers");
        }
        marks.add(stack.size());
    }

    private List<Object> popToMark() throws IOException {
        if (marks.isEmpty()) {
            throw budget.problem("closes a container that it did not open");
        }
        List<Object> open = stack.subList(marks.remove(marks.size() - 1), stack.size());
        List<Object> items = new ArrayList<>(open);
        open.clear();
        return items;
    }
}
