package org.coop4j.method;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.coop4j.weights.Shape;
import org.coop4j.weights.safetensors.SafetensorsFile;

/** Files of format 1: learned prompts, and linear probes. */
final class EarlierFormat {

    private static final String VERSION = "1";

    private EarlierFormat() {}

    static boolean isPrompt(Map<String, String> metadata) {
        return VERSION.equals(metadata.get("coop4j.prompt"));
    }

    static boolean isProbe(Map<String, String> metadata) {
        return VERSION.equals(metadata.get("coop4j.probe"));
    }

    /** Tensor {@code ctx} [M, width] or, class-specific, [classes, M, width]. */
    static ClassifierFile prompt(Path file, SafetensorsFile tensors) throws IOException {
        Map<String, String> metadata = tensors.metadata();
        var names =
                CurrentFormat.classNames(
                        CurrentFormat.required(file, metadata, CurrentFormat.CLASSES));
        Shape shape = tensors.shape(PromptContext.CTX);
        boolean classSpecific = shape.rank() == 3;
        if (shape.rank() != 2 && !classSpecific) {
            throw new IOException(file + ": ctx of shape " + shape + " is no context");
        }
        if (classSpecific && shape.dim(0) != names.size()) {
            throw new IOException(
                    "%s: ctx of shape %s for %d classes".formatted(file, shape, names.size()));
        }
        CoOp method =
                new CoOp(
                        Math.toIntExact(shape.dim(shape.rank() - 2)),
                        ClassPosition.named(
                                CurrentFormat.required(file, metadata, "coop4j.position")),
                        classSpecific,
                        null);
        String model = CurrentFormat.required(file, metadata, CurrentFormat.MODEL);
        return ClassifierFile.of(method, names, model)
                .withTraining(CurrentFormat.training(metadata))
                .with(PromptContext.CTX, shape, values(file, tensors, PromptContext.CTX));
    }

    /** Tensors {@code weight} [features, classes] and {@code bias} [classes]. */
    static ClassifierFile probe(Path file, SafetensorsFile tensors) throws IOException {
        Map<String, String> metadata = tensors.metadata();
        var names = CurrentFormat.classNames(metadata.getOrDefault(CurrentFormat.CLASSES, "[]"));
        Shape shape = tensors.shape(ProbeClassifier.WEIGHT);
        Shape bias = tensors.shape(ProbeClassifier.BIAS);
        if (shape.rank() != 2
                || shape.dim(1) != names.size()
                || !bias.equals(Shape.of(names.size()))) {
            throw new IOException(
                    "%s: weights of shape %s and intercepts of %s for %d classes"
                            .formatted(file, shape, bias, names.size()));
        }
        Map<String, String> training = new LinkedHashMap<>();
        training.put(LinearProbe.C, metadata.getOrDefault("coop4j.c", "unknown"));
        return ClassifierFile.of(new LinearProbe(), names, "")
                .withTraining(training)
                .with(ProbeClassifier.WEIGHT, shape, values(file, tensors, ProbeClassifier.WEIGHT))
                .with(ProbeClassifier.BIAS, bias, values(file, tensors, ProbeClassifier.BIAS));
    }

    private static float[] values(Path file, SafetensorsFile tensors, String name)
            throws IOException {
        return CurrentFormat.finite(file, name, tensors.floats(name));
    }
}
