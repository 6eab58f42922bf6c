package org.coop4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;

class LabelsTest {

    private static final Labels SET = Labels.of(new int[] {3, 1, 3}, new int[] {0});

    @Test
    void aSetOfOneIsNotASingleLabel() {
        Labels one = Labels.of(new int[] {2}, new int[0]);
        assertThat(one).isNotEqualTo(Labels.of(2));
        assertThat(Labels.areSets(List.of(one))).isTrue();
        assertThatIllegalStateException().isThrownBy(one::single);
        assertThat(Labels.of(2).single()).isEqualTo(2);
    }

    @Test
    void aSetKnowsTheStateOfEachClass() {
        assertThat(List.of(SET.state(0), SET.state(1), SET.state(2), SET.state(3)))
                .containsExactly(Labels.UNKNOWN, Labels.PRESENT, Labels.ABSENT, Labels.PRESENT);
        assertThat(Labels.ofStates(4, SET::state)).isEqualTo(SET);
        assertThat(Labels.positives(List.of(SET, Labels.of(1)), 4)).containsExactly(0, 2, 0, 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Labels.of(new int[] {1}, new int[] {1}))
                .withMessageContaining("both present and unknown");
    }

    @Test
    void otherNumbersRemoveLabelsOfASetOnly() {
        assertThat(SET.renumbered(label -> label - 1)).isEqualTo(Labels.of(new int[] {2, 0}, new int[0]));
        assertThatIllegalArgumentException().isThrownBy(() -> Labels.of(0).renumbered(label -> label - 1));
    }

    @Test
    void bothKindsAreReadFromTheJsonThatTheyWrite() throws Exception {
        ObjectMapper json = new ObjectMapper();
        for (Labels labels : List.of(SET, Labels.of(7))) {
            assertThat(json.readValue(json.writeValueAsString(labels), Labels.class))
                    .isEqualTo(labels);
        }
        assertThat(json.writeValueAsString(Labels.of(7))).isEqualTo("7");
    }
}
