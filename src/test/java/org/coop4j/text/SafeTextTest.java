package org.coop4j.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class SafeTextTest {

    private static final String HOSTILE = "a\u001b[2J\u009b1m\u202eb\u2066c\u2029\ud800\uffff\n\t";

    @Test
    void whatSteersATerminalOrTurnsALineIsWrittenOut() {
        assertThat(SafeText.line(HOSTILE))
                .isEqualTo("a\\x1b[2J\\x9b1m\\u202eb\\u2066c\\u2029\\ud800\\uffff\\x0a\\x09");
        assertThat(SafeText.lines("a\tb\nc\rd")).isEqualTo("a\tb\nc\\x0dd");
        assertThat(SafeText.xml("<a b='\"&\u0007\n")).isEqualTo("&lt;a b=&#39;&quot;&amp;\\x07\n");
    }

    @Test
    void otherScriptsStay() {
        String text = "Käse 日本 🐱 👩\u200d🚀 שלום عربى";
        assertThat(SafeText.line(text)).isSameAs(text);
    }

    @Test
    void jsonStaysTheSameDocument() throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        String value = "\u007f\u202e\u001b 🐱";
        String safe = SafeText.json(mapper.writeValueAsString(value));

        assertThat(safe).doesNotContain("\u202e", "\u007f", "\u001b");
        assertThat(mapper.readValue(safe, String.class)).isEqualTo(value);
    }
}
