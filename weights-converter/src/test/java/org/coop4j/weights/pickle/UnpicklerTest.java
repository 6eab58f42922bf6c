package org.coop4j.weights.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction;
import org.coop4j.weights.pickle.Python.GlobalName;
import org.coop4j.weights.pickle.Python.OrderedDict;
import org.coop4j.weights.pickle.Python.PyObject;
import org.coop4j.weights.pickle.Python.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    @ParameterizedTest
    @CsvSource({
        "K\\377, 255",
        "M\\001\\002, 513",
        "J\\376\\377\\377\\377, -2",
        "I42\\n, 42",
        "L-42L\\n, -42",
        "\\212\\002\\000\\377, -256",
        "\\212\\000, 0",
        "\\213\\001\\000\\000\\000\\177, 127",
    })
    void integersOfEveryFormAreLongs(String escaped, long value) throws IOException {
        PickleBytes pickle = new PickleBytes();
        String text = escaped.translateEscapes();
        text.chars().forEach(pickle::op);
        assertThat(read(pickle)).isEqualTo(value);
    }

    @Test
    void largeIntegersAreBigIntegers() throws IOException {
        PickleBytes pickle = pickle().op(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9);
        assertThat(read(pickle.op(0x20, 0x6a, 0xa8, 0x50, 0x19))).isEqualTo(new BigInteger("1950a86a20f9469cfc6c", 16));
    }

    @Test
    void noneBooleansAndFloatsHaveJavaForms() throws IOException {
        assertThat(read(pickle().op('N'))).isNull();
        assertThat(read(pickle().op(0x88))).isEqualTo(true);
        assertThat(read(new PickleBytes().ascii("I01\n"))).isEqualTo(true);
        assertThat(read(new PickleBytes().ascii("I00\n"))).isEqualTo(false);
        assertThat(read(pickle().op('G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0))).isEqualTo(1.5);
    }

    @Test
    void textOfEveryProtocolIsAString() throws IOException {
        assertThat(read(pickle().text("größe"))).isEqualTo("größe");
        assertThat(read(pickle().op(0x8c, 2).ascii("ab"))).isEqualTo("ab");
        assertThat(read(pickle().op(0x8d).int8(3).ascii("abc"))).isEqualTo("abc");
        assertThat(read(pickle().op('U', 1, 0xe9))).isEqualTo("é");
        assertThat(read(pickle().op('T').int4(2).op(0xc3, 0xa9))).isEqualTo("é");
    }

    @Test
    void bytesOfEveryProtocolAreByteArrays() throws IOException {
        byte[] expected = {1, (byte) 0xff};
        assertThat(read(pickle().op('C', 2, 1, 0xff))).isEqualTo(expected);
        assertThat(read(pickle().op('B').int4(2).op(1, 0xff))).isEqualTo(expected);
        assertThat(read(pickle().op(0x8e).int8(2).op(1, 0xff))).isEqualTo(expected);
        assertThat(read(pickle().op(0x96).int8(2).op(1, 0xff))).isEqualTo(expected);
    }

    @Test
    void containersNestAndKeepTheirOrder() throws IOException {
        PickleBytes pickle = pickle().op('}', '(').text("b").op(']', '(', 'K', 1, 'K', 2, 'e');
        pickle.text("a").op('K', 1, 'K', 2, 0x86, 'u');
        Object value = read(pickle.text("c").op(0x8f, '(', 'K', 5, 0x90, 's'));
        assertThat(value).isEqualTo(Map.of("b", List.of(1L, 2L), "a", Tuple.of(1L, 2L), "c", Set.of(5L)));
        assertThat(((Map<?, ?>) value).keySet().iterator().next()).isEqualTo("b");
        assertThat(((Map<?, ?>) value).get("a")).isInstanceOf(Tuple.class);
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
    void pythonsDictsAreMaps() throws IOException {
        PickleBytes ordered = pickle().global("collections", "OrderedDict").op(')', 'R');
        assertThat(read(ordered.text("k").op('K', 1, 's')))
                .isInstanceOf(OrderedDict.class)
                .isEqualTo(Map.of("k", 1L));
        PickleBytes defaults = pickle().global("collections", "defaultdict");
        defaults.global("__builtin__", "dict").op(0x85, 'R');
        assertThat(read(defaults.text("k").op('K', 1, 's'))).isEqualTo(Map.of("k", 1L));
        PickleBytes pairs = pickle().global("collections", "OrderedDict").op(']', ']');
        pairs.op('(').text("k").op('K', 1, 'e', 'a', 0x85, 'R');
        assertThat(read(pairs)).isEqualTo(Map.of("k", 1L));
    }

    @Test
    void stateGivenToADictIsNotKept() throws IOException {
        PickleBytes pickle = pickle().global("collections", "OrderedDict").op(')', 'R');
        pickle.op('}').text("_metadata").op('N', 's', 'b');
        assertThat(read(pickle)).isEqualTo(Map.of());
    }

    @Test
    void anUnknownClassIsAnInertObject() throws IOException {
        PickleBytes pickle = pickle().global("torch.optim.sgd", "SGD").op(')', 0x81);
        PyObject object = (PyObject) read(pickle.op('}').text("lr").op('K', 1, 's', 'b'));
        assertThat(object.type()).isEqualTo(new GlobalName("torch.optim.sgd", "SGD"));
        assertThat(object.state()).isEqualTo(Map.of("lr", 1L));
        assertThat(object).hasToString("<torch.optim.sgd.SGD>");
        PickleBytes list = pickle().global("my", "List").op(')', 'R', 'K', 1, 'a');
        assertThat(read(list.text("k").op('K', 2, 's'))).isInstanceOf(PyObject.class);
        assertThat(read(pickle().op('(').global("mod", "Cls").op('K', 1, 'o'))).isInstanceOf(PyObject.class);
        PickleBytes stackGlobal = pickle().text("mod").text("Cls").op(0x93, ')', '}', 0x92);
        assertThat(read(stackGlobal)).isInstanceOf(PyObject.class);
    }

    @ParameterizedTest
    @CsvSource({
        "os, system",
        "posix, system",
        "subprocess, Popen",
        "builtins, eval",
        "builtins, exec",
        "builtins, getattr",
        "__builtin__, __import__",
        "runpy, run_module"
    })
    void aPickleThatWouldRunACommandRunsNothing(String module, String name, @TempDir Path folder) throws IOException {
        Path evidence = folder.resolve("evidence");
        PickleBytes pickle = pickle().global(module, name);
        PyObject object = (PyObject) read(pickle.text("touch " + evidence).op(0x85, 'R'));
        assertThat(object.type()).isEqualTo(new GlobalName(module, name));
        assertThat(Files.exists(evidence)).isFalse();
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

    @Test
    void announcedLengthsTakeNoMemory() {
        assertRefused(pickle().op('X').int4(0xffff_fff0L), "announces 4294967280 bytes");
        assertRefused(pickle().op(0x8d).int8(1L << 40), "announces 1099511627776 bytes");
        assertRefused(pickle().op(0x8e).int8(-1), "announces 18446744073709551615 bytes");
        assertRefused(pickle().op('B').int4(1 << 30), "announces");
        assertRefused(pickle().op(0x8b).int4(1 << 30), "an integer of 1073741824 bytes");
        assertRefused(pickle().op(0x8b).int4(-1), "an integer of");
        assertRefused(new PickleBytes().ascii("I" + "9".repeat(1000) + "\n"), "1000 digits");
        assertRefused(pickle().op('r').int4(-1), "takes more than it put");
    }

    @Test
    void keysThatAreCostlyToHashAreRefused() {
        // Each tuple holds the one before twice: its hash visits 2^40 leaves.
        PickleBytes doubling = pickle().op('}', 'K', 1, 'q', 0);
        for (int i = 0; i < 40; i++) {
            doubling.op('h', 0, 0x86, 'q', 0);
        }
        assertRefused(doubling.op('N', 's'), "keys that are too large");
        assertRefused(pickle().op('}', ']', 'N', 's'), "a dict key that is a container");
        assertRefused(pickle().op('}', ']', 0x85, 'N', 's'), "keys that are too large");
        assertRefused(pickle().op(0x8f, '(', '}', 0x90), "a dict key that is a container");
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
