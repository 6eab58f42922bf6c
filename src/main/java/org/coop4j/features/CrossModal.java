package org.coop4j.features;

import java.io.IOException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Optimizer.Algorithm;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.method.Training.BatchOrder;
import org.coop4j.method.Training.Schedule;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Cross-modal linear probe (Lin, Yu, Kuang, Pathak, Ramanan: "Multimodality Helps Unimodality", CVPR 2023; the
 * reference's {@code train.py}): a linear head initialised from the text features and trained on image features and, as
 * further samples of their classes, text features. The last step counts; the reference chooses the step, the rate and
 * the decay on val images.
 *
 * @param blend share of the initial head in the final one (WiSE-FT; Wortsman et al., CVPR 2022): 0 or, in the
 *     reference, 0.5
 * @param prompts hand-written prompts of the text features, each a sample of every class
 */
record CrossModal(
        @Setting("WiSE-FT: share of the text features in the final head, 0 to 1") double blend, TextPrompts prompts)
        implements FeatureMethod {

    private static final String HEAD = "head.weight";
    private static final String START = "start";

    /** Steps between two evaluations of the reference, which count as an epoch here. */
    private static final int STEPS = 100;

    public CrossModal {
        Require.present("prompts", prompts);
        Require.share("blend", blend);
    }

    public CrossModal() {
        this(0, new TextPrompts());
    }

    @Override
    public About about() {
        return new About(
                "cross-modal",
                "cross-modal linear probe" + (blend == 0 ? "" : " (WiSE-FT " + Numbers.plain(blend) + ")"),
                "Linear head initialised from the text features and trained on image and text features alike; for few"
                        + " images per class (Lin et al., CVPR 2023).");
    }

    @Override
    public Training training(int shots) {
        return Training.adam(Algorithm.ADAMW, 128, 8, 0.001, 0.01, 1e-8, Schedule.LINEAR_WARMUP_COSINE);
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        FeatureSet ofPrompts = texts.samples();
        FeatureMatrix start = texts.raw().normalized();
        LearnedTensor head = start.learned(HEAD);
        return new Head(file -> file.with(head).with(START, start), head) {
            /** Returns all views of all images, then the texts. */
            @Override
            public FeatureSet samples(FeatureSet images) {
                return FeatureSet.joined(ViewPooling.pooled(images), ofPrompts);
            }

            /** Returns batches of one half images and one half texts. */
            @Override
            public BatchOrder order(int samples, Trainer trainer) {
                int half = Math.max(1, trainer.training().batch() / 2);
                int images = samples - ofPrompts.size();
                return BatchOrder.joined(
                        BatchOrder.shuffled(images, half, trainer.seed()),
                        BatchOrder.shuffled(ofPrompts.size(), half, trainer.seed() + 1),
                        images,
                        STEPS);
            }

            @Override
            public SDVariable loss(StepGraph step) {
                return step.crossEntropy(step.cosineLogits(step.learned(HEAD)));
            }
        };
    }

    /** Returns the classifier of (1 − blend) · head + blend · start; a new class gets its zero-shot weight. */
    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return classRows(space, file, texts -> texts.raw().normalized(), HEAD, START)
                .cosines(rows -> rows.matrix(HEAD).times(1 - blend).plus(rows.matrix(START), blend));
    }
}
