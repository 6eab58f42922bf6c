package org.coop4j.pretrain;

import java.util.Arrays;
import java.util.List;

/**
 * The captions of a batch one after another, as the graph takes them.
 *
 * @param tokens [rows]: the row of the embedding table, −1 in rows of no caption
 * @param places [rows]: the position in its caption
 * @param starts [captions + 1]: the first row of each caption, and the first row of none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record PackedCaptions(float[] tokens, float[] places, float[] starts) {

    /**
     * @param captions token ids of each, the end token last and nothing after it
     * @param vocabulary the token of each row of the embedding table, ascending
     * @throws IllegalArgumentException if there are not as many captions as a step has, they exceed the
     *     room, or one has a token that is not in the table
     */
    static PackedCaptions of(List<int[]> captions, TrainableClip.Size size, int[] vocabulary) {
        int rows = captions.stream().mapToInt(caption -> caption.length).sum();
        if (captions.size() != size.captions() || rows > size.rows()) {
            throw new IllegalArgumentException("%d captions of %d tokens where there is room for %d of %d"
                    .formatted(captions.size(), rows, size.captions(), size.rows()));
        }
        float[] tokens = new float[size.rows()];
        float[] places = new float[size.rows()];
        float[] starts = new float[size.captions() + 1];
        Arrays.fill(tokens, rows, size.rows(), -1f);
        int row = 0;
        for (int s = 0; s < size.captions(); s++) {
            int[] caption = captions.get(s);
            for (int i = 0; i < caption.length; i++, row++) {
                tokens[row] = rowOf(caption[i], vocabulary);
                places[row] = i;
            }
            starts[s + 1] = row;
        }
        return new PackedCaptions(tokens, places, starts);
    }

    private static int rowOf(int token, int[] vocabulary) {
        int row = Arrays.binarySearch(vocabulary, token);
        if (row < 0) {
            throw new IllegalArgumentException("token " + token + " is none of the tokens that the model was made for");
        }
        return row;
    }
}
