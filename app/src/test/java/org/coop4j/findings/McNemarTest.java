package org.coop4j.findings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import org.coop4j.console.Interval;
import org.junit.jupiter.api.Test;

/** Intervals and paired tests as scipy has them. */
class McNemarTest {
    private static final double ROUNDING = 1e-9;

    @Test
    void intervalsOfAccuraciesAreScipys() throws IOException {
        for (JsonNode golden : golden().get("wilson")) {
            Interval interval = Interval.wilson(
                    golden.get("correct").asInt(), golden.get("images").asInt());

            assertThat(interval.low()).isEqualTo(golden.get("low").asDouble(), within(ROUNDING));
            assertThat(interval.high()).isEqualTo(golden.get("high").asDouble(), within(ROUNDING));
        }
    }

    @Test
    void mcNemarsTestIsScipys() throws IOException {
        for (JsonNode golden : golden().get("mcnemar")) {
            McNemar test = new McNemar(
                    golden.get("images").asInt(),
                    golden.get("first").asInt(),
                    golden.get("second").asInt());

            assertThat(test.pValue()).isEqualTo(golden.get("p").asDouble(), within(ROUNDING));
            Interval interval = test.interval();
            assertThat(interval.low()).isEqualTo(golden.get("low").asDouble(), within(ROUNDING));
            assertThat(interval.high()).isEqualTo(golden.get("high").asDouble(), within(ROUNDING));
        }
    }

    @Test
    void mcNemarCountsTheImagesOnWhichTheyDisagree() {
        boolean[] first = {true, true, false, false, true};
        boolean[] second = {true, false, true, false, false};

        McNemar test = McNemar.of(first, second);

        assertThat(test).isEqualTo(new McNemar(5, 2, 1));
        assertThat(test.difference()).isEqualTo(20);
        assertThat(McNemar.of(second, first).interval().low())
                .isEqualTo(-test.interval().high(), within(ROUNDING));
    }

    @Test
    void badArgumentsAreRefused() {
        assertThatThrownBy(() -> Interval.wilson(2, 1)).hasMessageContaining("2 of 1 images");
        assertThatThrownBy(() -> new McNemar(3, 2, 2)).hasMessageContaining("2 and 2 of 3");
        assertThatThrownBy(() -> McNemar.of(new boolean[1], new boolean[2])).hasMessageContaining("1 and 2");
    }

    private static JsonNode golden() throws IOException {
        try (InputStream in = McNemarTest.class.getResourceAsStream("/org/coop4j/eval/confidence.json")) {
            return new ObjectMapper().readTree(in);
        }
    }
}
