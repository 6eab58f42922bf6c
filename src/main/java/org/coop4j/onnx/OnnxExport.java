package org.coop4j.onnx;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import onnx.Onnx.ModelProto;
import onnx.Onnx.TensorProto.DataType;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.InputException;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.eval.Calibration;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.method.Classifier;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;

/**
 * Writes ONNX files of a model: its towers, or a classifier from pixels to probabilities.
 *
 * <p>A file is at most 2 GiB (a limit of the format), enough for the largest published image tower in float32.
 *
 * @param clip the model
 * @param half true to store weights in float16; arithmetic is in float32 either way
 * @param version of the program, for the files' metadata
 */
public record OnnxExport(Clip clip, boolean half, String version) {

    /** The image tower's input: normalised pixels [batch, 3, side, side]. */
    public static final String PIXELS = "pixels";

    /** The input instead of {@link #PIXELS}: one image [height, width, 3] of bytes, RGB. */
    public static final String IMAGE = "image";

    private static final String BATCH = "batch";

    /** Writes the image tower: pixels → image_features [batch, embed], not normalised. */
    public void imageTower(Path file) throws IOException {
        OnnxGraph graph = new OnnxGraph("image tower", half);
        String features = imageFeatures(graph, pixels(graph), FeatureKind.EMBEDDED);
        graph.output("image_features", features, BATCH, clip.architecture().embedDim());
        write(file, graph, Map.of());
    }

    /** Writes the text tower: input_ids → text_features [batch, embed], not normalised. */
    public void textTower(Path file) throws IOException {
        ClipConfig.Text text = clip.architecture().text();
        OnnxGraph graph = new OnnxGraph("text tower", half);
        String ids = graph.input("input_ids", DataType.INT64, BATCH, text.contextLength());
        String features = towers(graph, Map.of(), clip.model().metadata().textActivation())
                .text(ids, text);
        graph.output("text_features", features, BATCH, clip.architecture().embedDim());
        write(file, graph, Map.of());
    }

    /**
     * Writes a classifier: pixels, or one image, → logits and calibrated probabilities [batch, classes]. The metadata
     * has the class names, the method and its settings, and the model's SHA-256.
     *
     * @param preprocessing true to make resize, crop and normalisation part of the graph
     * @throws UnsupportedOperationException if the classifier has no such form
     */
    public void classifier(Path file, Classifier classifier, boolean preprocessing) throws IOException {
        OnnxGraph graph = new OnnxGraph("classifier", half);
        String pixels = preprocessing
                ? new PreprocessingNodes(graph, clip.preprocessing())
                        .forward(graph.input(IMAGE, DataType.UINT8, "height", "width", 3))
                : pixels(graph);
        Object batch = preprocessing ? (Object) 1 : BATCH;
        int classes = classifier.classNames().size();
        String features = imageFeatures(graph, pixels, classifier.features());
        String logits = classifier.logits(graph, features);
        graph.output("logits", logits, batch, classes);
        graph.output("probabilities", probabilities(graph, logits, classifier), batch, classes);
        write(file, graph, metadata(classifier));
    }

    private static String probabilities(OnnxGraph graph, String logits, Classifier classifier) {
        Decision decision = classifier.save().decision();
        if (decision != null && !decision.equals(Decision.BEST)) {
            float[] offsets = new float[classifier.classNames().size()];
            Arrays.fill(offsets, (float) decision.offset());
            return graph.node("Sigmoid", graph.plus(graph.times(logits, decision.slope()), offsets));
        }
        double temperature = classifier.save().temperature();
        String calibrated = temperature == Calibration.NO_TEMPERATURE ? logits : graph.times(logits, 1 / temperature);
        return graph.node("Softmax", List.of("axis", -1), calibrated);
    }

    private static Map<String, String> metadata(Classifier classifier) throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        ObjectMapper json = new ObjectMapper();
        metadata.put("coop4j.class_names", json.writeValueAsString(classifier.classNames()));
        Decision decision = classifier.save().decision();
        if (decision != null && !decision.equals(Decision.BEST)) { // of the logits
            int classes = classifier.classNames().size();
            metadata.put(
                    "coop4j.thresholds",
                    json.writeValueAsString(IntStream.range(0, classes)
                            .mapToObj(decision::threshold)
                            .toList()));
        }
        metadata.put("coop4j.method", classifier.save().method().title());
        metadata.put(
                "coop4j.training",
                json.writeValueAsString(classifier.save().origin().entries()));
        return metadata;
    }

    private String pixels(OnnxGraph graph) {
        int side = clip.architecture().vision().imageSize();
        return graph.input(PIXELS, DataType.FLOAT, BATCH, 3, side, side);
    }

    private String imageFeatures(OnnxGraph graph, String pixels, FeatureKind kind) throws IOException {
        return towers(graph, clip.changedWeights(kind), clip.model().activation())
                .image(pixels, clip.architecture().vision(), kind);
    }

    private Towers towers(OnnxGraph graph, Map<String, float[]> changed, MlpActivation activation) {
        ConvertedModel model = clip.model();
        return new Towers(graph, model.weights(), changed, activation, model.architecture()::epsilon);
    }

    private void write(Path file, OnnxGraph graph, Map<String, String> metadata) throws IOException {
        Map<String, String> all = new LinkedHashMap<>(metadata);
        all.put("coop4j.model_sha256", clip.modelSha256());
        ModelProto model = graph.model(all, version);
        InputException.require(
                model.getSerializedSize() >= 0, "%s: an ONNX file has at most 2 GiB: half precision halves it", file);
        try (AtomicFile target = AtomicFile.create(file)) {
            model.writeTo(target.stream());
            target.commit();
        }
    }
}
