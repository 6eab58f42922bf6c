package org.coop4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.util.List;
import org.junit.jupiter.api.Test;

class ClassNamesTest {

    @Test
    void classNamesMatchAsTheyDoInAPrompt() {
        assertThat(ClassNames.positions(List.of("Sea  Lake", "river"), List.of("River", "crop", "sea_lake")))
                .containsExactly(2, 0);
    }

    /** ImageNet has two classes called missile and two called sunglasses. */
    @Test
    void classesWithTheSameNameMatchInOrder() {
        List<String> imageNet = List.of("missile", "crane", "sunglasses", "missile", "crane");
        assertThat(ClassNames.positions(imageNet, imageNet)).containsExactly(0, 1, 2, 3, 4);
        assertThat(ClassNames.positions(List.of("crane", "missile"), imageNet)).containsExactly(1, 0);
        assertThrown(
                IllegalArgumentException.class,
                () -> ClassNames.positions(List.of("crane", "crane", "crane"), imageNet),
                "\"crane\"",
                "5 classes");
    }

    @Test
    void anUnavailableClassIsNamed() {
        assertThrown(
                IllegalArgumentException.class,
                () -> ClassNames.positions(List.of("fox"), List.of("a", "b", "c", "d", "e", "f")),
                "\"fox\"",
                "6 classes",
                "a, b, c, d, e, …");
    }
}
