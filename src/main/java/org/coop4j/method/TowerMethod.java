package org.coop4j.method;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.ChangedTower;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.Parameters;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.data.RandomStream;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.method.Training.BatchOrder;
import org.coop4j.model.ClipConfig;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.Shape;
import org.coop4j.weights.torch.TorchFile;
import org.coop4j.weights.torch.TorchTensor;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A method that trains through the image tower, which is part of every step: it learns from pixels, or from
 * tokens on entry to the lowest block that it changes. Its classifiers have an
 * image tower of their own, the model's with what was learned.
 */
interface TowerMethod extends PromptMethod {

    /** Returns the learned tensors before training. */
    @Override
    List<LearnedTensor> besideContext(Clip clip, long seed);

    @Override
    default List<LearnedTensor> initial(Clip clip, Task task) {
        return besideContext(clip, task.seed());
    }

    /** Returns true if images have further rows. */
    default boolean addsRows() {
        return false;
    }

    /** Returns the number of features of an image: 2 if a second comes of further rows. */
    default int featuresOfImage() {
        return 1;
    }

    /** Returns null: no context is learned. */
    @Override
    default PromptContext context() {
        return null;
    }

    @Override
    default Method in(FeatureSpace space) {
        return this;
    }

    @Override
    default Group group() {
        return Group.TOWERS;
    }

    @Override
    default boolean namesNewClasses() {
        return true;
    }

    @Override
    default List<String> checkpointTensors() {
        return List.of();
    }

    /** Returns the lowest block of the image tower that is changed. */
    default int firstBlock() {
        return 0;
    }

    /** Returns the tokens on entry to the lowest block that is changed, which a bank keeps; pixels for the whole tower. */
    @Override
    default FeatureKind features() {
        return firstBlock() == 0 ? FeatureKind.PIXELS : new FeatureKind.Tokens(firstBlock());
    }

    @Override
    default FeatureKind features(ClassifierFile learned) {
        return changed(learned);
    }

    @Override
    default Map<String, float[]> changedWeights(Clip clip, ClassifierFile learned) {
        return clip.changedWeights(changed(learned));
    }

    /** Returns true if the authors' code saves what it learned. */
    default boolean hasCheckpoints() {
        return true;
    }

    /** Returns the method with the settings that its authors' checkpoint records; none by default. */
    default TowerMethod ofCheckpoint(Clip clip, TorchFile file) throws IOException {
        return this;
    }

    /** Returns the tensors of the authors' checkpoint by the names of {@link #besideContext}, which most have. */
    default Map<String, TorchTensor> checkpoint(Clip clip, TorchFile file) throws IOException {
        return file.stateDict();
    }

    /** Returns the embedding by the classifier's image tower, named by a hash of the method and its tensors. */
    default FeatureKind.Changed changed(ClassifierFile learned) {
        Sha256 hash = new Sha256().add(id() + Settings.of(settings()));
        List<LearnedTensor> tensors = new ArrayList<>();
        learned.without(PromptClassifier.CLASS_WEIGHTS)
                .without(PromptClassifier.KNOWN)
                .tensors()
                .forEach((name, tensor) -> {
                    ByteBuffer values = ByteBuffer.allocate(Float.BYTES * tensor.values().length);
                    values.asFloatBuffer().put(tensor.values());
                    hash.add(name + tensor.shape()).add(values);
                    tensors.add(LearnedTensor.of(
                            name, tensor.values(), tensor.shape().toArray()));
                });
        return new FeatureKind.Changed(
                "tuned-" + hash.hex(), new ChangedTower(tensors, this::changes, addsRows(), featuresOfImage(), -1));
    }

    /** Returns "a photo of a NAME." for whatever data, as the references. */
    @Override
    default List<int[]> prompts(Clip clip, List<String> classNames) {
        return prompts(clip, PromptTemplates.PHOTO, classNames);
    }

    /** Returns the tokens of a hand-written prompt with class names, the end token last. */
    static List<int[]> prompts(Clip clip, String template, List<String> classNames) {
        Tokenizer tokenizer = clip.tokenizer();
        int length = clip.architecture().text().contextLength();
        List<int[]> prompts = new ArrayList<>();
        for (String name : classNames) {
            prompts.add(tokenizer.framed(PromptEnsemble.text(template, name), length, Tokenizer.Overflow.FAIL));
        }
        return prompts;
    }

    /**
     * Returns the references' batches: passes over the images in new orders, each with its last, incomplete batch. An epoch
     * has as many batches as a class has images, so that 500 epochs are 500 · K steps however many classes there are.
     */
    static BatchOrder passes(int images, int classes, Trainer trainer) {
        int shots = Math.max(1, Math.round((float) images / classes));
        return BatchOrder.shuffledWhole(images, trainer.training().batch(), trainer.seed())
                .inEpochsOf(shots);
    }

    /** Images of a step with {@link #fast} settings. */
    int FAST_BATCH = 16;

    /** Returns settings that train the upper half of the blocks, from tokens that the bank keeps. */
    @Override
    default Optional<Fast> fast(FeatureSpace space, int images, int classes) {
        return lacks(space) == null
                ? space.towers().map(clip -> fast(clip, vit(clip).layers() / 2, classes))
                : Optional.empty();
    }

    /**
     * Returns settings that train the upper blocks alone.
     *
     * @param block first of the upper half of the image tower
     */
    Fast fast(Clip clip, int block, int classes);

    /** Returns the epochs of {@link #passes} in which each image is seen so often with {@link #fast} settings. */
    static int epochsOfPasses(int often, int classes) {
        return Math.max(1, Math.round((float) often * classes / FAST_BATCH));
    }

    /**
     * Returns the reference's training with {@link #fast} settings: eight epochs, too few to spend one on a warm-up, at the
     * reference's rate.
     */
    default Training fastTraining() {
        return Settings.with(training(1), Map.of("epochs", 8, "batch", FAST_BATCH, "warmup_epochs", 0));
    }

    /** Checks that a tower has the first block that is changed. */
    static void requireBlock(int first, int layers) {
        Require.that(
                first < layers,
                "start: expected at most %d, got %d: a tower of this model has %d blocks",
                layers - 1,
                first,
                layers);
    }

    /**
     * Adds the weight and the bias of a linear map, from U(±1/√in).
     *
     * @param draw name of the draw, which several maps may share
     */
    static void addMap(List<LearnedTensor> tensors, String name, String draw, int from, int to, long seed) {
        SplittableRandom random = RandomStream.of(seed, "initial " + draw);
        tensors.add(LearnedTensor.uniform(random, from, name + ".weight", to, from));
        tensors.add(LearnedTensor.uniform(random, from, name + ".bias", to));
    }

    /** Returns a learned linear map of learned vectors. */
    static SDVariable mapped(Parameters.Learned graph, String vectors, String map) {
        return graph.ops().linear(graph.learned(vectors), graph.learned(map + ".weight"), graph.learned(map + ".bias"));
    }

    /** Returns the cross-entropy of cosines with class features, constant ones if they are given. */
    static PromptEncoder.Loss crossEntropy(FeatureMatrix constant) {
        return (step, classFeatures) -> step.crossEntropy(step.cosineLogits(
                constant == null ? step.ops().normalizeRows(classFeatures) : step.perClass("text", constant)));
    }

    /** Checks that the model has a vision transformer with the blocks that are trained. */
    @Override
    default Learner learner(FeatureSpace space, Task task) {
        requireFits(space);
        besideContext(space.requireTowers(id()), task.seed());
        return PromptMethod.super.learner(space, task);
    }

    @Override
    default void require(Clip clip, ClassifierFile file) throws IOException {
        for (LearnedTensor tensor : besideContext(clip, 0)) {
            file.require(Shape.of(tensor.shape()), tensor.name());
        }
    }

    @Override
    default String lacks(FeatureSpace space) {
        String lacks = PromptMethod.super.lacks(space);
        if (lacks != null) {
            return lacks;
        }
        if (space.towers().get().architecture().vision() instanceof ClipConfig.Vit vit) {
            return vit.family() == ClipConfig.Family.CLIP || !addsRows()
                    ? null
                    : "CLIP's vision transformer, to which it adds rows, and this model is a "
                            + vit.family().title();
        }
        return "a vision transformer, and the image tower of this model is a ResNet";
    }

    /** Returns the image tower. */
    default ClipConfig.Vit vit(Clip clip) {
        requireFits(clip);
        return (ClipConfig.Vit) clip.architecture().vision();
    }
}
