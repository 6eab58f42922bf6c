package org.coop4j.method;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.PackedPrompts;
import org.coop4j.clip.Parameters;
import org.coop4j.clip.Parameters.Changes;
import org.coop4j.clip.Parameters.ImageRows;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.RandomStream;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Vectors in both towers, with the names and the order of Khattak et al.'s code: rows behind the patches of an image, before
 * {@code ln_pre} where they enter at block 0, and the first words of "a photo of a", each replaced on entry to further blocks.
 *
 * @param textLength vectors of a prompt; of up to four, the words that are left follow them, and more of them begin at random
 * @param imageLength rows of an image
 * @param textDepth blocks of the text tower with vectors of their own, the first included; 0 for all
 * @param imageDepth blocks of the image tower with rows of their own, the first included; 0 for all that follow
 * @param firstBlock block of the image tower that the rows enter
 */
record TowerPrompts(
        @Setting("vectors of a prompt; up to 4 begin as the first words of \"a photo of a\"") int textLength,
        @Setting("further rows of an image") int imageLength,
        @Setting("blocks of the text tower with vectors of their own, 0 for all") int textDepth,
        @Setting("blocks of the image tower with rows of their own, 0 for all") int imageDepth,
        @Setting("block of the image tower that the rows enter, from 0") int firstBlock) {

    static final String CTX = "prompt_learner.ctx";
    private static final String IMAGE = "image_encoder.";
    private static final String TEXT = "text_encoder.";
    private static final String FIRST = IMAGE + "VPT";
    private static final String BLOCKS = "transformer.resblocks.";
    private static final String DEEPER = ".VPT_shallow";

    TowerPrompts {
        Require.positive("text_length", textLength);
        Require.positive("image_length", imageLength);
        Require.notNegative("text_depth", textDepth);
        Require.notNegative("image_depth", imageDepth);
        Require.notNegative("first_block", firstBlock);
    }

    /** A method with vectors in both towers. */
    interface InBothTowers extends TowerMethod {

        TowerPrompts prompts();

        @Override
        default List<LearnedTensor> besideContext(Clip clip, long seed) {
            return prompts().initial(clip, vit(clip).layers(), seed);
        }

        @Override
        default List<int[]> prompts(Clip clip, List<String> classNames) {
            return TowerPrompts.prompts(clip, prompts().textLength(), classNames);
        }

        @Override
        default Context vectors() {
            return step -> step.learned(TowerPrompts.CTX);
        }

        @Override
        default Map<Integer, PromptEncoder.Replacement> replacements(StepGraph step, FeatureMatrix teacher) {
            return TowerPrompts.replacements(step);
        }

        @Override
        default int firstBlock() {
            return prompts().firstBlock();
        }

        @Override
        default boolean addsRows() {
            return true;
        }

        @Override
        default Changes changes(Parameters.Learned graph) {
            return TowerPrompts.changes(graph, prompts().firstBlock());
        }
    }

    /** Returns the vectors before training, the context first. */
    List<LearnedTensor> initial(Clip clip, int imageBlocks, long seed) {
        List<LearnedTensor> tensors = new ArrayList<>();
        int width = clip.architecture().text().width();
        tensors.add(context(clip, textLength, seed));
        int blocks = depth("text_depth", textDepth, clip.architecture().text().layers());
        for (int block = 1; block < blocks; block++) {
            tensors.add(random(TEXT + BLOCKS + block + DEEPER, textLength, width, seed));
        }
        tensors.addAll(rows(clip, imageBlocks, imageLength, imageDepth, firstBlock, seed));
        return tensors;
    }

    /** Returns the rows of images before training. */
    static List<LearnedTensor> rows(Clip clip, int blocks, int length, int depth, int first, long seed) {
        int width = clip.architecture().vision().width();
        Require.that(first < blocks, "first_block: expected at most %d, got %d", blocks - 1, first);
        List<LearnedTensor> tensors = new ArrayList<>();
        tensors.add(random(FIRST, length, width, seed));
        int last = first + depth("image_depth", depth, blocks - first);
        for (int block = first + 1; block < last; block++) {
            tensors.add(random(IMAGE + BLOCKS + block + DEEPER, length, width, seed));
        }
        return tensors;
    }

    private static int depth(String setting, int depth, int blocks) {
        Require.that(depth <= blocks, "%s: expected at most %d, got %d", setting, blocks, depth);
        return depth == 0 ? blocks : depth;
    }

    static LearnedTensor random(String name, int length, int width, long seed) {
        LearnedTensor vectors = LearnedTensor.zeros(name, length, width);
        PromptContext.fill(vectors.values(), RandomStream.of(seed, "initial " + name));
        return vectors;
    }

    /** Returns vectors that begin as the first words of "a photo of a", or at random if there are more of them. */
    static LearnedTensor context(Clip clip, int length, long seed) {
        int[] words = clip.tokenizer().encode(PromptContext.PHOTO);
        if (length > words.length) {
            return random(CTX, length, clip.architecture().text().width(), seed);
        }
        float[] values = PromptContext.embeddings(clip, Arrays.copyOf(words, length));
        return LearnedTensor.of(CTX, values, length, values.length / length);
    }

    /** Returns "a photo of a NAME." with vectors in place of its first words, or of all where there are more vectors. */
    static List<int[]> prompts(Clip clip, int length, List<String> classNames) {
        int words = clip.tokenizer().encode(PromptContext.PHOTO).length;
        return TowerMethod.prompts(clip, PromptTemplates.PHOTO, classNames).stream()
                .map(photo -> withVectors(photo, length, words))
                .toList();
    }

    /** Returns a prompt with vectors in place of its first words. */
    static int[] withVectors(int[] photo, int length, int words) {
        int replaced = 1 + (length > words ? words : length);
        IntStream vectors = IntStream.range(0, length).map(PackedPrompts::context);
        IntStream rest = Arrays.stream(photo, replaced, photo.length);
        return IntStream.concat(IntStream.concat(Arrays.stream(photo, 0, 1), vectors), rest)
                .toArray();
    }

    /** Returns the rows of images in a graph, which enter at a block. */
    static Changes changes(Parameters.Learned graph, int firstBlock) {
        SortedMap<Integer, SDVariable> rows = new TreeMap<>(deeper(graph, IMAGE));
        SDVariable first = graph.learned(FIRST);
        int count = Math.toIntExact(first.getShape()[0]);
        rows.put(firstBlock, first);
        return new Changes(Map.of(), Map.of(), new ImageRows(rows, count, null));
    }

    static Map<Integer, PromptEncoder.Replacement> replacements(StepGraph step) {
        Map<Integer, PromptEncoder.Replacement> replacements = new HashMap<>();
        deeper(step, TEXT).forEach((block, own) -> replacements.put(block, new PromptEncoder.Replacement(own, false)));
        return replacements;
    }

    /** Returns the vectors of a tower's deeper blocks. */
    private static Map<Integer, SDVariable> deeper(Parameters.Learned graph, String tower) {
        Map<Integer, SDVariable> found = new HashMap<>();
        String before = tower + BLOCKS;
        for (String name : graph.names()) {
            if (name.startsWith(before) && name.endsWith(DEEPER)) {
                String block = name.substring(before.length(), name.length() - DEEPER.length());
                found.put(Integer.parseInt(block), graph.learned(name));
            }
        }
        return found;
    }
}
