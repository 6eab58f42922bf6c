package org.coop4j.method;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.Parameters;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.StepGraph;
import org.coop4j.eval.Labels;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.method.PromptLayout.ClassName;
import org.coop4j.method.Training.BatchOrder;
import org.coop4j.model.ClipConfig;
import org.coop4j.weights.Shape;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A method that learns prompts: context vectors among the tokens of class names, and other inputs of the text tower,
 * which runs in every step. The images are features, encoded once.
 */
public interface PromptMethod extends Method {

    /** Returns the context vectors. */
    PromptContext context();

    /** Returns CoOp's training. */
    @Override
    default Training training(int shots) {
        return Training.coop(Training.coopEpochs(shots), 32);
    }

    /** Images per class beyond which more of them mean no more steps. */
    int MANY = 160;

    /**
     * Returns an eighth of the reference's steps, but 1,000 at least, of 128 images each, where these are fewer: few images
     * are learned from as before (docs/reproduce.md). Steps for each image, and several labels, stay as they are.
     */
    @Override
    default Optional<Fast> fast(FeatureSpace space, int images, int classes) {
        Training reference = training(Math.round((float) images / classes));
        int usual = reference.epochs() * Math.max(1, Math.min(images, MANY * classes) / reference.batch());
        int steps = Math.max(1000, usual / 8);
        if (perImage() || suits(true) || steps >= usual) {
            return Optional.empty();
        }
        int batch = Math.min(images, Math.max(128, reference.batch()));
        int batches = images / batch;
        int epochs = Math.max(1, Math.round((float) steps / batches));
        return Optional.of(new Fast(this, Settings.with(reference, Map.of("epochs", epochs, "batch", batch)), 0));
    }

    @Override
    default double prompts(int images, int classes, Training training) {
        int steps = perImage() ? images : Math.max(1, images / training.batch());
        return (double) training.epochs() * steps * classes;
    }

    /** Returns the same method with the number of context vectors that its initial words have in a model. */
    @Override
    default Method in(FeatureSpace space) {
        Map<String, Integer> counted =
                space.towers().isPresent() && context().start().words() != null
                        ? Map.of(
                                "context_length",
                                context().start().length(space.towers().get()))
                        : Map.of();
        return with(counted);
    }

    /** Returns the same method with the settings that depend on the model and the data's hand-written prompt. */
    default PromptMethod resolved(Clip clip, String template) {
        return this;
    }

    /**
     * Returns the hand-written prompt whose class features guide the training, the teacher; null for none.
     *
     * @param template the data's own prompt
     */
    default String teacher(String template) {
        return null;
    }

    /** Returns the learned tensors before training; the context first. */
    default List<LearnedTensor> initial(Clip clip, Task task) {
        List<LearnedTensor> tensors = new ArrayList<>();
        tensors.add(context().initial(clip, task.classNames().size(), task.seed()));
        tensors.addAll(besideContext(clip, task.seed()));
        return tensors;
    }

    /** Returns the learned tensors before training except for the context; by default none. */
    default List<LearnedTensor> besideContext(Clip clip, long seed) {
        return List.of();
    }

    /** Context vectors in a graph. */
    @FunctionalInterface
    interface Context {

        /** Returns the vectors, [vectors, width]. */
        SDVariable in(StepGraph step);
    }

    /** Returns what the prompts are made of; by default the learned tensor {@code ctx}. */
    default Context vectors() {
        return step -> step.learned(PromptContext.CTX);
    }

    /**
     * Returns vectors that replace the context's rows on entry to blocks of the text tower, before the block's first
     * layer norm and without a position: block, from 0 → vectors. None by default.
     *
     * @param teacher normalised features of the {@link #teacher} prompts, one row per class, or null
     */
    default Map<Integer, PromptEncoder.Replacement> replacements(StepGraph step, FeatureMatrix teacher) {
        return Map.of();
    }

    /**
     * Returns what a step reads of tensors with the values of {@link #initial}, in both towers.
     *
     * @param teacher as for {@link #loss}
     */
    default PromptEncoder.Vectors input(List<LearnedTensor> learned, FeatureMatrix teacher) {
        return new PromptLearner.Objective(this, learned, teacher);
    }

    /**
     * Returns the loss of a batch; by default CoOp's.
     *
     * @param teacher normalised features of the {@link #teacher} prompts, one row per class, or null
     */
    default PromptEncoder.Loss loss(FeatureMatrix teacher) {
        return (step, classFeatures) -> {
            SDVariable w = step.ops().normalizeRows(classFeatures); // [classes, embed]
            return step.crossEntropy(step.cosineLogits(w));
        };
    }

    /** Returns what weighs the entries of a batch with several labels per image; null for single labels. */
    default Function<List<Labels>, float[][]> targets(int classes) {
        return null;
    }

    /** Returns the class weights of normalised features of the prompts; by default these. */
    default FeatureMatrix classWeights(FeatureMatrix features) {
        return features;
    }

    /** Returns changes of the towers, which are part of every step then; none by default. */
    default Parameters.Changes changes(Parameters.Learned graph) {
        return Parameters.Changes.NONE;
    }

    /** Returns the batches of a training; by default without the last incomplete one. */
    default BatchOrder order(int images, int classes, Trainer trainer) {
        return trainer.shuffled(images);
    }

    /** Returns the prompt of each class in tokens; by default the context with the class's name. */
    default List<int[]> prompts(Clip clip, List<String> classNames) {
        return context().layout(clip).prompts(clip, tokenizedNames(clip, classNames));
    }

    /** Returns the optimizer of a training, with the number of batches of an epoch. */
    default Optimizer optimizer(Training training, int batches) {
        return new Optimizer(training);
    }

    /**
     * Returns the class features of the teacher, normalised, one row per class; null for none.
     *
     * @param own the data's own prompt, or null
     */
    default FeatureMatrix teacher(Clip clip, String own, ClassDescriptions descriptions, List<String> classNames) {
        String template = teacher(own);
        return template == null
                ? null
                : PromptEnsemble.of(template).with(descriptions).classWeights(clip, classNames);
    }

    /** Returns true if the text tower is frozen, so that the teacher's class features are those of the classifier. */
    default boolean textIsFrozen() {
        return false;
    }

    /** Returns true if classes that were learned keep their class weights among others; otherwise all are encoded. */
    default boolean keepsRows() {
        return false;
    }

    /**
     * Returns the head of a classifier; by default scaled cosines with the class weights.
     *
     * @param weights normalised, one row per class
     * @param known [classes, 1], 1 for a class that was learned and 0 for any other; null if all are others
     */
    default LinearHead head(FeatureMatrix weights, FeatureMatrix known, float scale) {
        return new LinearHead(weights, scale, null);
    }

    /**
     * Returns the file of a classifier after what follows the training.
     *
     * @param learned the classifier with its class weights
     */
    default ClassifierFile finished(Clip clip, Classifier learned, FewShotFeatures data, Trainer trainer)
            throws IOException {
        return learned.save();
    }

    /** Returns true if {@link #finished} encodes all views of the images. */
    default boolean encodesAfterTraining() {
        return false;
    }

    /** Returns true if it is defined on a text tower with a start token and a causal mask alone, unlike SigLIP's and TIPS's. */
    default boolean needsCausalText() {
        return false;
    }

    @Override
    default String lacks(FeatureSpace space) {
        if (space.towers().isEmpty()) {
            return "a tower of CLIP, and only features are given";
        }
        ClipConfig architecture = space.towers().get().architecture();
        return needsCausalText() && architecture.text().unmasked()
                ? "a text tower with a start token and a causal mask, and that of "
                        + architecture.family().title() + " has neither"
                : null;
    }

    /** Returns true if the prompts depend on the image. */
    default boolean perImage() {
        return false;
    }

    /** Returns the tokens of class names, placed after the context or around it. */
    default List<ClassName> tokenizedNames(Clip clip, List<String> classNames) {
        return context().layout(clip).names(classNames, clip.tokenizer());
    }

    /**
     * Returns the names of the tensors that the reference saves as {@code prompt_learner}; empty if it saves no such
     * file.
     */
    default List<String> checkpointTensors() {
        return List.of(PromptContext.CTX);
    }

    /**
     * Checks that a file has the method's tensors.
     *
     * @throws IOException if one is missing or has another shape
     */
    default void require(Clip clip, ClassifierFile file) throws IOException {
        context().require(clip, file);
        for (LearnedTensor tensor : besideContext(clip, 0)) {
            file.require(Shape.of(tensor.shape()), tensor.name());
        }
    }

    @Override
    default Group group() {
        return Group.PROMPTS;
    }

    @Override
    default boolean namesNewClasses() {
        return !context().classSpecific();
    }

    @Override
    default Learner learner(FeatureSpace space, Task task) {
        requireFits(space);
        return PromptLearner.of(this, space.requireTowers(id()), task);
    }

    @Override
    default Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return PromptClassifier.read(this, space.requireTowers(id()), file);
    }
}
