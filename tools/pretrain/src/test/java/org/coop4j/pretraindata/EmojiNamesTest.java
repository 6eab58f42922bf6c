package org.coop4j.pretraindata;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmojiNamesTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "flag: Japan | flag of japan",
                "waving hand: dark skin tone | waving hand with dark skin tone",
                "woman: red hair | woman, red hair",
                "keycap: 1 | keycap 1",
                "A button (blood type) | a button blood type",
                "woman’s boot | womans boot"
            })
    void labelsAreSaidAsPhrases(String label, String phrase) {
        assertThat(EmojiNames.phrase(label)).isEqualTo(phrase);
    }

    @Test
    void setsThatNameEmojiDifferentlyMeet() {
        assertThat(EmojiNames.slug("flag-for-japan")).isEqualTo(EmojiNames.slug("flag: Japan"));
        assertThat(EmojiName.normalise("0031-fe0f-20e3")).isEqualTo("0031-20E3");
    }
}
