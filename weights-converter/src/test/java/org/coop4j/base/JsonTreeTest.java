package org.coop4j.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
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
        assertThatThrownBy(() -> JsonTree.read(text)).isInstanceOf(JsonProcessingException.class);
    }

    @Test
    void nestingWithoutEndIsRefused() {
        assertThatThrownBy(() -> JsonTree.read("[".repeat(1_000_000))).isInstanceOf(JsonProcessingException.class);
    }

    @Test
    void anotherValueThanAnObjectIsNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JsonTree.readObject("settings", "[1]"))
                .withMessageContaining("settings")
                .withMessageContaining("[1]");
    }
}
