package org.coop4j.clip;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.coop4j.base.Require;
import org.coop4j.graph.AttentionLayout;
import org.coop4j.graph.AttentionLayout.Group;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.Graph;
import org.coop4j.model.ClipConfig;

/**
 * Prompts packed into matrix rows, their common beginning once.
 *
 * <p>Attention is causal, so the common beginning of all prompts has the same activations in each of them and is
 * computed once. Rows past an end token never matter and do not exist. Prompts follow one another sorted by length, so
 * that equal lengths form a group without padding. With a unified context in front of the names of 1,000 classes,
 * 77,000 rows become about 4,200. Values and gradients are exact.
 *
 * <p>Without a mask every row sees every row: nothing is shared. In SigLIP every prompt fills the context, since padding is
 * seen as well; in TIPS it is not.
 *
 * <p>A prompt is an array of prompt tokens: the id of a token, or a context vector written as {@link #context}(index).
 */
public final class PackedPrompts {

    private final List<int[]> prompts;
    private final int prefix;
    private final int[] tokens;
    private final int[] positions;
    private final int[] sequenceOfPrompt;
    private final int[] firstRow;
    private final AttentionLayout layout;
    private final int added; // vectors behind the start token that other packings lack

    /** Returns the prompt token that stands for context vector {@code index}. */
    public static int context(int index) {
        return -1 - index;
    }

    /** Returns true if a prompt token is a context vector. */
    static boolean isContext(int token) {
        return token < 0;
    }

    /** Returns the index of the context vector that a prompt token stands for. */
    static int contextIndex(int token) {
        return -1 - token;
    }

    /** Returns the number of context vectors that prompts refer to: one more than the largest index. */
    static int vectors(List<int[]> prompts) {
        return prompts.stream()
                        .flatMapToInt(Arrays::stream)
                        .filter(PackedPrompts::isContext)
                        .map(PackedPrompts::contextIndex)
                        .max()
                        .orElse(-1)
                + 1;
    }

    /**
     * Packs the prompts.
     *
     * @param prompts tokens of each prompt, the end token last and nothing after it
     * @param heads attention heads of the text tower
     */
    public PackedPrompts(List<int[]> prompts, int heads) {
        this(prompts, heads, true, 0);
    }

    /** Returns prompts for a text tower; in SigLIP's they must fill the context, in TIPS's they are of any length. */
    static PackedPrompts of(List<int[]> prompts, ClipConfig.Text text) {
        for (int[] prompt : prompts) {
            Require.that(
                    !text.unmasked() || text.averaged() || prompt.length == text.contextLength(),
                    "a prompt of %s tokens: expected the whole context of %s, padding included",
                    prompt.length,
                    text.contextLength());
        }
        return new PackedPrompts(prompts, text.heads(), !text.unmasked(), 0);
    }

    private PackedPrompts(List<int[]> prompts, int heads, boolean causal, int added) {
        this.added = added;
        Require.that(!prompts.isEmpty(), "no prompts to pack");
        for (int[] prompt : prompts) {
            Require.that(prompt.length != 0, "a prompt is empty: it needs its end token");
        }
        this.prompts = prompts;
        prefix = causal ? commonPrefix(prompts) : 0;
        Integer[] order = new Integer[prompts.size()];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparingInt(i -> prompts.get(i).length));
        int rows = prefix + prompts.stream().mapToInt(p -> p.length - prefix).sum();
        tokens = Arrays.copyOf(prompts.get(0), rows);
        positions = new int[rows];
        sequenceOfPrompt = new int[prompts.size()];
        firstRow = new int[prompts.size()];
        List<Group> groups = new ArrayList<>();
        for (int i = 0; i < prefix; i++) {
            positions[i] = i;
        }
        int row = prefix;
        int inGroup = 0;
        for (int sequence = 0; sequence < order.length; sequence++) {
            int[] prompt = prompts.get(order[sequence]);
            sequenceOfPrompt[order[sequence]] = sequence;
            firstRow[order[sequence]] = row;
            for (int i = prefix; i < prompt.length; i++, row++) {
                tokens[row] = prompt[i];
                positions[row] = i;
            }
            inGroup++;
            boolean last = sequence + 1 == order.length;
            if (last || prompts.get(order[sequence + 1]).length != prompt.length) {
                groups.add(new Group(inGroup, prompt.length - prefix));
                inGroup = 0;
            }
        }
        layout = new AttentionLayout(heads, Queries.ALL, causal, prefix, groups);
    }

    /** Returns the longest common beginning that leaves each prompt a row of its own. */
    private static int commonPrefix(List<int[]> prompts) {
        int[] first = prompts.get(0);
        int prefix = first.length - 1;
        for (int[] prompt : prompts) {
            prefix = Math.min(prefix, prompt.length - 1);
            int mismatch = Arrays.mismatch(first, 0, prefix, prompt, 0, prefix);
            prefix = mismatch < 0 ? prefix : mismatch;
        }
        return prefix;
    }

    /** Returns attention among the packed rows. */
    public AttentionLayout layout() {
        return layout;
    }

    /** Returns the number of packed rows. */
    public int rows() {
        return tokens.length;
    }

    /** Returns the number of rows of the common beginning. */
    public int prefix() {
        return prefix;
    }

    /** Returns the prompt token of a packed row. */
    public int token(int row) {
        return tokens[row];
    }

    /** Returns the context vector of each row, or {@link Graph#NO_ROW}. */
    int[] contextOfRows() {
        return Arrays.stream(tokens)
                .map(token -> isContext(token) ? contextIndex(token) : Graph.NO_ROW)
                .toArray();
    }

    /** Returns the position of a packed row in its prompt, 0 for the start token. */
    public int position(int row) {
        return positions[row];
    }

    /** Returns the packed row of a position of a prompt. */
    private int row(int prompt, int position) {
        return position < prefix ? position : firstRow[prompt] + position - prefix;
    }

    /** Returns the sequence of the layout that each prompt is. */
    public int[] sequenceOfPrompt() {
        return sequenceOfPrompt.clone();
    }

    /** Returns the same prompts, each with context vectors of its own, in the order of the sequences. */
    PackedPrompts withOwnVectors() {
        int vectors = vectors(prompts);
        List<int[]> result = new ArrayList<>();
        for (int prompt = 0; prompt < prompts.size(); prompt++) {
            int first = sequenceOfPrompt[prompt] * vectors;
            result.add(Arrays.stream(prompts.get(prompt))
                    .map(token -> isContext(token) ? context(first + contextIndex(token)) : token)
                    .toArray());
        }
        return new PackedPrompts(result, layout.heads());
    }

    /** Returns the same prompts with {@code vectors} context vectors behind the start token, where there are none yet. */
    PackedPrompts withVectors(int vectors) {
        List<int[]> result = new ArrayList<>();
        for (int[] prompt : prompts) {
            int[] longer = new int[prompt.length + vectors];
            longer[0] = prompt[0];
            for (int i = 0; i < vectors; i++) {
                longer[1 + i] = context(i);
            }
            System.arraycopy(prompt, 1, longer, 1 + vectors, prompt.length - 1);
            result.add(longer);
        }
        return new PackedPrompts(result, layout.heads(), true, vectors);
    }

    /**
     * Returns the source of each row: the same place in another packing, or a context vector, counted on from its rows.
     */
    int[] sources(PackedPrompts from) {
        int[] sources = new int[rows()];
        for (int prompt = 0; prompt < prompts.size(); prompt++) {
            int[] ofPrompt = prompts.get(prompt);
            for (int i = 0; i < ofPrompt.length; i++) {
                int before = i == 0 ? 0 : i - added + from.added; // its place there
                sources[row(prompt, i)] =
                        isContext(ofPrompt[i]) ? from.rows() + contextIndex(ofPrompt[i]) : from.row(prompt, before);
            }
        }
        return sources;
    }
}
