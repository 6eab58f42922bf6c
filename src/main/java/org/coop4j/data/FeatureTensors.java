package org.coop4j.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.base.Heap;
import org.coop4j.base.InputException;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.eval.Labels;
import org.coop4j.graph.host.Precision;
import org.coop4j.model.convert.WeightsFile;
import org.coop4j.weights.DType;
import org.coop4j.weights.NpzFile;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;

/**
 * The tensors of a file of features: safetensors, NumPy's {@code .npz}, or what {@code torch.save} makes of a dict of
 * tensors. Nothing in a file is executed, and sizes are checked before memory is allocated.
 *
 * @param source the open file, an {@link NpzFile} or {@link WeightsFile}
 * @param tensors by name
 * @param metadata of a safetensors file; empty for other formats
 */
public record FeatureTensors(Path file, Closeable source, Map<String, TensorView> tensors, Map<String, String> metadata)
        implements Closeable {

    /** Metadata: names of the rows' files or texts, a JSON array. */
    public static final String INPUTS = "coop4j.inputs";

    /** Metadata: {@code image} or {@code text}. */
    public static final String KIND = "coop4j.kind";

    /** Metadata: SHA-256 of the model file that made the features. */
    public static final String MODEL_SHA256 = "coop4j.model_sha256";

    /** Metadata: that model's parameter {@code logit_scale}. */
    public static final String LOGIT_SCALE = "coop4j.logit_scale";

    /** Metadata: {@code true} if rows are divided by their norms. */
    public static final String NORMALIZED = "coop4j.normalized";

    /** Metadata: precision in which the features were encoded. */
    public static final String PRECISION = "coop4j.precision";

    /** Metadata: the class names in the order of their labels, a JSON array. */
    public static final String CLASS_NAMES = "coop4j.class_names";

    /** Features of images or texts, [rows, width]. */
    public static final String FEATURES = "features";

    /** Single label of each row, [rows], or its states by class, [rows, classes]: 1 shown, 0 not, -1 unknown. */
    public static final String LABELS = "labels";

    /** Split of each row, [rows]: 0 train, 1 val, 2 test. */
    public static final String SPLIT = "split";

    /** SHA-256 of each row's image file, [rows, 32]. */
    public static final String SHA256 = "sha256";

    /** The features of Tip-Adapter's cache, [width, rows]. */
    private static final String KEYS = "keys";

    /** The one-hot labels of Tip-Adapter's cache, [rows, classes]. */
    private static final String VALUES = "values";

    private static final int SHA256_BYTES = 32;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Returns true if a file's name is that of features. */
    public static boolean isNameOf(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return List.of(".safetensors", ".npz", ".pt", ".pth").stream().anyMatch(name::endsWith);
    }

    /**
     * Opens a file and checks its structure.
     *
     * @throws IOException if it is damaged or something else
     */
    static FeatureTensors open(Path file) throws IOException {
        if (file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".npz")) {
            NpzFile arrays = NpzFile.open(file, Runtime.getRuntime().maxMemory());
            return new FeatureTensors(file, arrays, arrays.arrays(), Map.of());
        }
        WeightsFile weights = WeightsFile.open(file);
        return new FeatureTensors(file, weights, weights.tensors(), weights.metadata());
    }

    private String sha256() throws IOException {
        if (source instanceof NpzFile arrays) {
            return arrays.source().sha256(bytes -> {});
        }
        WeightsFile weights = (WeightsFile) source;
        weights.verifyChecksums(bytes -> {});
        return weights.sha256(bytes -> {});
    }

    /** Returns {@code image} or {@code text}; empty if the file does not say. */
    String kind() {
        return metadata.getOrDefault(KIND, "");
    }

    /**
     * Reads the features.
     *
     * @throws InputException if there are none, their shape is wrong, or one is not a number
     */
    StoredFeatures features() throws IOException {
        StoredFeatures all = unchecked();
        StoredFeatures.Rows rows = all.rows();
        int bad = IntStream.range(0, rows.count())
                .parallel()
                .filter(i -> !rows.hasDirection(i))
                .min()
                .orElse(-1);
        if (bad >= 0) {
            for (float value : rows.row(bad)) {
                if (!Float.isFinite(value)) {
                    throw problem("row " + bad + " of the features has " + value);
                }
            }
            throw problem("row " + bad + " of the features is all zeros: it has no direction");
        }
        return all;
    }

    /** Returns the features; some may be zero or not finite. */
    StoredFeatures unchecked() throws IOException {
        StoredFeatures.Rows rows = rows(featuresTensor());
        return of(sha256(), rows, contents(rows.count()));
    }

    /** Returns what the file says of its features, without the rows and its hash. */
    StoredFeatures described() throws IOException {
        int width = (int) requireMatrix(featuresTensor()).shape().dim(1);
        return of("", new StoredFeatures.Rows(0, width, DType.F32, null, new float[0]), null);
    }

    private StoredFeatures of(String sha256, StoredFeatures.Rows rows, byte[][] contents) throws InputException {
        return new StoredFeatures(
                file, sha256, metadata.getOrDefault(MODEL_SHA256, ""), logitScale(), precision(), rows, contents);
    }

    /** Returns the names of the classes, or numbers in their place. */
    List<String> classNames() throws IOException {
        List<String> named = list(CLASS_NAMES);
        return named != null
                ? named
                : IntStream.range(0, classes(labels(rowCount(), 0)))
                        .mapToObj(Integer::toString)
                        .toList();
    }

    private int rowCount() throws IOException {
        return (int) requireMatrix(featuresTensor()).shape().dim(0);
    }

    private TensorView featuresTensor() throws IOException {
        TensorView keys = tensors.get(KEYS);
        if (!tensors.containsKey(FEATURES) && keys != null && keys.shape().rank() == 2) {
            return keys.transposed();
        }
        return tensor(FEATURES, "has no features: expected a tensor features [images, width], or keys [width, images]");
    }

    /** Returns a tensor, refusing a file without it. */
    private TensorView tensor(String name, String problem) throws InputException {
        TensorView tensor = tensors.get(name);
        if (tensor == null) {
            List<String> found =
                    tensors.values().stream().map(TensorView::toString).toList();
            throw problem(problem + ", got " + (found.isEmpty() ? "none" : String.join(", ", found)));
        }
        return tensor;
    }

    private StoredFeatures.Rows rows(TensorView tensor) throws IOException {
        long bytes = requireMatrix(tensor).shape().elements()
                * Math.min(Float.BYTES, tensor.dtype().bytes());
        Heap.require(bytes + bytes / 2); // room for the work on them, too
        return StoredFeatures.Rows.read(tensor);
    }

    private TensorView requireMatrix(TensorView tensor) throws InputException {
        Shape shape = tensor.shape();
        if (!tensor.dtype().isFloat() || shape.rank() != 2 || shape.dim(0) < 1 || shape.dim(1) < 1) {
            throw problem("%s: expected floating-point numbers [rows, width], got %s %s"
                    .formatted(tensor.name(), tensor.dtype(), shape));
        }
        return tensor;
    }

    private Float logitScale() throws InputException {
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
            // refused below
        }
        throw problem("its metadata " + LOGIT_SCALE + " is not a number: " + text);
    }

    private Precision precision() throws InputException {
        try {
            return Precision.of(metadata.getOrDefault(PRECISION, Precision.FLOAT32.id()));
        } catch (IllegalArgumentException e) {
            throw new InputException("%s: its metadata %s: %s".formatted(file, PRECISION, e.getMessage()), e);
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

    /**
     * Reads the labels of each row.
     *
     * @param classes number of class names, or 0 if there are none
     * @throws InputException if there are no labels, or one is not that of a class
     */
    List<Labels> labels(int rows, int classes) throws IOException {
        if (!tensors.containsKey(LABELS) && tensors.containsKey(VALUES)) {
            return Labels.singles(oneHot(rows, classes));
        }
        TensorView tensor = tensor(
                LABELS,
                kind().equals("text")
                        ? "has features of texts and no labels: give it as the class features, which replace a text"
                                + " tower"
                        : "has no labels: expected a tensor labels [images] of integers, or values [images, classes]");
        if (tensor.shape().rank() == 2) {
            return sets(tensor, rows, classes > 0 ? classes : tensor.shape().dim(1));
        }
        long[] values = integers(tensor, rows);
        int[] labels = new int[rows];
        long end = classes > 0 ? classes : rows; // each class has a row
        for (int i = 0; i < rows; i++) {
            if (values[i] < 0 || values[i] >= end) {
                throw problem("label %d of row %d: expected 0 to %d, as there are %d %s"
                        .formatted(values[i], i, end - 1, end, classes > 0 ? "classes" : "rows"));
            }
            labels[i] = (int) values[i];
        }
        return Labels.singles(labels);
    }

    /**
     * Reads the single label of each row, −1 for none of the classes; null if the file has no labels.
     *
     * @throws InputException if a label is smaller, or the labels are sets
     */
    int[] singleLabels(int rows) throws IOException {
        TensorView tensor = tensors.get(LABELS);
        if (tensor == null) {
            return null;
        }
        if (tensor.shape().rank() != 1) {
            throw problem("has several labels per image: expected labels [%d], got %s".formatted(rows, tensor.shape()));
        }
        long[] values = integers(tensor, rows);
        int[] labels = new int[rows];
        for (int i = 0; i < rows; i++) {
            if (values[i] < -1 || values[i] > Integer.MAX_VALUE) {
                throw problem("label %d of row %d: expected -1 (none of the classes) or more".formatted(values[i], i));
            }
            labels[i] = (int) values[i];
        }
        return labels;
    }

    /** Returns the names of the rows; null if the file has none. */
    List<String> inputs(int rows) throws InputException {
        List<String> inputs = list(INPUTS);
        if (inputs != null && inputs.size() != rows) {
            throw problem("its metadata %s has %d names for %d rows".formatted(INPUTS, inputs.size(), rows));
        }
        return inputs;
    }

    /** Returns the number of classes that have no names. */
    int classes(List<Labels> labels) {
        return Labels.areSets(labels)
                ? (int) tensors.get(LABELS).shape().dim(1)
                : labels.stream().mapToInt(Labels::largest).max().orElse(0) + 1;
    }

    private List<Labels> sets(TensorView tensor, int rows, long classes) throws IOException {
        requireShape(tensor, tensor.dtype().isInteger(), Shape.of(rows, classes), "integers");
        long[] states = tensor.longs();
        List<Labels> sets = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            int from = i * (int) classes;
            for (int c = 0; c < classes; c++) {
                if (Math.abs(states[from + c]) > 1) {
                    throw problem("label %d of row %d, class %d: expected 1 (shown), 0 (not) or -1 (unknown)"
                            .formatted(states[from + c], i, c));
                }
            }
            sets.add(Labels.ofStates((int) classes, c -> (int) states[from + c]));
        }
        return sets;
    }

    private int[] oneHot(int rows, int classes) throws IOException {
        TensorView tensor = tensors.get(VALUES);
        FeatureMatrix values = rows(tensor).matrix();
        if (values.rows() != rows || (classes > 0 && values.width() != classes)) {
            throw problem("values: expected [%d, %s], got %s"
                    .formatted(rows, classes > 0 ? classes : "classes", tensor.shape()));
        }
        int[] labels = new int[rows];
        for (int i = 0; i < rows; i++) {
            int ones = 0;
            for (int c = 0; c < values.width(); c++) {
                float value = values.get(i, c);
                labels[i] = value == 1 ? c : labels[i];
                ones += value == 1 ? 1 : value == 0 ? 0 : 2; // anything else counts as too many
            }
            if (ones != 1) {
                throw problem("row " + i + " of values is not one-hot: expected a single 1");
            }
        }
        return labels;
    }

    /** Reads the split of each row; null if the file has none. */
    List<Split> splits(int rows) throws IOException {
        TensorView tensor = tensors.get(SPLIT);
        if (tensor == null) {
            return null;
        }
        long[] codes = integers(tensor, rows);
        List<Split> splits = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            if (codes[i] < 0 || codes[i] >= Split.values().length) {
                throw problem("split %d of row %d: expected 0 (train), 1 (val) or 2 (test)".formatted(codes[i], i));
            }
            splits.add(List.of(Split.values()).get((int) codes[i]));
        }
        return splits;
    }

    /**
     * Returns a list in the metadata, or null if it is not there.
     *
     * @throws InputException if it is not a JSON array of strings
     */
    List<String> list(String key) throws InputException {
        if (!metadata.containsKey(key)) {
            return null;
        }
        try {
            return List.of(JSON.readValue(metadata.get(key), String[].class));
        } catch (JsonProcessingException | NullPointerException e) {
            throw new InputException("%s: its metadata %s is not a JSON array of strings".formatted(file, key), e);
        }
    }

    private long[] integers(TensorView tensor, int rows) throws IOException {
        requireShape(tensor, tensor.dtype().isInteger(), Shape.of(rows), "integers");
        return tensor.longs();
    }

    private void requireShape(TensorView tensor, boolean rightType, Shape shape, String type) throws InputException {
        if (!rightType || !tensor.shape().equals(shape)) {
            throw problem("%s: expected %s %s, got %s %s"
                    .formatted(tensor.name(), type, shape, tensor.dtype(), tensor.shape()));
        }
    }

    InputException problem(String text) {
        return new InputException(file + ": " + text);
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
