package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings that a method refuses, each with a message that names the value and what is allowed. */
class MethodSettingsTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    taskres      | alpha          | -1    | got -1
                    tip-adapter  | alpha          | -1    | got -1
                    tip-adapter  | beta           | -0.5  | got -0.5
                    tip-adapter-f | max_beta      | -7    | got -7
                    clip-adapter | ratio          | 1.5   | got 1.5
                    cross-modal  | blend          | -0.5  | got -0.5
                    gda          | alpha          | -1    | got -1
                    prolip       | lambda         | -1    | got -1
                    kgcoop       | lambda         | -8    | got -8
                    prograd      | lambda         | -1    | got -1
                    prograd      | temperature    | 0     | got 0
                    coop         | context_length | 0     | got 0
                    prograd      | context_length | 0     | got 0
                    tcp          | context_length | 0     | got 0
                    cocoop       | context_length | -1    | got -1
                    deep-language | context_length | -3   | got -3
                    cocoop       | words          | ' '   | got none
                    deep-language | depth         | -1    | got -1
                    tcp          | block          | -1    | got -1
                    taskres      | alpha          | a lot | got "a lot"
                    taskres      | alpah          | 1     | one of alpha, templates, own
                    prototypes   | alpha          | 1     | unknown
                    clap         | templates      | cat   | "cat"
                    """)
    void anInvalidSettingIsRefused(String method, String setting, String value, String shown) {
        assertThatThrownBy(() -> Method.of(method).with(Map.of(setting, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(setting.equals("templates") ? "template" : setting, shown);
    }
}
