package org.coop4j.graph.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.coop4j.graph.host.Workers.WeightForms;
import org.junit.jupiter.api.Test;

class WeightFormsTest {

    private final WeightForms forms = new WeightForms();
    private final List<List<Object>> made = new ArrayList<>();

    private BytePointer take(List<Object> key) {
        return forms.take(key, () -> {
            made.add(key);
            return new BytePointer(8);
        });
    }

    @Test
    void kernelsShareACopyUntilTheLastGivesItBack() {
        List<Object> key = List.of(1000L, "packed");
        BytePointer first = take(key);
        assertThat(take(List.of(1000L, "packed"))).isSameAs(first);
        forms.giveBack(key);
        assertThat(first.isNull()).isFalse();
        forms.giveBack(key);
        assertThat(first.isNull()).isTrue();
        assertThat(forms.copies()).isEmpty();
        BytePointer next = take(key);
        assertThat(next.isNull()).isFalse();
        assertThat(made).containsExactly(key, key);
        forms.giveBack(key);
    }

    @Test
    void otherFormsAndOtherWeightsAreMadeAnew() {
        List<Object> packed = List.of(1000L, "packed");
        List<Object> turned = List.of(1000L, "turned");
        List<Object> others = List.of(2000L, "packed");
        BytePointer one = take(packed);
        BytePointer form = take(turned);
        BytePointer other = take(others);
        assertThat(made).containsExactly(packed, turned, others);
        assertThat(List.of(form, other)).doesNotContain(one);
        forms.giveBack(turned);
        assertThat(one.isNull()).isFalse();
        assertThat(forms.copies()).hasSize(2);
        forms.giveBack(packed);
        forms.giveBack(others);
        assertThat(forms.copies()).isEmpty();
    }
}
