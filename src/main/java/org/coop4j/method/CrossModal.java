package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Setting;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.data.FeatureSets.DenseFeatures;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.train.BatchOrder;
import org.coop4j.method.train.Optimizer.Kind;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.method.train.Training.Schedule;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Cross-modal linear probe (Lin, Yu, Kuang, Pathak, Ramanan: "Multimodality Helps Unimodality",
 * CVPR 2023; the reference's {@code train.py}): a linear head that begins as the text features and
 * is trained on image features and, as further samples of their classes, text features.
 *
 * @param blend share of the beginning in the head afterwards (WiSE-FT; Wortsman et al., CVPR 2022):
 *     0 or, in the reference, 0.5
 * @param prompts hand-written prompts of the text features, each a sample of every class
 */
public record CrossModal(
        @Setting("WiSE-FT: share of the text features in the head afterwards, 0 to 1") double blend,
        TextPrompts prompts)
        implements FeatureMethod {

    private static final String HEAD = "head.weight";
    private static final String START = "start";

    /** Steps between two of the reference's evaluations, which an epoch stands for here. */
    private static final int STEPS = 100;

    public CrossModal {
        Settings.requireShare("blend", blend);
    }

    public CrossModal() {
        this(0, new TextPrompts());
    }

    @Override
    public String id() {
        return "cross-modal";
    }

    @Override
    public String title() {
        return blend == 0
                ? "cross-modal linear probe"
                : "cross-modal linear probe (WiSE-FT " + Numbers.plain(blend) + ")";
    }

    @Override
    public String summary() {
        return "A linear head that begins as the text features and learns from image features and"
                + " text features alike, half of each batch: 12,800 small steps, seconds; 100 of"
                + " them count as an epoch. The last step counts; the reference chooses it, the"
                + " rate and the decay on val images. blend 0.5 mixes the beginning in again. A"
                + " class that it did not learn gets its zero-shot weight. Lin et al., CVPR 2023;"
                + " published with ResNet-50 at 1, 2, 4, 8, 16 shots: 64.1, 67.0, 70.3, 73.0,"
                + " 76.0 %, chosen on val images.";
    }

    @Override
    public Training training(int shots) {
        return Training.adam(Kind.ADAMW, 128, 8, 0.001, 0.01, 1e-8, Schedule.LINEAR_WARMUP_COSINE);
    }

    @Override
    public FeatureMethod.Model start(FeatureMethod.Texts text, FewShotFeatures data, Trainer trainer) {
        return new Head(text.ofAllPrompts(), text.classes());
    }

    @Override
    public double rows(FeatureSpace space, int classes, int images) {
        return 4.0 * STEPS * classes / images;
    }

    /**
     * The head that is learned.
     *
     * @param texts raw text features, [templates · classes, embed]
     * @param start the head at first
     */
    record Head(FeatureMatrix texts, FeatureMatrix start, LearnedTensor head) implements FeatureMethod.Model {

        Head(FeatureMatrix texts, int classes) {
            this(texts, PromptEnsemble.mean(texts, classes).normalized());
        }

        private Head(FeatureMatrix texts, FeatureMatrix start) {
            this(texts, start, start.learned(HEAD));
        }

        @Override
        public List<LearnedTensor> learned() {
            return List.of(head);
        }

        /** All views of all images, then the texts. */
        @Override
        public FeatureSet samples(FeatureSet images) {
            int[] labels =
                    IntStream.range(0, texts.rows()).map(i -> i % start.rows()).toArray();
            return FeatureSets.joined(
                    Views.pooled(images), DenseFeatures.of(images.width(), 1, texts.toArray(), labels));
        }

        /** One half of a batch images, one half texts. */
        @Override
        public BatchOrder order(int samples, Trainer trainer) {
            int half = Math.max(1, trainer.training().batch() / 2);
            int images = samples - texts.rows();
            return BatchOrder.joined(
                    BatchOrder.shuffled(images, half, trainer.seed()),
                    BatchOrder.shuffled(texts.rows(), half, trainer.seed() + 1),
                    images,
                    STEPS);
        }

        @Override
        public SDVariable loss(StepGraph step) {
            return step.crossEntropy(step.cosineLogits(step.learned(HEAD)));
        }

        @Override
        public ClassifierFile addTo(ClassifierFile file) {
            return file.with(head).with(START, start);
        }
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        file.requireClassRows(space, HEAD, START);
        // A new class's weight is its zero-shot weight.
        return ClassRows.ofTexts(
                        names -> prompts.ofFile().rawWeights(space, names).normalized(), HEAD, START)
                .cosines(space, file, rows -> blended(rows.matrix(HEAD), rows.matrix(START), blend));
    }

    /** (1 − blend) · head + blend · start. */
    static FeatureMatrix blended(FeatureMatrix head, FeatureMatrix start, double blend) {
        return head.times(1 - blend).plus(start, blend);
    }
}
