package org.coop4j.pretraindata;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CaptionsTest {
    private static final Subject APPLE =
            new Subject("red apple", List.of("apple", "healthy"), List.of("fruit", "food"));

    @Test
    void theNameComesFirstAndKindsHaveSentences() {
        List<String> captions = Captions.of("noto/1f34e", Source.NOTO, APPLE, false);
        assertThat(captions).hasSizeLessThanOrEqualTo(6).doesNotHaveDuplicates();
        assertThat(captions.get(0)).isEqualTo("red apple");
        assertThat(captions.get(1)).matches("an? \\w+ of a red apple\\.?");
        assertThat(captions.get(2)).isEqualTo("red apple, healthy, fruit, food");
        assertThat(captions.get(3)).matches("an? \\w+ of a fruit\\.?");
        assertThat(captions.get(4)).matches("an? \\w+ of food\\.?");
    }

    @Test
    void colourlessPicturesAreSaidToBe() {
        List<String> captions = Captions.of("openclipart/a", Source.OPEN_CLIP_ART, APPLE, true);
        assertThat(captions.get(1)).contains("black and white");
    }

    @Test
    void aPictureWithoutNameStillHasItsKinds() {
        Subject nameless = new Subject("", List.of("garden"), List.of("flower"));
        assertThat(Captions.of("openclipart/b", Source.OPEN_CLIP_ART, nameless, false))
                .hasSize(2)
                .last()
                .isEqualTo("garden, flower");
    }

    @ParameterizedTest
    @CsvSource({
        "apple, an apple",
        "unicorn, a unicorn",
        "hourglass, an hourglass",
        "grapes, grapes",
        "skis, skis",
        "cactus, a cactus",
        "glass, a glass",
        "flag of japan, a flag of japan",
        "clothing, clothing",
        "3d glasses, 3d glasses",
        "the end, the end"
    })
    void articlesFitTheNoun(String noun, String expected) {
        assertThat(Captions.withArticle(noun)).isEqualTo(expected);
    }
}
