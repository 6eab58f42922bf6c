package org.coop4j.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SafeTextTest {

    private static final String HOSTILE = "a\u001b[2J\u009b1m\u202eb\u2066c\u2029\ud800\uffff\n\t";

    @Test
    void whatSteersATerminalOrTurnsALineIsWrittenOut() {
        assertThat(SafeText.line(HOSTILE)).isEqualTo("a\\x1b[2J\\x9b1m\\u202eb\\u2066c\\u2029\\ud800\\uffff\\x0a\\x09");
        assertThat(SafeText.lines("a\tb\nc\rd")).isEqualTo("a\tb\nc\\x0dd");
        assertThat(SafeText.xml("<a b='\"&\u0007\n")).isEqualTo("&lt;a b=&#39;&quot;&amp;\\x07\n");
    }

    @Test
    void otherScriptsStay() {
        String text = "Käse 日本 🐱 👩\u200d🚀 שלום عربى";
        assertThat(SafeText.line(text)).isSameAs(text);
    }
}
