package org.coop4j.pretrain;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.InputException;
import org.coop4j.base.Sha256;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.convert.PackedModel;
import org.coop4j.weights.DType;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/** Packs a trained model in the form of {@link PackedModel}, in which the library ships one. */
public final class PackModel {

    private PackModel() {}

    /**
     * Packs a model.
     *
     * @param arguments a converted model, and the file to write
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("usage: PackModel MODEL.safetensors OUT.packed");
            System.exit(2);
        }
        try (ConvertedModel model = ConvertedModel.open(Path.of(arguments[0]))) {
            write(model, Path.of(arguments[1]));
        }
    }

    /**
     * Writes a model, its weights rounded to the nearest half.
     *
     * @throws InputException if a weight is too large for half precision
     */
    static void write(ConvertedModel model, Path target) throws IOException {
        Path halves = Files.createTempFile("coop4j-half", ".safetensors");
        try {
            writeHalves(model, halves);
            if (Files.size(halves) > PackedModel.LARGEST) {
                throw new InputException("%s has %s bytes in half precision: models up to %s are packed"
                        .formatted(model.path(), Files.size(halves), PackedModel.LARGEST));
            }
            byte[] bytes = Files.readAllBytes(halves);
            String header = PackedModel.FORMAT + "\n" + Sha256.of(bytes) + "\n";
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            packed.writeBytes((header + bytes.length + "\n").getBytes(StandardCharsets.US_ASCII));
            Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
            try (DeflaterOutputStream zlib = new DeflaterOutputStream(packed, deflater)) {
                zlib.write(planes(bytes));
            } finally {
                deflater.end();
            }
            AtomicFile.write(target, packed.toByteArray());
        } finally {
            Files.deleteIfExists(halves);
        }
    }

    private static void writeHalves(ConvertedModel model, Path target) throws IOException {
        List<TensorSpec> specs = model.architecture().tensorSpecs(DType.F16);
        try (SafetensorsWriter writer =
                SafetensorsWriter.create(target, specs, model.metadata().toMap())) {
            for (TensorSpec spec : specs) {
                float[] values = model.weights().floats(spec.name());
                for (float value : values) {
                    if (!(Math.abs(value) < 65_520)) { // what rounds to infinity
                        throw new InputException(spec.name() + " holds " + value + ", too much for half precision");
                    }
                }
                writer.writeFloats(spec.name(), values);
            }
            writer.commit();
        }
    }

    private static byte[] planes(byte[] bytes) {
        byte[] planes = new byte[bytes.length];
        int even = (bytes.length + 1) / 2;
        for (int i = 0; i < bytes.length; i++) {
            planes[i / 2 + (i % 2) * even] = bytes[i];
        }
        return planes;
    }
}
