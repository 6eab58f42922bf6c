package org.coop4j.clip;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.coop4j.base.Progress;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.convert.RandomWeights;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.DType;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/** A CLIP of a few thousand weights with the real vocabulary, for tests that need a whole model. */
public final class TinyModel {

    public static final ClipConfig ARCHITECTURE =
            new ClipConfig(12, new ClipConfig.Vit(16, 8, 16, 2, 2, 64), new ClipConfig.Text(77, 49_408, 16, 2, 2, 64));

    /** A Perception Encoder with the context of the published ones. */
    public static final ClipConfig PE_CORE = new ClipConfig(
            12,
            new ClipConfig.Vit(32, 8, 32, 2, 2, 128, new ClipConfig.Pooling(true, true, 8, 128)),
            new ClipConfig.Text(32, 49_408, 32, 1, 2, 128));

    private TinyModel() {}

    /**
     * Writes a model of random weights in which no bias is 0 and no gain is 1, so that leaving one
     * out shows, and the logit scale is that of trained models.
     */
    public static Path write(Path target, long seed) throws IOException {
        return write(ARCHITECTURE, target, seed);
    }

    /** The same of another size. */
    public static Path write(ClipConfig architecture, Path target, long seed) throws IOException {
        return write(architecture, target, seed, 100);
    }

    /** The same of another logit scale. */
    public static Path write(ClipConfig architecture, Path target, long seed, double logitScale) throws IOException {
        Path plain = target.resolveSibling(target.getFileName() + ".plain");
        ModelMetadata metadata =
                RandomWeights.write(architecture, seed, plain, MlpActivation.published(architecture), Progress.NONE);
        Random random = new Random(seed);
        List<TensorSpec> specs = new ArrayList<>(architecture.tensorSpecs(DType.F32));
        try (SafetensorsFile tensors = SafetensorsFile.open(plain);
                SafetensorsWriter writer = SafetensorsWriter.create(target, specs, metadata.toMap())) {
            for (TensorSpec spec : specs) {
                float[] values = tensors.floats(spec.name());
                if (spec.shape().rank() == 1) {
                    for (int i = 0; i < values.length; i++) {
                        values[i] += 0.2f * (float) random.nextGaussian();
                    }
                }
                if (spec.name().equals("logit_scale")) {
                    values[0] = (float) Math.log(logitScale);
                }
                writer.writeFloats(spec.name(), values);
            }
            writer.commit();
        }
        Files.delete(plain);
        return target;
    }

    /** Opens a model with a number of threads. */
    public static Clip open(Path file, int threads) throws IOException {
        return Clip.open(file, new Clip.Options(Tokenizer::of, new Workers(threads), Precision.FLOAT32));
    }
}
