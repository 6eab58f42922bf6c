package org.coop4j.text;

import java.util.stream.IntStream;

/** A way of splitting normalised text into pieces of a vocabulary. */
interface PieceModel {

    /** Appends the ids of the pieces of a text in UTF-8. */
    void split(byte[] text, IntStream.Builder ids);

    /**
     * The ids of text that is no piece: those of its bytes, or else the unknown piece, once for a run.
     *
     * @param id the unknown piece
     * @param bytes pieces of single bytes, -1 for those that are missing; empty if text does not fall back to them
     * @param fused true for one id per run
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

        void appendBytes(byte[] text, int from, int to, IntStream.Builder ids) {
            for (int i = from; i < to; i++) {
                ids.add(bytes[text[i] & 0xFF]);
            }
        }
    }
}
