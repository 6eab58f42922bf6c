package org.coop4j.graph.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WeightFormsTest {

    private final WeightForms forms = new WeightForms();
    private final List<String> events = new ArrayList<>();

    private WeightForms.Lease<String> lease(HostMatrix weights, String form) {
        return forms.lease(
                weights,
                form,
                String.class,
                () -> {
                    events.add("make " + form);
                    return "<" + form + ">" + events.size();
                },
                memory -> events.add("free " + memory));
    }

    @Test
    void kernelsShareAFormUntilTheLastGivesItBack() {
        try (HostMatrix weights = HostMatrix.zeros(2, 3)) {
            WeightForms.Lease<String> first = lease(weights, "packed");
            WeightForms.Lease<String> second = lease(weights, "packed");
            assertThat(second.memory()).isSameAs(first.memory());
            first.close();
            first.close();
            assertThat(events).containsExactly("make packed");
            second.close();
            assertThat(events).containsExactly("make packed", "free <packed>1");
            lease(weights, "packed").close();
            assertThat(events).endsWith("make packed", "free <packed>3").hasSize(4);
        }
    }

    @Test
    void otherFormsAndOtherWeightsAreMadeAnew() {
        try (HostMatrix weights = HostMatrix.zeros(2, 3);
                HostMatrix others = HostMatrix.zeros(2, 3);
                WeightForms.Lease<String> one = lease(weights, "packed");
                WeightForms.Lease<String> form = lease(weights, "turned");
                WeightForms.Lease<String> other = lease(others, "packed")) {
            assertThat(events).containsExactly("make packed", "make turned", "make packed");
            assertThat(other.memory()).isNotSameAs(one.memory());
            assertThat(form.memory()).isEqualTo("<turned>2");
        }
        assertThat(events).hasSize(6);
    }
}
