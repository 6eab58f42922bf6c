package org.coop4j.data;

import org.coop4j.data.ImageDataset.Split;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.graph.host.Precision;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.convert.WeightsFile;
import org.coop4j.weights.NpzFile;

/**
 * The tensors of a file of features: safetensors, NumPy's {@code .npz}, or what {@code torch.save}
 * makes of a dict of tensors. Nothing in a file is executed, and sizes are checked before memory is
 * taken.
 */
public final class FeatureTensors implements Closeable {

    /** Metadata: what each row is of, a JSON array of file names or texts. */
    public static final String INPUTS = "coop4j.inputs";

    /** Metadata: whether rows are of images or of texts. */
    public static final String KIND = "coop4j.kind";

    /** Metadata: SHA-256 of the model file that made the features. */
    public static final String MODEL_SHA256 = "coop4j.model_sha256";

    /** Metadata: that model's parameter {@code logit_scale}. */
    public static final String LOGIT_SCALE = "coop4j.logit_scale";

    /** Metadata: whether rows are divided by their norms. */
    public static final String NORMALIZED = "coop4j.normalized";

    /** Metadata: what the tower that made the features computed in. */
    public static final String PRECISION = "coop4j.precision";

    /** Metadata: the class names, a JSON array by label. */
    public static final String CLASS_NAMES = "coop4j.class_names";

    /** Features of images or texts, [rows, width]. */
    public static final String FEATURES = "features";

    /** The class of each row, [rows]. */
    public static final String LABELS = "labels";

    /** The part of the data that each row is in, [rows], as {@link Split#code} counts. */
    public static final String SPLIT = "split";

    /** SHA-256 of each row's image file, [rows, 32]. */
    public static final String SHA256 = "sha256";

    /** As Tip-Adapter keeps the features of its cache, [width, rows]. */
    private static final String KEYS = "keys";

    /**
     * Bytes that compressed arrays may unpack to: in float64, twice the float32 features that
     * {@link #matrix} allows.
     */
    private static final long LARGEST_UNPACKED = Runtime.getRuntime().maxMemory();

    private static final int SHA256_BYTES = 32;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final Closeable source;
    private final String sha256;
    private final Map<String, TensorView> tensors;
    private final Map<String, String> metadata;

    private FeatureTensors(
            Path file, Closeable source, String sha256, Map<String, TensorView> tensors, Map<String, String> metadata) {
        this.file = file;
        this.source = source;
        this.sha256 = sha256;
        this.tensors = tensors;
        this.metadata = metadata;
    }

    /** Whether a file's name is that of features. */
    public static boolean isNameOf(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return List.of(".safetensors", ".npz", ".pt", ".pth").stream().anyMatch(name::endsWith);
    }

    /**
     * Opens a file and checks its structure.
     *
     * @throws InputException if it is damaged or something else
     */
    static FeatureTensors open(Path file) throws IOException {
        if (file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".npz")) {
            NpzFile arrays = NpzFile.open(file, LARGEST_UNPACKED);
            return opened(file, arrays, arrays.arrays(), arrays::sha256, Map.of());
        }
        WeightsFile weights = WeightsFile.open(file);
        Map<String, TensorView> tensors = new LinkedHashMap<>();
        weights.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
        return opened(
                file,
                () -> weights.close(),
                tensors,
                () -> {
                    weights.verifyChecksums(bytes -> {});
                    return weights.sha256(bytes -> {});
                },
                weights.metadata());
    }

    private interface Hash {
        String sha256() throws IOException;
    }

    private static FeatureTensors opened(
            Path file, Closeable source, Map<String, TensorView> tensors, Hash hash, Map<String, String> metadata)
            throws IOException {
        try {
            return new FeatureTensors(file, source, hash.sha256(), tensors, metadata);
        } catch (IOException | RuntimeException e) {
            source.close();
            throw e;
        }
    }

    /** What rows are of, {@code image} or {@code text}; empty if nothing says. */
    String kind() {
        return metadata.getOrDefault(KIND, "");
    }

    /**
     * The features.
     *
     * @throws DatasetException if there are none, or of another shape, or one is not a number
     */
    StoredFeatures features() throws IOException {
        float[][] rows = matrix(featuresTensor());
        for (int i = 0; i < rows.length; i++) {
            requireDirection(i, rows[i]);
        }
        return new StoredFeatures(
                file,
                sha256,
                metadata.getOrDefault(MODEL_SHA256, ""),
                logLogitScale(),
                precision(),
                rows,
                contents(rows.length));
    }

    private TensorView featuresTensor() throws IOException {
        if (tensors.containsKey(FEATURES)) {
            return tensors.get(FEATURES);
        }
        if (tensors.containsKey(KEYS) && tensors.get(KEYS).shape().rank() == 2) {
            return tensors.get(KEYS).transposed();
        }
        throw problem("has no features: expected a tensor features [images, width], or keys [width,"
                + " images], got "
                + specs());
    }

    float[][] matrix(TensorView tensor) throws IOException {
        Shape shape = tensor.shape();
        if (!tensor.dtype().isFloat() || shape.rank() != 2 || shape.dim(0) < 1 || shape.dim(1) < 1) {
            throw problem("%s: expected floating-point numbers [rows, width], got %s %s"
                    .formatted(tensor.name(), tensor.dtype(), shape));
        }
        long bytes = shape.elements() * Float.BYTES;
        long most = Runtime.getRuntime().maxMemory() / 2;
        if (bytes > most || shape.elements() > Integer.MAX_VALUE - 8) {
            throw problem(
                    "%s %s takes %d MB of memory, and there are %d MB for it: give Java more with JAVA_TOOL_OPTIONS=-Xmx…, or fewer images"
                            .formatted(tensor.name(), shape, bytes >> 20, most >> 20));
        }
        float[] all = new float[(int) shape.elements()];
        tensor.readFloats(FloatBuffer.wrap(all));
        int width = (int) shape.dim(1);
        float[][] rows = new float[(int) shape.dim(0)][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Arrays.copyOfRange(all, i * width, (i + 1) * width);
        }
        return rows;
    }

    private void requireDirection(int row, float[] values) throws DatasetException {
        boolean zero = true;
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw problem("row " + row + " of the features has " + value);
            }
            zero &= value == 0;
        }
        if (zero) {
            throw problem("row " + row + " of the features is all zeros: it has no direction");
        }
    }

    private Float logLogitScale() throws DatasetException {
        String text = metadata.get(LOGIT_SCALE);
        if (text == null) {
            return null;
        }
        try {
            float value = Float.parseFloat(text);
            if (Float.isFinite(value)) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw problem("its metadata " + LOGIT_SCALE + " is no number: " + text);
    }

    private Precision precision() throws DatasetException {
        String id = metadata.getOrDefault(PRECISION, Precision.FLOAT32.id());
        try {
            return Precision.of(id);
        } catch (IllegalArgumentException e) {
            throw new DatasetException("%s: its metadata %s: %s".formatted(file, PRECISION, e.getMessage()), e);
        }
    }

    private byte[][] contents(int rows) throws IOException {
        TensorView tensor = tensors.get(SHA256);
        if (tensor == null) {
            return null;
        }
        requireShape(tensor, tensor.dtype() == DType.U8, Shape.of(rows, SHA256_BYTES), "bytes");
        long[] all = tensor.longs();
        byte[][] contents = new byte[rows][SHA256_BYTES];
        for (int i = 0; i < all.length; i++) {
            contents[i / SHA256_BYTES][i % SHA256_BYTES] = (byte) all[i];
        }
        return contents;
    }

    /** A tensor, or null if it is not there. */
    TensorView tensor(String name) {
        return tensors.get(name);
    }

    /**
     * A list of the metadata, or null if it is not there.
     *
     * @throws DatasetException if it is no JSON array of texts
     */
    List<String> list(String key) throws DatasetException {
        if (!metadata.containsKey(key)) {
            return null;
        }
        try {
            return List.of(JSON.readValue(metadata.get(key), String[].class));
        } catch (JsonProcessingException | NullPointerException e) {
            throw new DatasetException("%s: its metadata %s is no JSON array of texts".formatted(file, key), e);
        }
    }

    void requireShape(TensorView tensor, boolean rightType, Shape shape, String what) throws DatasetException {
        if (!rightType || !tensor.shape().equals(shape)) {
            throw problem("%s: expected %s %s, got %s %s"
                    .formatted(tensor.name(), what, shape, tensor.dtype(), tensor.shape()));
        }
    }

    /** Names and shapes of all tensors. */
    String specs() {
        return tensors.isEmpty()
                ? "none"
                : String.join(
                        ", ",
                        tensors.values().stream().map(TensorView::toString).toList());
    }

    DatasetException problem(String what) {
        return new DatasetException(file + ": " + what);
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
