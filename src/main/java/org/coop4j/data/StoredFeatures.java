package org.coop4j.data;

import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.coop4j.base.Heap;
import org.coop4j.base.InputException;
import org.coop4j.base.Sha256;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.weights.DType;
import org.coop4j.weights.HalfFloats;
import org.coop4j.weights.TensorView;

/**
 * Features that were encoded before, one per row, as a file holds them; {@link DataFiles} reads those of labelled
 * images.
 *
 * @param file the file that holds them
 * @param sha256 of the file's content, in hexadecimal
 * @param modelSha256 of the model file that made them, in hexadecimal; empty if unknown
 * @param modelLogitScale that model's parameter {@code logit_scale}, a logarithm; null if unknown
 * @param precision in which they were encoded
 * @param rows [rows, width], finite and not zero
 * @param contents SHA-256 of each row's image file; null if unknown
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record StoredFeatures(
        Path file,
        String sha256,
        String modelSha256,
        Float modelLogitScale,
        Precision precision,
        Rows rows,
        byte[][] contents) {

    /** Returns the file that images of one source come from; empty for images to be encoded. */
    public static Optional<StoredFeatures> of(List<LabelledImage> images) {
        return images.stream()
                .limit(1)
                .map(LabelledImage::stored)
                .filter(Objects::nonNull)
                .map(Row::features)
                .findFirst();
    }

    /**
     * Rows of numbers in memory; those of 16 bits keep them, which halves the memory of a large file.
     *
     * @param halves float16 or bfloat16 by the type; null if {@code floats} has the numbers
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Rows(int count, int width, DType type, short[] halves, float[] floats) {

        /** Returns rows of float32, which are not copied. */
        public static Rows of(FeatureMatrix rows) {
            return new Rows(rows.rows(), rows.width(), DType.F32, null, rows.toArray());
        }

        /** Reads a matrix of numbers. */
        static Rows read(TensorView tensor) throws IOException {
            int count = (int) tensor.shape().dim(0);
            int width = (int) tensor.shape().dim(1);
            if (tensor.dtype().bytes() != Short.BYTES) {
                return new Rows(count, width, tensor.dtype(), null, tensor.floats());
            }
            short[] halves = new short[Heap.length(count, width, Short.BYTES)];
            ShortBuffer target = ShortBuffer.wrap(halves);
            tensor.forEachChunk(chunk -> target.put(chunk.asShortBuffer()));
            return new Rows(count, width, tensor.dtype(), halves, null);
        }

        /** Copies a row to {@code target} starting at {@code offset}. */
        public void copy(int row, float[] target, int offset) {
            int from = row * width;
            if (floats != null) {
                System.arraycopy(floats, from, target, offset, width);
            } else if (type == DType.F16) {
                for (int i = 0; i < width; i++) {
                    target[offset + i] = HalfFloats.fromHalf(halves[from + i]);
                }
            } else {
                for (int i = 0; i < width; i++) {
                    target[offset + i] = HalfFloats.fromBfloat16(halves[from + i]);
                }
            }
        }

        /** Returns true if a row's numbers are finite, and not all zero. */
        boolean hasDirection(int row) {
            int infinity = floats != null ? 0x7f80_0000 : type == DType.F16 ? 0x7c00 : 0x7f80;
            int largest = 0; // by the bits, in which finite numbers precede the others
            for (int i = row * width; i < (row + 1) * width; i++) {
                int bits = floats != null ? Float.floatToRawIntBits(floats[i]) & 0x7fff_ffff : halves[i] & 0x7fff;
                largest = Math.max(largest, bits);
            }
            return largest > 0 && largest < infinity;
        }

        /** Returns a copy of a row. */
        float[] row(int row) {
            float[] values = new float[width];
            copy(row, values, 0);
            return values;
        }

        /** Returns a copy of all rows in float32. */
        public FeatureMatrix matrix() {
            float[] values = Heap.floats(count, width);
            IntStream.range(0, count).parallel().forEach(row -> copy(row, values, row * width));
            return FeatureMatrix.of(count, width, values);
        }
    }

    /** One row. */
    public record Row(StoredFeatures features, int index) {

        /** Copies the row to {@code target} starting at {@code offset}. */
        public void copy(float[] target, int offset) {
            features.rows.copy(index, target, offset);
        }

        /**
         * Returns the SHA-256 of the image file's content if that is known, otherwise of the row's numbers, in
         * hexadecimal.
         */
        public String sha256() {
            if (features.contents != null) {
                return HexFormat.of().formatHex(features.contents[index]);
            }
            ByteBuffer bytes =
                    ByteBuffer.allocate(Float.BYTES * features.width()).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(features.rows.row(index));
            return new Sha256().add(bytes).hex();
        }
    }

    /**
     * Reads the features of the classes' texts, one row per class, which replace a text tower.
     *
     * @throws InputException if the file has features of images, or of other classes
     */
    public static StoredFeatures ofTexts(Path file, List<String> classNames) throws IOException {
        try (FeatureTensors tensors = FeatureTensors.open(file)) {
            if (tensors.kind().equals("image")) {
                throw tensors.problem("has features of images: expected those of texts, one row per class");
            }
            List<String> named = tensors.list(FeatureTensors.CLASS_NAMES);
            int i = named == null ? -1 : Arrays.mismatch(named.toArray(), classNames.toArray());
            if (i >= 0) {
                throw tensors.problem("class %d is %s, but %s in the data: expected the same classes in the same order"
                        .formatted(i, at(named, i), at(classNames, i)));
            }
            StoredFeatures texts = tensors.features();
            int rows = texts.rows.count;
            if (rows != classNames.size()) {
                throw tensors.problem("has %d rows for %d classes: expected one row per class, in their order"
                        .formatted(rows, classNames.size()));
            }
            return texts;
        }
    }

    private static String at(List<String> names, int i) {
        return i < names.size() ? names.get(i) : "none";
    }

    /** Returns the model's parameter {@code logit_scale}, a logarithm, or else this. */
    private float logLogitScale(float otherwise) {
        return modelLogitScale == null ? otherwise : modelLogitScale;
    }

    /** Returns the space of the features, without classes: for a classifier with a logit scale of its own. */
    public FeatureTable space(Workers workers) {
        return FeatureTable.of(
                precision,
                modelSha256,
                logLogitScale(0),
                List.of(),
                FeatureMatrix.of(0, width(), new float[0]),
                workers);
    }

    /**
     * Returns the space of these features and of those of their classes' texts, in place of a model.
     *
     * @param logitScale factor of cosines in logits; null for the features' own, or else CLIP's 100
     * @throws InputException if both models are known and differ, or the widths do
     */
    public FeatureTable space(StoredFeatures texts, List<String> classNames, Double logitScale, Workers workers)
            throws InputException {
        requireSameModel(file.toString(), modelSha256, texts.file.toString(), texts.modelSha256);
        require(
                width() == texts.width(),
                "%s has features of width %d and %s of width %d: both must come from one model",
                file,
                width(),
                texts.file,
                texts.width());
        float usual = texts.logLogitScale((float) Math.log(FeatureSpace.USUAL_LOGIT_SCALE));
        return FeatureTable.of(
                precision,
                modelSha256.isEmpty() ? texts.modelSha256 : modelSha256,
                logitScale == null ? logLogitScale(usual) : (float) Math.log(logitScale),
                classNames,
                texts.rows.matrix(),
                workers);
    }

    /** Returns the length of a row. */
    public int width() {
        return rows.width();
    }

    /**
     * Checks that they are of a model.
     *
     * @throws IOException if they are of another model, precision or width
     */
    public void requireOf(FeatureSpace space) throws IOException {
        requireSameModel(file.toString(), modelSha256, "the model", space.modelSha256());
        require(
                precision == space.precision(),
                "%s was encoded in %s, but the model computes in %s: open the model in the precision of the features",
                file,
                precision.id(),
                space.precision().id());
        require(
                width() == space.embedDim(),
                "%s has features of width %d, but the model's have width %d: use the model that made them",
                file,
                width(),
                space.embedDim());
    }

    /**
     * Checks that they are enough for a method, with one embedding of each image.
     *
     * @throws InputException if the method needs other features
     */
    public void requireServes(FeatureKind kind, int views) throws InputException {
        require(views == 0, "%s has one view of each image: ask for no further views, or use the images", file);
        require(
                !kind.isInput(),
                "%s has features, but the method trains through the image tower: use the images",
                file);
        require(
                kind == FeatureKind.EMBEDDED,
                "%s has features after the visual projection, but the method needs those before it: use the images",
                file);
    }

    private static void requireSameModel(String a, String shaOfA, String b, String shaOfB) throws InputException {
        require(
                shaOfA.isEmpty() || shaOfB.isEmpty() || shaOfA.equals(shaOfB),
                "%s has features of the model %.12s…, but %s is of %.12s…: use features of one model",
                a,
                shaOfA,
                b,
                shaOfB);
    }
}
