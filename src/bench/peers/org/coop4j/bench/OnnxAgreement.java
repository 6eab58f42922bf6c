package org.coop4j.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.Preprocessing.PixelReader;
import org.coop4j.method.Classifier;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.onnx.OnnxExport;

/**
 * How far the logits of an exported classifier in ONNX Runtime are from ours on photographs:
 * arguments are a converted model, a folder with a folder a class, and the number of photographs.
 * They are taken from the first classes in turn, and the classes are called as their folders.
 */
public final class OnnxAgreement {

    private static final int CLASSES = 10;

    private OnnxAgreement() {}

    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[2]);
        List<Path> classes = list(Path.of(arguments[1])).subList(0, CLASSES);
        List<String> names =
                classes.stream().map(c -> c.getFileName().toString()).toList();
        Path onnx = Files.createTempFile("agreement", ".onnx");
        try (Clip clip = Clip.open(Path.of(arguments[0]));
                Classifier classifier = PromptEnsemble.of("a photo of a {}.").classifier(clip, names)) {
            new OnnxExport(clip, false, "bench").classifier(onnx, classifier, false);
            try (OrtEnvironment environment = OrtEnvironment.getEnvironment();
                    OrtSession session = environment.createSession(onnx.toString())) {
                compare(clip, classifier, environment, session, photographs(classes, count));
            }
        } finally {
            Files.delete(onnx);
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private static List<Path> photographs(List<Path> classes, int count) throws IOException {
        int each = (count + classes.size() - 1) / classes.size();
        Stream<Path> all = Stream.empty();
        for (Path folder : classes) {
            all = Stream.concat(all, list(folder).stream().limit(each));
        }
        return all.limit(count).toList();
    }

    private static void compare(
            Clip clip, Classifier classifier, OrtEnvironment environment, OrtSession session, List<Path> photographs)
            throws Exception {
        int side = clip.architecture().vision().imageSize();
        PixelReader reader = new PixelReader(new ImageDecoder(), clip.preprocessing(), ExifOrientation.APPLY);
        double difference = 0;
        double largest = 0;
        int sameClass = 0;
        for (Path photograph : photographs) {
            FloatBuffer pixels = FloatBuffer.allocate(3 * side * side);
            reader.read(photograph, pixels, 0);
            FeatureMatrix features = clip.encodePixels(pixels, 1);
            float[] ours = classifier.logits(features).row(0);
            float[] theirs = new float[ours.length];
            try (OnnxTensor input = OnnxTensor.createTensor(environment, pixels, new long[] {1, 3, side, side});
                    OrtSession.Result result = session.run(Map.of(OnnxExport.PIXELS, input), Set.of("logits"))) {
                ((OnnxTensor) result.get(0)).getFloatBuffer().get(theirs);
            }
            for (int c = 0; c < ours.length; c++) {
                difference = Math.max(difference, Math.abs(ours[c] - theirs[c]));
                largest = Math.max(largest, Math.abs(ours[c]));
            }
            sameClass += best(ours) == best(theirs) ? 1 : 0;
        }
        System.out.printf(
                "%d photographs, %d classes: largest relative difference of the logits %.1e, the"
                        + " same class for %d%n",
                photographs.size(), CLASSES, difference / largest, sameClass);
    }

    private static int best(float[] logits) {
        return IntStream.range(0, logits.length)
                .reduce((a, b) -> logits[b] > logits[a] ? b : a)
                .orElseThrow();
    }
}
