package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.coop4j.base.Require;

/**
 * Attention among packed rows.
 *
 * <p>Rows are laid out as a prefix of {@code prefix} rows, then the sequences group by group. The sequences of a group
 * have one length and follow one another. A row of a sequence attends to the prefix and to its own sequence, a row of
 * the prefix to the prefix. With {@code causal}, a row does not see later rows of its sequence or of the prefix. A
 * batch of prompts with a common beginning is a prefix and one sequence per class; a batch of images is a group of
 * sequences without a prefix.
 *
 * @param heads number of attention heads
 * @param queries rows that are queries: all rows, or one of each sequence
 * @param causal true if later rows are hidden
 * @param prefix number of rows of the shared beginning, 0 for none
 * @param groups the sequences by length
 */
public record AttentionLayout(int heads, Queries queries, boolean causal, int prefix, List<Group> groups) {

    /** Rows that are queries. */
    public enum Queries {
        /** Every row, the prefix's too. */
        ALL,
        /** The first row of each sequence: an image's class token. */
        FIRST,
        /** The last row of each sequence: a prompt's end token. */
        LAST
    }

    /**
     * Sequences of one length.
     *
     * @param sequences number of sequences
     * @param length rows of each sequence
     */
    public record Group(int sequences, int length) {

        public Group {
            Require.that(
                    sequences >= 1 && length >= 1,
                    "%s sequences of %s rows: expected 1 or more of both",
                    sequences,
                    length);
        }

        int rows() {
            return sequences * length;
        }
    }

    public AttentionLayout {
        Require.that(
                heads >= 1 && prefix >= 0,
                "expected 1 or more heads and 0 or more prefix rows, got %s and %s",
                heads,
                prefix);
        Require.that(!groups.isEmpty(), "no sequences to attend to");
        groups = List.copyOf(groups);
    }

    /** Returns the layout of {@code sequences} sequences of {@code length} rows in which every row sees every other. */
    public static AttentionLayout unmasked(int heads, int sequences, int length) {
        return new AttentionLayout(heads, Queries.ALL, false, 0, List.of(new Group(sequences, length)));
    }

    /** Returns the same rows with other queries. */
    public AttentionLayout withQueries(Queries other) {
        return new AttentionLayout(heads, other, causal, prefix, groups);
    }

    /** Returns true if all sequences have one length, and every row is a query and sees its whole sequence alone. */
    boolean isUniform() {
        return queries == Queries.ALL && !causal && prefix == 0 && groups.size() == 1;
    }

    /** Returns all packed rows, the prefix's included. */
    public int rows() {
        return prefix + groups.stream().mapToInt(Group::rows).sum();
    }

    /** Returns the number of sequences. */
    public int sequences() {
        return groups.stream().mapToInt(Group::sequences).sum();
    }

    /** Returns the number of query rows. */
    public int queryRows() {
        return queries == Queries.ALL ? rows() : sequences();
    }

    /** Returns the row that {@link #queries} names, FIRST or LAST, of each sequence in turn. */
    public int[] selectedRows() {
        int[] rows = new int[sequences()];
        int next = 0;
        int start = prefix;
        for (Group group : groups) {
            for (int s = 0; s < group.sequences; s++) {
                rows[next++] = start + (queries == Queries.LAST ? group.length - 1 : 0);
                start += group.length;
            }
        }
        return rows;
    }

    /** Returns the matrix whose product with rows is the mean of each sequence's own, [sequences][rows]. */
    public float[][] means() {
        float[][] means = new float[sequences()][rows()];
        int next = 0;
        int start = prefix;
        for (Group group : groups) {
            for (int s = 0; s < group.sequences; s++, start += group.length) {
                Arrays.fill(means[next++], start, start + group.length, 1f / group.length);
            }
        }
        return means;
    }

    /**
     * Consecutive sequences of one length.
     *
     * @param firstRow packed row of the first sequence
     * @param firstQuery query row of the first sequence
     * @param sequences number of sequences
     * @param length rows of each sequence
     * @param queriesEach query rows of each sequence
     * @param sharedKeys rows of the prefix that each sequence sees
     * @param firstProbability offset of the block's attention probabilities
     */
    record Block(
            int firstRow,
            int firstQuery,
            int sequences,
            int length,
            int queriesEach,
            int sharedKeys,
            long firstProbability) {

        int keys() {
            return sharedKeys + length;
        }

        int queryRows() {
            return sequences * queriesEach;
        }

        /** Returns the packed row of key {@code i} of a sequence: of the prefix, then its own. */
        int key(int sequence, int i) {
            return i < sharedKeys ? i : firstRow + sequence * length + i - sharedKeys;
        }

        /** Returns the number of elements of one head's probabilities: [query rows, keys]. */
        long probabilitiesPerHead() {
            return (long) queryRows() * keys();
        }
    }

    /** Returns the prefix, if it has queries, as a block of its own, then one block per group. */
    List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        long probability = 0;
        int query = 0;
        int row = prefix;
        if (queries == Queries.ALL && prefix > 0) {
            Block block = new Block(0, 0, 1, prefix, prefix, 0, 0);
            blocks.add(block);
            probability = heads * block.probabilitiesPerHead();
            query = prefix;
        }
        for (Group group : groups) {
            int each = queries == Queries.ALL ? group.length : 1;
            Block block = new Block(row, query, group.sequences, group.length, each, prefix, probability);
            blocks.add(block);
            probability += heads * block.probabilitiesPerHead();
            query += block.queryRows();
            row += group.rows();
        }
        return blocks;
    }

    /** Returns the number of elements of all attention probabilities. */
    public long probabilities() {
        List<Block> blocks = blocks();
        Block last = blocks.get(blocks.size() - 1);
        return last.firstProbability + heads * last.probabilitiesPerHead();
    }

    /** Returns the number of keys that query {@code i} of a sequence of {@code block} sees. */
    int visibleKeys(Block block, int i) {
        if (!causal) {
            return block.keys();
        }
        int position = queries == Queries.LAST ? block.length - 1 : i;
        return block.sharedKeys + position + 1;
    }

    /**
     * Returns the number of multiplications and additions of the products of scores and of values, in one direction.
     */
    long flops(long width) {
        long pairs = 0;
        for (Block block : blocks()) {
            pairs += (long) block.queryRows() * block.keys();
        }
        return 4 * pairs * width;
    }
}
