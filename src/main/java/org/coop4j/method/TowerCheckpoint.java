package org.coop4j.method;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.coop4j.base.InputException;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.weights.Shape;
import org.coop4j.weights.torch.TorchFile;
import org.coop4j.weights.torch.TorchTensor;

/** Reads what the authors of methods that train through the image tower saved. */
final class TowerCheckpoint {

    /** A learned tensor of any of these methods; the frozen teacher of PromptSRC has some of the names. */
    private static final Pattern LEARNED =
            Pattern.compile("(?!.*ZS_).*(\\.VPT|compound_|proj_rep|_lora_|prompt_learner\\.(ctx|proj\\.)).*");

    private TowerCheckpoint() {}

    /**
     * Returns the classifier of a checkpoint, whose settings are the method's.
     *
     * @throws IOException if the file is damaged, or a tensor has another shape than the method has with this model
     */
    static ClassifierFile read(Path file, Clip clip, TowerMethod given, List<String> classNames) throws IOException {
        try (TorchFile torch = TorchFile.open(file)) {
            TowerMethod method = (TowerMethod) given.ofCheckpoint(clip, torch).resolved(clip, null);
            method.prompts(clip, classNames); // refuses names that do not fit
            Map<String, TorchTensor> saved = method.checkpoint(clip, torch);
            ClassifierFile learned = ClassifierFile.of(method, classNames, clip.modelSha256())
                    .withOrigin(Origin.NONE.with("imported_from", file.getFileName()));
            List<String> names = new ArrayList<>();
            for (LearnedTensor tensor : method.besideContext(clip, 0)) {
                String name = tensor.name();
                names.add(name);
                TorchTensor found = saved.get(name);
                Shape expected = Shape.of(tensor.shape());
                require(
                        found != null && found.shape().equals(expected),
                        file,
                        method,
                        name,
                        "of shape " + expected,
                        found == null ? "none" : "shape " + found.shape());
                learned = learned.with(name, expected, ClassifierFile.finite(file, name, found.floats()));
            }
            for (Map.Entry<String, TorchTensor> other : saved.entrySet()) {
                String name = other.getKey();
                require(
                        names.contains(name) || !LEARNED.matcher(name).matches(),
                        file,
                        method,
                        name,
                        "not to be there",
                        "shape " + other.getValue().shape());
            }
            if (method.keepsRows()) {
                float[] known = new float[classNames.size()];
                Arrays.fill(known, 1);
                learned = learned.with(PromptClassifier.KNOWN, FeatureMatrix.of(known.length, 1, known));
            }
            return learned;
        }
    }

    private static void require(boolean fits, Path file, TowerMethod method, String name, String expected, String found)
            throws IOException {
        InputException.require(
                fits,
                "%s: %s with these settings and this model expects %s %s, and the checkpoint has %s: give the settings and the"
                        + " model of its training",
                file,
                method.title(),
                name,
                expected,
                found);
    }
}
