package org.coop4j.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTreeTest {

    @Test
    void valuesOfEachKindAreRead() throws JsonProcessingException {
        assertThat(JsonTree.readObject("x", "{\"b\":[1,-2.5,3000000000],\"a\":{\"x\":\"\\u00e9\\n\"}}"))
                .containsExactly(Map.entry("b", List.of(1, -2.5, 3_000_000_000L)), Map.entry("a", Map.of("x", "é\n")));
        assertThat(JsonTree.read(" [true, false, null, {}, []] "))
                .isEqualTo(Arrays.asList(true, false, null, Map.of(), List.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{", "[1", "[1,]", "{\"a\"}", "{} {}", "1 2", "tru", "'a'", "NaN"})
    void whatIsNotOneValueIsRefused(String text) {
        assertThrown(JsonProcessingException.class, () -> JsonTree.read(text));
    }

    @Test
    void nestingWithoutEndIsRefused() {
        assertThrown(JsonProcessingException.class, () -> JsonTree.read("[".repeat(1_000_000)));
    }

    @Test
    void anotherValueThanAnObjectIsNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JsonTree.readObject("settings", "[1]"))
                .withMessageContaining("settings")
                .withMessageContaining("[1]");
    }

    private static final String HOSTILE = "a\u001b[2J\u009b1m\u202eb\u2066c\u2029\ud800\uffff\n\t";

    @Test
    void numbersHaveTheirDecimalsAndNoNegativeZero() {
        assertThat(Numbers.number(63.579, 2)).isEqualTo("63.58");
        assertThat(Numbers.number(-1.5, 1)).isEqualTo("−1.5");
        assertThat(Numbers.number(-0.004, 2)).isEqualTo("0.00");
        assertThat(Numbers.number(-0.4, 0)).isEqualTo("0");
        assertThat(Numbers.number(Double.NaN, 2)).isEqualTo("–");
        assertThat(Numbers.percent(12.34, 1)).isEqualTo("12.3 %");
    }

    @Test
    void differencesHaveASignUnlessTheyAreZero() {
        assertThat(Numbers.signed(12.31, 2)).isEqualTo("+12.31");
        assertThat(Numbers.signed(-0.52, 1)).isEqualTo("−0.5");
        assertThat(Numbers.signed(0.04, 1)).isEqualTo("0.0");
        assertThat(Numbers.signed(-0.04, 1)).isEqualTo("0.0");
        assertThat(Numbers.signed(Double.NaN, 1)).isEqualTo("–");
    }

    @Test
    void probabilitiesAreNeverZero() {
        assertThat(Numbers.probability(0.0001)).isEqualTo("< 0.001");
        assertThat(Numbers.probability(0.0126)).isEqualTo("0.013");
    }

    @Test
    void countsAndListsAreEnglish() {
        assertThat(Numbers.count(1, "class", "classes")).isEqualTo("1 class");
        assertThat(Numbers.count(1000, "class", "classes")).isEqualTo("1,000 classes");
        assertThat(Numbers.list(List.of("a"))).isEqualTo("a");
        assertThat(Numbers.list(List.of("a", "b"))).isEqualTo("a and b");
        assertThat(Numbers.list(List.of("a", "b", "c"))).isEqualTo("a, b and c");
    }

    @Test
    void numbersReadAsPeopleWriteThem() {
        assertThat(Numbers.bytes(999)).isEqualTo("999 B");
        assertThat(Numbers.bytes(605_116_416)).isEqualTo("605.1 MB");
        assertThat(Numbers.bytes(999_999_999)).isEqualTo("1.0 GB");
        assertThat(Numbers.percent(45.67)).isEqualTo("45.7 %");
        assertThat(Numbers.count(1, "image")).isEqualTo("1 image");
        assertThat(Numbers.count(2465, "image")).isEqualTo("2,465 images");
        assertThat(Numbers.duration(Duration.ofMillis(4250))).isEqualTo("4.3 s");
        assertThat(Numbers.duration(Duration.ofMillis(9990))).isEqualTo("10 s");
        assertThat(Numbers.duration(Duration.ofSeconds(185))).isEqualTo("3 min 05 s");
        assertThat(Numbers.duration(Duration.ofMinutes(130))).isEqualTo("2 h 10 min");
    }

    @Test
    void whatSteersATerminalOrTurnsALineIsWrittenOut() {
        assertThat(SafeText.line(HOSTILE)).isEqualTo("a\\x1b[2J\\x9b1m\\u202eb\\u2066c\\u2029\\ud800\\uffff\\x0a\\x09");
        assertThat(SafeText.lines("a\tb\nc\rd")).isEqualTo("a\tb\nc\\x0dd");
        assertThat(SafeText.xml("<a b='\"&\u0007\n")).isEqualTo("&lt;a b=&#39;&quot;&amp;\\x07\n");
    }

    @Test
    void otherScriptsStay() {
        String text = "Käse 日本 🐱 👩\u200d🚀 שלום عربى";
        assertThat(SafeText.line(text)).isSameAs(text);
    }

    /** The hashes of half a million pictures are one string. */
    @Test
    void checkedFilesHaveStringsOfAnyLength(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("long.json");
        String text = "AAAA".repeat(6_000_000);
        CheckedJson.write(file, Map.of("text", text));
        assertThat(CheckedJson.tree(file, "long", 1 << 26).get("text").asText()).isEqualTo(text);
    }
}
