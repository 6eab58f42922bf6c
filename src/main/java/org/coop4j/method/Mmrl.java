package org.coop4j.method;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.Parameters;
import org.coop4j.clip.Parameters.Changes;
import org.coop4j.clip.Parameters.ImageRows;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.RandomStream;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Classifier.LogitGraph;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Optimizer.Algorithm;
import org.coop4j.method.Training.Schedule;
import org.coop4j.model.ClipConfig;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * MMRL, multi-modal representation learning (Guo, Gu: "MMRL", CVPR 2025; the reference's {@code trainers/mmrl.py}): learned
 * vectors that linear maps turn into rows behind the class token of images and behind the start token of prompts, in the
 * upper blocks. The rows of an image give it a second feature, by a projection of their own.
 *
 * <p>loss = α CE(s f wᵀ) + (1 − α) CE(s r wᵀ) + ρ (1 − mean cos(f, f₀)) + ρ (1 − mean cos(w, t)), with f and r the two image
 * features and f₀ and t the frozen model's. Classes that were learned are predicted by both features, any other by f alone.
 *
 * @param length vectors M
 * @param space their width
 * @param firstLayer first block of images with rows, counted from 1; 0 for the middle one
 * @param firstTextLayer first block of texts with rows, counted from 1; 0 for the one at the same height, which is the same
 *     one in towers of one depth, the reference's
 * @param alpha share of the first feature
 * @param rho weight of the distances from the frozen model; at another logit scale than 100 it is divided by the square of
 *     {@link Training#reach}
 * @param template hand-written prompt; null for the data's own
 */
record Mmrl(
        @Setting("learned vectors") int length,
        @Setting("width of the learned vectors") int space,
        @Setting("first block of images with rows, counted from 1; 0 for the middle one") int firstLayer,
        @Setting("first block of texts with rows, counted from 1; 0 for the one at the same height") int firstTextLayer,
        @Setting("share of the class token's feature, 0 to 1") double alpha,
        @Setting("weight at logit scale 100 of the distances from the frozen model's features") double rho,
        @Setting("hand-written prompt with {} for the class name; without it the data's own") String template)
        implements TowerMethod {

    private static final String VECTORS = "representation_learner.compound_rep_tokens";
    private static final String TO_IMAGE = VECTORS + "_r2vproj.";
    private static final String TO_TEXT = VECTORS + "_r2tproj.";
    private static final String PROJECTION = "image_encoder.proj_rep";

    public Mmrl {
        Require.positive("length", length);
        Require.positive("space", space);
        Require.notNegative("first_layer", firstLayer);
        Require.notNegative("first_text_layer", firstTextLayer);
        Require.share("alpha", alpha);
        Require.notNegative("rho", rho);
        if (template != null) {
            PromptEnsemble.of(template);
        }
    }

    /** The reference's: five vectors of width 512 starting at block 6 of 12; ρ as from base to new classes. */
    public Mmrl() {
        this(5, 512, 0, 0, 0.7, 1, null);
    }

    @Override
    public About about() {
        return new About(
                "mmrl",
                "MMRL (M = %d)".formatted(length),
                "Learned rows in the upper blocks of both towers and a second image feature; the best of these from base to new"
                        + " classes (Guo and Gu, CVPR 2025).");
    }

    @Override
    public Training training(int shots) {
        return Training.adam(Algorithm.ADAMW, 50, 32, 0.001, Training.WEIGHT_DECAY, 1e-8, Schedule.EPOCH_COSINE);
    }

    @Override
    public Fast fast(Clip clip, int block, int classes) {
        return new Fast(
                with(Map.of("first_layer", block + 1, "first_text_layer", 0)),
                Settings.with(fastTraining(), Map.of("rate", 0.003)),
                2);
    }

    @Override
    public Method in(FeatureSpace space) {
        return lacks(space) == null ? placed(space.towers().orElseThrow(), template) : this;
    }

    @Override
    public PromptMethod resolved(Clip clip, String own) {
        return placed(clip, template == null ? own : template);
    }

    /** Returns the method with the first blocks that a model's depth decides. */
    private Mmrl placed(Clip clip, String prompt) {
        int blocks = vit(clip).layers();
        int textBlocks = clip.architecture().text().layers();
        int first = firstLayer == 0 ? Math.max(1, blocks / 2) : firstLayer;
        int firstText = firstTextLayer == 0 ? Math.max(1, first * textBlocks / blocks) : firstTextLayer;
        requireAtMost("first_layer", blocks, first);
        requireAtMost("first_text_layer", textBlocks, firstText);
        return new Mmrl(length, space, first, firstText, alpha, rho, prompt);
    }

    private static void requireAtMost(String name, int most, int value) {
        Require.that(value <= most, "%s: expected at most %d, got %d", name, most, value);
    }

    @Override
    public List<LearnedTensor> besideContext(Clip clip, long seed) {
        Mmrl resolved = placed(clip, template);
        int width = vit(clip).width();
        List<LearnedTensor> tensors = new ArrayList<>();
        tensors.add(TowerPrompts.random(VECTORS, length, space, seed));
        resolved.addMaps(tensors, TO_IMAGE, resolved.firstLayer, vit(clip).layers(), width, seed);
        ClipConfig.Text text = clip.architecture().text();
        resolved.addMaps(tensors, TO_TEXT, resolved.firstTextLayer, text.layers(), text.width(), seed);
        LearnedTensor projection = LearnedTensor.zeros(PROJECTION, width, clip.embedDim());
        SplittableRandom random = RandomStream.of(seed, "initial " + PROJECTION);
        for (int i = 0; i < projection.values().length; i++) {
            projection.values()[i] = (float) (random.nextGaussian() / Math.sqrt(width));
        }
        tensors.add(projection);
        return tensors;
    }

    /** Adds the maps to the rows of the blocks of a tower starting at one, copies of one draw. */
    private void addMaps(List<LearnedTensor> tensors, String maps, int first, int blocks, int width, long seed) {
        for (int j = 0; j <= blocks - first; j++) {
            TowerMethod.addMap(tensors, maps + j, maps, space, width, seed);
        }
    }

    @Override
    public List<int[]> prompts(Clip clip, List<String> classNames) {
        Require.that(template != null, "template: MMRL needs the data's prompt, such as \"a photo of a {}.\"");
        return TowerMethod.prompts(clip, template, classNames);
    }

    @Override
    public String teacher(String own) {
        return template;
    }

    /** Returns the first block of images with rows, which is known once {@link #in} has named a model's middle one. */
    @Override
    public int firstBlock() {
        return Math.max(0, firstLayer - 1);
    }

    @Override
    public boolean addsRows() {
        return true;
    }

    @Override
    public int featuresOfImage() {
        return 2;
    }

    @Override
    public Map<Integer, PromptEncoder.Replacement> replacements(StepGraph step, FeatureMatrix teacher) {
        Map<Integer, PromptEncoder.Replacement> rows = new HashMap<>();
        mapped(step, TO_TEXT, firstTextLayer)
                .forEach((block, own) -> rows.put(block, new PromptEncoder.Replacement(own, false, length)));
        return rows;
    }

    @Override
    public Changes changes(Parameters.Learned graph) {
        return new Changes(
                Map.of(),
                Map.of(),
                new ImageRows(mapped(graph, TO_IMAGE, firstLayer), length, graph.learned(PROJECTION)));
    }

    /** Returns the rows of the blocks of a tower starting at one. */
    private SortedMap<Integer, SDVariable> mapped(Parameters.Learned graph, String maps, int first) {
        SortedMap<Integer, SDVariable> rows = new TreeMap<>();
        for (int j = 0; graph.names().contains(maps + j + ".weight"); j++) {
            rows.put(first - 1 + j, TowerMethod.mapped(graph, VECTORS, maps + j));
        }
        return rows;
    }

    @Override
    public PromptEncoder.Loss loss(FeatureMatrix teacher) {
        return (step, classFeatures) -> {
            SDVariable w = step.ops().normalizeRows(classFeatures); // [classes, embed]
            SDVariable t = step.perClass("teacher", teacher); // [classes, embed]
            SDVariable f = step.images(); // [batch, embed]
            SDVariable zf = step.cosineLogits(w); // [batch, classes]
            SDVariable zr = step.scaled(step.ops().linear(step.secondImages(), w));
            SDVariable cosines = step.ops()
                    .innerProduct(f, step.frozenImages())
                    .div(step.batch())
                    .add(step.ops().innerProduct(w, t).div(step.classes()));
            double reach = Training.reach(step.logitScale());
            SDVariable loss = step.crossEntropy(zf)
                    .mul(alpha)
                    .add(step.crossEntropy(zr).mul(1 - alpha))
                    .add(cosines.rsub(2).mul(rho / (reach * reach)));
            step.report(zf.mul(alpha).add(zr.mul(1 - alpha)));
            return loss;
        };
    }

    @Override
    public boolean keepsRows() {
        return true;
    }

    @Override
    public ClassifierFile finished(Clip clip, Classifier learned, FewShotFeatures data, Trainer trainer)
            throws IOException {
        float[] known = new float[learned.classNames().size()];
        Arrays.fill(known, 1);
        return learned.save().with(PromptClassifier.KNOWN, FeatureMatrix.of(known.length, 1, known));
    }

    /**
     * Returns α f̂ wᵀ + (1 − α) r̂ wᵀ for a class that was learned and f̂ wᵀ for any other, as cosines of both features side by
     * side, whose norm is √2.
     */
    @Override
    public LinearHead head(FeatureMatrix weights, FeatureMatrix known, float scale) {
        int embed = weights.width();
        float[] both = new float[weights.rows() * 2 * embed];
        for (int c = 0; c < weights.rows(); c++) {
            double second = known == null || known.get(c, 0) == 0 ? 0 : 1 - alpha;
            for (int i = 0; i < embed; i++) {
                double w = Math.sqrt(2) * weights.get(c, i);
                both[c * 2 * embed + i] = (float) ((1 - second) * w);
                both[c * 2 * embed + embed + i] = (float) (second * w);
            }
        }
        return new LinearHead(FeatureMatrix.of(weights.rows(), 2 * embed, both), scale, halves(embed));
    }

    /** Returns what divides each half of a row by its norm. */
    private static LinearHead.Adapter halves(int embed) {
        return new LinearHead.Adapter() {
            @Override
            public <T> T adapted(LogitGraph<T> graph, T images) {
                return graph.plus(half(graph, images, 0), half(graph, images, embed));
            }

            private <T> T half(LogitGraph<T> graph, T images, int from) {
                float[] choice = new float[2 * embed * embed];
                for (int i = 0; i < embed; i++) {
                    choice[i * 2 * embed + from + i] = 1;
                }
                FeatureMatrix chosen = FeatureMatrix.of(embed, 2 * embed, choice);
                return graph.product(graph.unit(graph.product(images, chosen)), chosen.transposed());
            }
        };
    }
}
