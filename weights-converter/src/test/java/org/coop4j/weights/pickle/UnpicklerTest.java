package org.coop4j.weights.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction;
import org.coop4j.weights.pickle.Unpickler.GlobalName;
import org.coop4j.weights.pickle.Unpickler.OrderedDict;
import org.coop4j.weights.pickle.Unpickler.PyObject;
import org.coop4j.weights.pickle.Unpickler.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.MethodSource;

class UnpicklerTest {
    private static Object read(byte[] pickle) throws IOException {
        return Unpickler.read(PickleInput.of(Path.of("test.pkl"), pickle), new Unpickler.Bindings() {
            @Override
            public Optional<IoFunction<Tuple, Object>> function(GlobalName name) {
                return Optional.empty();
            }

            @Override
            public Object persistent(Object id) throws IOException {
                throw new InputException("the pickle refers to an object outside it");
            }
        });
    }

    private static Object read(PickleBytes pickle) throws IOException {
        return read(pickle.stop());
    }

    private static void assertRefused(PickleBytes pickle, String problem) {
        assertThrown(InputException.class, () -> read(pickle), problem);
    }

    private static PickleBytes pickle() {
        return PickleBytes.protocol2();
    }

    /** Values of every opcode, container and kind of class; calls of functions that a pickle must not make are inert. */
    @ParameterizedTest
    @CsvFileSource(resources = "/org/coop4j/weights/pickle/values.txt", delimiter = '|', quoteCharacter = '\1')
    void picklesOfEveryProtocolHaveTheirValues(String value, String escaped) throws IOException {
        PickleBytes pickle = new PickleBytes();
        escaped.translateEscapes().chars().forEach(pickle::op);
        assertThat(shown(read(pickle))).isEqualTo(value);
    }

    private static String shown(Object value) {
        if (value instanceof String text) {
            return "'" + text + "'";
        }
        if (value instanceof byte[] bytes) {
            return "bytes " + HexFormat.of().formatHex(bytes);
        }
        if (value instanceof PyObject object) {
            return object + " " + shown(object.state());
        }
        if (value instanceof Map<?, ?> map) {
            String items = map.entrySet().stream()
                    .map(item -> shown(item.getKey()) + ": " + shown(item.getValue()))
                    .collect(Collectors.joining(", ", "{", "}"));
            return (map instanceof OrderedDict ? "OrderedDict" : "") + items;
        }
        if (value instanceof Collection<?> items) {
            String all = items.stream().map(UnpicklerTest::shown).collect(Collectors.joining(", "));
            return (value instanceof Tuple ? "(%s)" : value instanceof Set ? "set{%s}" : "[%s]").formatted(all);
        }
        return value == null
                ? "None"
                : value instanceof Long || value instanceof Double || value instanceof Boolean
                        ? value.toString()
                        : value.getClass().getSimpleName() + " " + value;
    }

    @Test
    void theMemoGivesBackTheSameObject() throws IOException {
        Object value = read(pickle().op(']', 'q', 7, 'h', 7, 0x86));
        assertThat(((List<?>) value).get(0)).isSameAs(((List<?>) value).get(1));
        assertThat(read(pickle().op(0x80, 4).text("x").op(0x94, '0', 'h', 0))).isEqualTo("x");
    }

    @Test
    void aListMayContainItself() throws IOException {
        List<?> list = (List<?>) read(pickle().op(']', 'q', 0, 'h', 0, 'a'));
        assertThat(list.get(0)).isSameAs(list);
    }

    @Test
    void endlessWorkStopsAtTheLimits() {
        PickleBytes operations = pickle();
        PickleBytes marks = pickle();
        for (int i = 0; i < 1_001_000; i++) {
            operations.op(']', '0');
            marks.op('(');
        }
        assertRefused(operations, "more than 2000000 operations");
        assertRefused(marks, "nests more than 1000");
        PickleBytes copies = pickle().op(']', '(');
        for (int i = 0; i < 50_000; i++) {
            copies.op('N');
        }
        copies.op('e', 'q', 0);
        for (int i = 0; i < 50; i++) {
            copies.global("builtins", "list").op('h', 0, 0x85, 'R', '0');
        }
        assertRefused(copies, "more than 2000000 operations");
    }

    @ParameterizedTest
    @CsvFileSource(resources = "/org/coop4j/weights/pickle/refused.txt", delimiter = '|', quoteCharacter = '\1')
    void whatAPickleMayNotDoIsNamed(String problem, String escaped) {
        PickleBytes pickle = pickle();
        escaped.translateEscapes().chars().forEach(pickle::op);
        assertRefused(pickle, problem);
    }

    @Test
    void endlessIntegersAndKeysThatAreCostlyToHashAreRefused() {
        assertRefused(new PickleBytes().ascii("I" + "9".repeat(1000) + "\n"), "1000 digits");
        // Each tuple holds the one before twice: its hash visits 2^40 leaves.
        PickleBytes doubling = pickle().op('}', 'K', 1, 'q', 0);
        for (int i = 0; i < 40; i++) {
            doubling.op('h', 0, 0x86, 'q', 0);
        }
        assertRefused(doubling.op('N', 's'), "keys that are too large");
    }

    static String[] aMalformedPickleIsRefused() {
        String head = "t 0 R a u s h\\001 \\200\\006 \\377 ]K\\001R K\\001K\\002a (K\\001u }(K\\001u K\\001)R Nb"
                + " Inonsense\\n"
                + " F1.5\\n";
        String tail =
                "S'a'\\n N(lp1\\n0 \\202\\001 \\227 (o Q K\\001K\\002\\223 X\\002\\000\\000\\000\\303( (c\\n \\225\\001"
                        + " K\\001(0u cbuiltins\\nlist\\nN\\205R cbuiltins\\ndict\\nK\\001\\205R";
        return (head + " " + tail).split(" ", -1);
    }

    @ParameterizedTest
    @MethodSource
    void aMalformedPickleIsRefused(String escaped) {
        PickleBytes pickle = pickle();
        escaped.translateEscapes().chars().forEach(pickle::op);
        assertThrown(InputException.class, () -> read(pickle), "pickle");
    }
}
