package org.coop4j.weights.pickle;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.coop4j.base.Require;
import org.coop4j.weights.pickle.Python.GlobalName;
import org.coop4j.weights.pickle.Python.OrderedDict;
import org.coop4j.weights.pickle.Python.Tuple;

/**
 * Writes plain values as a pickle of protocol 2, which every Python reads and PyTorch's {@code weights_only} mode
 * accepts.
 *
 * <p>Values are those that {@link Unpickler} returns (null, Boolean, Integer, Long, Float, Double, String, List, {@link
 * Tuple}, Map, {@link OrderedDict}, {@link GlobalName}), {@link Call} and {@link Persistent}. An object that occurs
 * twice is written twice.
 */
public final class Pickler {
    private static final int MAX_DEPTH = 200;
    private static final GlobalName ORDERED_DICT = new GlobalName("collections", "OrderedDict");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final UnaryOperator<Object> replacement;

    private Pickler(UnaryOperator<Object> replacement) {
        this.replacement = replacement;
    }

    /**
     * A call of a function by the reader of the pickle.
     *
     * @param function its name
     * @param arguments its arguments
     */
    public record Call(GlobalName function, Tuple arguments) {}

    /**
     * A reference to an object that the file keeps outside the pickle.
     *
     * @param id identifies the object to the reader of the file
     */
    public record Persistent(Tuple id) {}

    /**
     * Returns the pickle of a value.
     *
     * @param replacement maps each value to the one to write
     * @throws IllegalArgumentException if something in it has no plain Python form, or it nests too deeply (or contains
     *     itself)
     */
    public static byte[] write(Object value, UnaryOperator<Object> replacement) {
        Pickler pickler = new Pickler(replacement);
        pickler.out.write(0x80);
        pickler.out.write(2);
        pickler.save(value, 0);
        pickler.out.write('.');
        return pickler.out.toByteArray();
    }

    private void save(Object original, int depth) {
        Require.that(depth <= MAX_DEPTH, "values nest more than %s deep", MAX_DEPTH);
        Object value = replacement.apply(original);
        if (value == null) {
            out.write('N');
        } else if (value instanceof Boolean flag) {
            out.write(flag ? 0x88 : 0x89);
        } else if (value instanceof Integer || value instanceof Long) {
            saveInteger(((Number) value).longValue());
        } else if (value instanceof Float || value instanceof Double) {
            out.write('G');
            double number = ((Number) value).doubleValue();
            out.writeBytes(ByteBuffer.allocate(Double.BYTES).putDouble(number).array());
        } else if (value instanceof String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            out.write('X');
            saveInt4(utf8.length);
            out.writeBytes(utf8);
        } else if (value instanceof GlobalName name) {
            saveGlobal(name);
        } else {
            saveCompound(value, depth + 1);
        }
    }

    private void saveCompound(Object value, int depth) {
        if (value instanceof Tuple tuple) {
            out.write('(');
            tuple.forEach(item -> save(item, depth));
            out.write('t');
        } else if (value instanceof List<?> list) {
            out.write(']');
            out.write('(');
            list.forEach(item -> save(item, depth));
            out.write('e');
        } else if (value instanceof Map<?, ?> map) {
            saveMap(map, depth);
        } else if (value instanceof Call call) {
            saveGlobal(call.function);
            save(call.arguments, depth);
            out.write('R');
        } else if (value instanceof Persistent persistent) {
            save(persistent.id, depth);
            out.write('Q');
        } else {
            throw new IllegalArgumentException("a " + value.getClass().getName() + " has no plain Python form");
        }
    }

    private void saveMap(Map<?, ?> map, int depth) {
        if (map instanceof OrderedDict) {
            saveGlobal(ORDERED_DICT);
            out.write(')');
            out.write('R');
        } else {
            out.write('}');
        }
        out.write('(');
        map.forEach((key, item) -> {
            save(key, depth);
            save(item, depth);
        });
        out.write('u');
    }

    private void saveInteger(long value) {
        if (value == (int) value) {
            out.write('J');
            saveInt4((int) value);
            return;
        }
        byte[] bigEndian = BigInteger.valueOf(value).toByteArray();
        out.write(0x8a);
        out.write(bigEndian.length);
        for (int i = bigEndian.length - 1; i >= 0; i--) {
            out.write(bigEndian[i]);
        }
    }

    private void saveInt4(int value) {
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
    }

    private void saveGlobal(GlobalName name) {
        Require.that(name.toString().indexOf('\n') < 0, "a name with a line feed: %s", name);
        out.write('c');
        out.writeBytes((name.module() + "\n" + name.name() + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
