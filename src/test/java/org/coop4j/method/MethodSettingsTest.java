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
                    taskres      | alpha          | -1    | alpha: expected 0 or more, got -1.0
                    tip-adapter  | alpha          | -1    | alpha: expected 0 or more, got -1.0
                    tip-adapter  | beta           | -0.5  | beta: expected 0 or more, got -0.5
                    tip-adapter-f | max_beta      | -7    | max_beta: expected 0 or more, got -7.0
                    clip-adapter | ratio          | 1.5   | ratio: expected 0 to 1, got 1.5
                    cross-modal  | blend          | -0.5  | blend: expected 0 to 1, got -0.5
                    gda          | alpha          | -1    | alpha: expected 0 or more, got -1.0
                    prolip       | lambda         | -1    | lambda: expected 0 or more, got -1.0
                    kgcoop       | weight         | -8    | weight: expected 0 or more, got -8.0
                    prograd      | lambda         | -1    | lambda: expected 0 or more, got -1.0
                    prograd      | temperature    | 0     | temperature: expected more than 0, got 0.0
                    coop         | context_length | 0     | context_length: expected 1 or more context vectors, got 0
                    prograd      | context_length | 0     | context_length: expected 1 or more context vectors, got 0
                    tcp          | context_length | 0     | context_length: expected 1 or more context vectors, got 0
                    cocoop       | context_length | 0     | context_length: expected 1 or more context vectors, got 0
                    deep-language | context_length | -3   | context_length: expected 1 or more context vectors, got -3
                    deep-language | depth         | -1    | depth: expected 0 or more, got -1
                    tcp          | block          | -1    | block: expected 0 or more, got -1
                    taskres      | alpha          | a lot | alpha: expected a number, got "a lot"
                    taskres      | alpah          | 1     | unknown setting "alpah": expected one of alpha, templates, own
                    prototypes   | alpha          | 1     | unknown setting "alpha": there are none to set
                    clap         | templates      | cat   | template "cat" has no {}
                    """)
    void anInvalidSettingIsRefused(String method, String setting, String value, String message) {
        assertThatThrownBy(() -> Method.of(method).with(Map.of(setting, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
