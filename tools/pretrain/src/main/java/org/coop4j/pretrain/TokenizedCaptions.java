package org.coop4j.pretrain;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.coop4j.base.InputException;
import org.coop4j.text.Tokenizer;
import org.coop4j.text.Tokenizer.TextTooLongException;

/**
 * The captions of a table as token ids, each caption with a number that equal ones share.
 *
 * <p>Captions are equal when their tokens are: the text tower cannot tell them apart.
 *
 * @param numbers for each picture the numbers of its captions
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record TokenizedCaptions(int[][] numbers, int[][] tokens) {

    /**
     * @throws InputException when a caption exceeds the context length, naming it
     */
    static TokenizedCaptions of(PairTable table, Tokenizer tokenizer, int contextLength) throws InputException {
        Map<String, Integer> known = new HashMap<>();
        Map<List<Integer>, Integer> byTokens = new HashMap<>();
        java.util.ArrayList<int[]> tokens = new java.util.ArrayList<>();
        int[][] numbers = new int[table.pictures().size()][];
        for (int p = 0; p < numbers.length; p++) {
            List<String> captions = table.pictures().get(p).captions();
            numbers[p] = new int[captions.size()];
            for (int c = 0; c < captions.size(); c++) {
                String caption = captions.get(c);
                Integer number = known.get(caption);
                if (number == null) {
                    int[] ids = tokenize(table, caption, tokenizer, contextLength);
                    number = byTokens.computeIfAbsent(Arrays.stream(ids).boxed().toList(), list -> {
                        tokens.add(ids);
                        return tokens.size() - 1;
                    });
                    known.put(caption, number);
                }
                numbers[p][c] = number;
            }
        }
        return new TokenizedCaptions(numbers, tokens.toArray(int[][]::new));
    }

    private static int[] tokenize(PairTable table, String caption, Tokenizer tokenizer, int contextLength)
            throws InputException {
        int[] ids;
        try {
            ids = tokenizer.tokenize(caption, contextLength);
        } catch (TextTooLongException e) {
            throw new InputException(
                    "%s: the caption \"%s\" is too long: %s".formatted(table.file(), caption, e.getMessage()), e);
        }
        int end = 0;
        while (ids[end] != tokenizer.frame().end().orElseThrow()) {
            end++;
        }
        return Arrays.copyOf(ids, end + 1);
    }

    /** Returns the token ids of the caption with that number, the end token last. */
    int[] tokens(int number) {
        return tokens[number];
    }

    /** Returns all tokens that captions have, ascending. */
    int[] vocabulary() {
        TreeSet<Integer> ids = new TreeSet<>();
        for (int[] caption : tokens) {
            for (int id : caption) {
                ids.add(id);
            }
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Returns the number of tokens of the longest caption. */
    int longest() {
        return Arrays.stream(tokens).mapToInt(caption -> caption.length).max().orElseThrow();
    }
}
