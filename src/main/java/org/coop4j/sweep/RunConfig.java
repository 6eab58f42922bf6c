package org.coop4j.sweep;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.coop4j.data.ClassHalf;
import org.coop4j.run.TrainConfig;
import org.coop4j.weights.Sha256;

/**
 * Everything that decides a run's result: what its {@code config.json} holds.
 *
 * @param method the plan's name of the method
 * @param modelSha256 SHA-256 of the model file
 * @param learnedFrom the data learned from; null for hand-written prompts
 * @param testedOn the data tested on
 * @param half the classes tested on
 * @param shots training images a class; 0 for all or none
 * @param seed the run's seed; 0 for hand-written prompts
 * @param templates of hand-written prompts, otherwise null
 * @param config how the context was learned; null for what has none
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunConfig(
        String method,
        String modelSha256,
        Lists learnedFrom,
        Lists testedOn,
        ClassHalf half,
        int shots,
        long seed,
        List<String> templates,
        TrainConfig config) {

    /** Changed when the same settings begin to mean other results. */
    private static final String MEANING = "coop4j sweep 1\n";

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * A dataset's lists, wherever they lie.
     *
     * @param dataset the name
     * @param sha256 of class names, file names and labels
     */
    public record Lists(String dataset, String sha256) {}

    /**
     * SHA-256, in hexadecimal, of all that decides the result: not of where the data lie, and not
     * of how often checkpoints are written.
     */
    public String hash() {
        ObjectNode tree = JSON.valueToTree(this);
        if (tree.get("config") instanceof ObjectNode training) {
            training.remove(List.of("data", "checkpointEvery"));
        }
        return Sha256.of(MEANING + tree);
    }
}
