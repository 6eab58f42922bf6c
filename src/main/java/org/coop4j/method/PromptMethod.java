package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.graph.LearnedTensor;

/**
 * A method that learns prompts: context vectors among the tokens of class names, and what else it feeds to the text
 * tower, which runs in every step. The images are features, encoded once.
 */
public non-sealed interface PromptMethod extends Method {

    /** The context vectors. */
    PromptContext context();

    /** The same with the settings that the model and the data's hand-written prompt decide. */
    default PromptMethod resolved(Clip clip, String template) {
        return this;
    }

    /**
     * The hand-written prompt whose class features guide it, the teacher; null where there is none.
     *
     * @param template the data's own
     */
    default String teacher(String template) {
        return null;
    }

    /** What is learned, before training; the context first. */
    default List<LearnedTensor> initial(Clip clip, Task task) {
        return List.of(context().initial(clip, task.classNames().size(), task.seed()));
    }

    /**
     * What learned tensors do in the text tower; by default context vectors alone.
     *
     * @param teacher normalised features of the {@link #teacher} prompts, one row per class
     */
    default PromptEncoder.Vectors vectors(List<LearnedTensor> learned, Supplier<FeatureMatrix> teacher) {
        return () -> learned;
    }

    /**
     * The loss that they are learned by.
     *
     * @param teacher normalised features of the {@link #teacher} prompts, one row per class, or null
     */
    default PromptEncoder.Loss loss(FeatureMatrix teacher) {
        return CoOp::loss;
    }

    /** Returns true if the prompts depend on the image. */
    default boolean perImage() {
        return false;
    }

    /** What follows the context in the prompts of classes, before it is moved. */
    default List<ClassName> afterContext(Clip clip, List<String> classNames) {
        return ClassName.of(classNames, clip.tokenizer());
    }

    /** Names of the tensors that the reference saves as {@code prompt_learner}; none where it saves no such file. */
    default List<String> checkpointTensors() {
        return List.of(PromptContext.CTX);
    }

    /**
     * Checks that a file has the method's tensors.
     *
     * @throws IOException if not, saying what it has
     */
    default void require(Clip clip, ClassifierFile file) throws IOException {
        context().require(clip, file);
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
        return PromptLearner.of(this, space.requireTowers(id()), task);
    }

    @Override
    default Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return PromptLearner.read(this, space.requireTowers(id()), file);
    }
}
