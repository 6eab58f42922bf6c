package org.coop4j.cli;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.console.Console;
import org.coop4j.data.FeatureTensors;
import org.coop4j.graph.host.Precision;
import org.coop4j.image.PixelReader;
import org.coop4j.run.FeatureExport;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/**
 * The file that {@code coop embed} writes: {@code features} [n, embed], maybe {@code pixels} [n, 3,
 * side, side], and metadata.
 *
 * @param clip the model that made the features
 * @param kind what the features are of
 * @param inputs texts or file names, one a row
 * @param normalized whether rows have norm 1
 */
record FeatureFile(Clip clip, Kind kind, List<String> inputs, boolean normalized) {

    /** What features are of. */
    enum Kind {
        TEXT,
        IMAGE;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Writes the file, whole or not at all.
     *
     * @param pixelsOf the images whose pixels are written too; read a second time, so that memory
     *     does not grow with their number
     */
    void write(
            FeatureMatrix features,
            List<Path> pixelsOf,
            PixelReader reader,
            Path out,
            Console console)
            throws IOException {
        int side = clip.preprocessing().size();
        List<TensorSpec> specs = new ArrayList<>();
        specs.add(
                new TensorSpec(
                        FeatureTensors.FEATURES,
                        DType.F32,
                        Shape.of(features.rows(), features.width())));
        if (!pixelsOf.isEmpty()) {
            specs.add(
                    new TensorSpec("pixels", DType.F32, Shape.of(pixelsOf.size(), 3, side, side)));
        }
        Precision precision = kind == Kind.TEXT ? Precision.FLOAT32 : clip.precision();
        Map<String, String> metadata =
                FeatureExport.metadata(clip, inputs, kind.label(), precision, normalized);
        try (SafetensorsWriter writer = SafetensorsWriter.create(out, specs, metadata)) {
            for (int row = 0; row < features.rows(); row++) {
                writer.writeFloats(FeatureTensors.FEATURES, features.row(row));
            }
            if (!pixelsOf.isEmpty()) {
                writePixels(writer, pixelsOf, reader, 3 * side * side, console);
            }
            writer.commit();
        }
    }

    private void writePixels(
            SafetensorsWriter writer,
            List<Path> files,
            PixelReader reader,
            int length,
            Console console)
            throws IOException {
        FloatBuffer image = FloatBuffer.allocate(length);
        try (Progress.Task task = console.task("pixels", files.size(), Progress.Unit.IMAGES)) {
            for (int i = 0; i < files.size(); i++) {
                reader.read(files.get(i), image, 0);
                writer.writeFloats("pixels", image.duplicate());
                task.advance(1);
            }
        }
    }
}
