package org.coop4j.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TextCleanerTest {
    private final HtmlEntities entities = HtmlEntities.load();
    private final TextCleaner cleaner = new TextCleaner(entities);

    @Test
    void everyRunOfUnicodeSpaceBecomesOneSpace() {
        assertThat(cleaner.clean("\u3000a\u00a0\u2003\t b\u2028\u2029\u1680c \r\n"))
                .isEqualTo("a b c");
    }

    @Test
    void entitiesAreDecodedTwice() {
        assertThat(cleaner.clean("<&amp;amp;lt;")).isEqualTo("<&lt;");
        assertThat(cleaner.clean("<&amp;lt;b")).isEqualTo("<<b");
    }

    @Test
    void quotesOfTypographyBecomePlain() {
        assertThat(cleaner.clean("the cat\u2019s \u201chat\u201d")).isEqualTo("the cat's \"hat\"");
        assertThat(cleaner.clean("the cat&rsquo;s hat")).isEqualTo("the cat's hat");
    }

    @Test
    void ligaturesWidthsAndComposedLettersBecomePlain() {
        assertThat(cleaner.clean("\ufb02u\ufb03est \u0132ssel")).isEqualTo("fluffiest ijssel");
        assertThat(cleaner.clean("\uff2c\uff2f\uff35\uff24 \uff71")).isEqualTo("loud \u30a2");
        assertThat(cleaner.clean("cafe\u0301")).isEqualTo("caf\u00e9");
    }

    @Test
    void controlsAndTerminalEscapesVanish() {
        assertThat(cleaner.clean("\u001b[36;44mblue\u001b[0m \ufeffsk\u0000y\u007f"))
                .isEqualTo("blue sky");
        assertThat(cleaner.clean("a\u0085b")).isEqualTo("a\u2026b");
    }

    @Test
    void loneSurrogatesAreReplaced() {
        assertThat(cleaner.clean("a\ud83db")).isEqualTo("a\ufffdb");
        assertThat(cleaner.clean("\ud83d\ude42")).isEqualTo("\ud83d\ude42");
    }

    @Test
    void mojibakeIsLeftAlone() {
        assertThat(cleaner.clean("caf\u00c3\u00a9")).isEqualTo("caf\u00e3\u00a9");
    }

    @Test
    void lowerCaseIsPythons() {
        assertThat(TextCleaner.lowerCase("\u0130I\u1e9e")).isEqualTo("i\u0307i\u00df");
        assertThat(TextCleaner.lowerCase("\u039f\u0394\u039f\u03a3 \u03a3")).isEqualTo("οδος σ");
        assertThat(TextCleaner.lowerCase("\u0391\u03a3.")).isEqualTo("ας.");
        assertThat(TextCleaner.lowerCase("\u0391\u03a3'\u0391")).isEqualTo("ασ'α");
        assertThat(TextCleaner.lowerCase("\ud801\udc00")).isEqualTo("\ud801\udc28");
    }

    @Test
    void referencesAreDecodedAsPythonDoes() {
        assertThat(entities.unescape("&notit; &notin; &amp &AMP; &ampx;")).isEqualTo("¬it; ∉ & & &x;");
        assertThat(entities.unescape("&NotEqualTilde; &CounterClockwiseContourIntegral;"))
                .isEqualTo("≂̸ ∳");
        assertThat(entities.unescape("&; & &# &#x &#; &#xg; &unknown;")).isEqualTo("&; & &# &#x &#; &#xg; &unknown;");
    }

    @Test
    void numbersAreDecodedAsPythonDoes() {
        assertThat(entities.unescape("&#65;&#x41&#X41;&#128512;")).isEqualTo("AAA😀");
        assertThat(entities.unescape("&#x80;&#x81;&#146;")).isEqualTo("\u20ac\u0081\u2019");
        assertThat(entities.unescape("&#0;&#xD800;&#x110000;&#99999999999999999999999;"))
                .isEqualTo("\ufffd\ufffd\ufffd\ufffd");
        assertThat(entities.unescape("&#1;&#x7f;&#xFFFE;&#xFDD0;&#x10FFFF;&#11;"))
                .isEmpty();
        assertThat(entities.unescape("&#13;&#10;")).isEqualTo("\r\n");
    }

    @Test
    void onlyUnambiguousReferencesAreDecodedInPlainText() {
        assertThat(entities.unescapeUnambiguous("this&not that &amp &eacute;")).isEqualTo("this&not that &amp é");
        assertThat(entities.unescapeUnambiguous("P&EACUTE;REZ STRA&SZLIG;E &nTILDE; &LTIMES;"))
                .isEqualTo("PÉREZ STRASSE &nTILDE; &LTIMES;");
        assertThat(entities.unescapeUnambiguous("&#59; &#x41;")).isEqualTo("&#59; A");
    }

    /** Each repair takes one level of references off; two more are decoded afterwards. */
    @Test
    void deeplyNestedReferencesAreDecodedToALimit() {
        assertThat(cleaner.clean("&" + "amp;".repeat(15) + "lt;")).isEqualTo("<");
        assertThat(cleaner.clean("&" + "amp;".repeat(2000))).isEqualTo("&" + "amp;".repeat(2000 - 18));
    }
}
