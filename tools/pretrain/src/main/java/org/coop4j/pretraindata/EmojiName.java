package org.coop4j.pretraindata;

/**
 * One emoji of the Unicode list.
 *
 * @param code its code points in upper-case hexadecimal, joined by "-", without the variation
 *     selector FE0F, which sets differ about
 * @param baseCode the code of the same emoji without skin tone
 * @param label its Unicode name, as emojibase has it
 * @param subject what it shows
 */
record EmojiName(String code, String baseCode, String label, Subject subject) {
    boolean hasSkinTone() {
        return !code.equals(baseCode);
    }

    /** Brings a code or a file's name to the form of {@link #code}. */
    static String normalise(String code) {
        return code.toUpperCase(java.util.Locale.ROOT).replace("-FE0F", "");
    }
}
