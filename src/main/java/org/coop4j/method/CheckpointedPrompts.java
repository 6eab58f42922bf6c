package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import org.coop4j.clip.Clip;

/** A method whose learned tensors the reference's trainers save as {@code prompt_learner}. */
interface CheckpointedPrompts {

    /** Names of the tensors, the same in its files and in the checkpoints. */
    default List<String> checkpointTensors() {
        return List.of(PromptContext.CTX);
    }

    /** What follows the context in the prompts of classes, before it is moved. */
    default List<ClassName> afterContext(Clip clip, List<String> classNames) {
        return Prompts.names(classNames, clip.tokenizer());
    }

    /**
     * Checks that a file has its tensors.
     *
     * @throws IOException if not, saying what it has
     */
    void require(Clip clip, ClassifierFile file) throws IOException;
}
