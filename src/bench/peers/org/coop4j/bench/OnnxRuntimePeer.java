package org.coop4j.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.onnx.OnnxExport;

/**
 * Encodes the same preprocessed images with coop4j, in float32 and where the processor has it in
 * bfloat16, and with ONNX Runtime for Java in float32, in turn, from the same weights: arguments
 * are a converted model, the images of a batch, and the repetitions. The threads of both are those
 * of {@code OMP_NUM_THREADS}, or the cores.
 */
public final class OnnxRuntimePeer {

    private OnnxRuntimePeer() {}

    public static void main(String[] arguments) throws Exception {
        int batch = Integer.parseInt(arguments[1]);
        int runs = Integer.parseInt(arguments[2]);
        Path onnx = Files.createTempFile("peer", ".onnx");
        Path model = Path.of(arguments[0]);
        boolean hasHalf = Precision.BFLOAT16.obstacle().isEmpty();
        try (Clip clip = Clip.open(model);
                Clip half = hasHalf ? Clip.open(model, Clip.Options.in(Precision.BFLOAT16)) : null;
                OrtEnvironment environment = OrtEnvironment.getEnvironment();
                OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            new OnnxExport(clip, false, "bench").imageTower(onnx);
            options.setIntraOpNumThreads(clip.workers().count());
            try (OrtSession session = environment.createSession(onnx.toString(), options)) {
                compare(clip, half, environment, session, batch, runs);
            }
        } finally {
            Files.delete(onnx);
        }
    }

    private static void compare(
            Clip clip, Clip half, OrtEnvironment environment, OrtSession session, int batch, int runs)
            throws Exception {
        int side = clip.architecture().vision().imageSize();
        FloatBuffer pixels = FloatBuffer.allocate(batch * 3 * side * side);
        SplittableRandom random = new SplittableRandom(1);
        while (pixels.hasRemaining()) {
            pixels.put((float) random.nextDouble(-2, 2));
        }
        pixels.flip();
        double[] ours = new double[runs];
        double[] rounded = new double[runs];
        double[] theirs = new double[runs];
        double difference = 0;
        double cosine = 1;
        for (int run = -1; run < runs; run++) { // the first is for warming up
            long begin = System.nanoTime();
            FeatureMatrix features = clip.encodePixels(pixels, batch);
            long middle = System.nanoTime();
            if (half != null) {
                cosine = leastCosine(features, half.encodePixels(pixels.duplicate(), batch));
            }
            long ready = System.nanoTime();
            try (OnnxTensor input = OnnxTensor.createTensor(
                            environment, pixels.duplicate(), new long[] {batch, 3, side, side});
                    OrtSession.Result result = session.run(Map.of(OnnxExport.PIXELS, input))) {
                long end = System.nanoTime();
                FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
                difference = Math.max(difference, relativeDifference(features, values));
                if (run >= 0) {
                    ours[run] = (middle - begin) / 1e9;
                    rounded[run] = (ready - middle) / 1e9;
                    theirs[run] = (end - ready) / 1e9;
                }
            }
        }
        System.out.printf(
                "%d images: coop4j %.3f s, ONNX Runtime %.3f s (medians of %d), ratio %.2f,"
                        + " largest relative difference %.1e%n",
                batch, median(ours), median(theirs), runs, median(theirs) / median(ours), difference);
        if (half != null) {
            System.out.printf(
                    "coop4j in bfloat16 %.3f s, %.2f times as fast as in float32,"
                            + " least cosine of an image's features %.6f%n",
                    median(rounded), median(ours) / median(rounded), cosine);
        }
    }

    private static double leastCosine(FeatureMatrix a, FeatureMatrix b) {
        FeatureMatrix x = a.normalized();
        FeatureMatrix y = b.normalized();
        double least = 1;
        for (int i = 0; i < x.rows(); i++) {
            least = Math.min(least, x.dot(i, y, i));
        }
        return least;
    }

    private static double relativeDifference(FeatureMatrix ours, FloatBuffer theirs) {
        double difference = 0;
        double largest = 0;
        for (float value : ours.toArray()) {
            largest = Math.max(largest, Math.abs(value));
            difference = Math.max(difference, Math.abs(value - theirs.get()));
        }
        return difference / largest;
    }

    private static double median(double[] seconds) {
        double[] sorted = seconds.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
