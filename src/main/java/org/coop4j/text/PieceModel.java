package org.coop4j.text;

import java.util.stream.IntStream;

/** A way of splitting normalised text into pieces of a vocabulary. */
interface PieceModel {

    /** Appends the ids of the pieces of a text in UTF-8. */
    void split(byte[] text, IntStream.Builder ids);

    /**
     * The ids of text that is not a piece: its bytes, or else the unknown piece.
     *
     * @param id the unknown piece; -1 to leave such text out
     * @param bytes pieces of single bytes, -1 for those that are missing; empty if text does not fall back to them
     * @param fused true for one unknown piece per run of such text
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Unknown(int id, int[] bytes, boolean fused) {

        /** Returns true if all bytes of a range have pieces. */
        boolean hasBytes(byte[] text, int from, int to) {
            for (int i = from; i < to; i++) {
                if (bytes.length == 0 || bytes[text[i] & 0xFF] < 0) {
                    return false;
                }
            }
            return true;
        }

        /**
         * Appends a piece, or the ids of text that is none.
         *
         * @param piece -1 for none
         * @param run true if the text before was unknown
         * @return true if this one is
         */
        boolean append(int piece, byte[] text, int from, int to, boolean run, IntStream.Builder ids) {
            if (piece >= 0) {
                ids.add(piece);
                return false;
            }
            boolean spelled = hasBytes(text, from, to);
            for (int i = from; spelled && i < to; i++) {
                ids.add(bytes[text[i] & 0xFF]);
            }
            if (!spelled && id >= 0 && !(run && fused)) {
                ids.add(id);
            }
            return !spelled;
        }
    }
}
