package org.coop4j.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.console.Console;
import org.coop4j.data.FeatureSets;
import org.coop4j.data.FeatureSets.DenseFeatures;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Method;
import org.coop4j.method.Task;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.weights.Shape;
import org.coop4j.weights.convert.RandomWeights;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;

/**
 * Uses most of what commands use, once, on a tiny model and on the one that comes with coop4j: the
 * launcher runs it after a build, so that the JVM archives the classes it loads and later starts
 * are faster. It also unpacks that model and ND4J's native libraries.
 */
public final class FirstRun {

    private FirstRun() {}

    /** Needs no arguments and prints nothing. */
    public static void main(String[] arguments) throws IOException {
        Coop.useLog();
        Path folder = Files.createTempDirectory("coop4j");
        Path model = folder.resolve("tiny.safetensors");
        Path classifier = folder.resolve("classifier.safetensors");
        Path picture = folder.resolve("picture.jpg");
        try {
            ClipConfig tiny = new ClipConfig(
                    16, new ClipConfig.Vit(16, 8, 16, 1, 1, 16), new ClipConfig.Text(77, 49408, 16, 1, 1, 16));
            RandomWeights.write(tiny, 1, model, MlpActivation.QUICK_GELU);
            use(model, classifier, picture);
        } finally {
            Files.deleteIfExists(model);
            Files.deleteIfExists(classifier);
            Files.deleteIfExists(picture);
            Files.delete(folder);
        }
    }

    private static void use(Path model, Path classifier, Path picture) throws IOException {
        try (Clip clip = Clip.open(model)) {
            clip.encodeTexts(List.of("a photo of a cat."));
            ClassifierFile.of(Method.standard(), List.of("cat", "dog"), clip.modelSha256())
                    .with("ctx", Shape.of(16, 16), new float[16 * 16])
                    .write(classifier);
        }
        BufferedImage image = new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB);
        ImageIO.write(image, "jpg", picture.toFile());
        Console nowhere = new Console(OutputStream.nullOutputStream(), OutputStream.nullOutputStream(), false, 80);
        Coop.run(nowhere, "model", model.toString());
        Coop.run(nowhere, "tokenize", "--json", "a photo of a cat.");
        Coop.run(nowhere, "zero-shot", "--help");
        Coop.run(nowhere, "predict", "--json", "--prompt=" + classifier, "--model=" + model, picture.toString());
        for (Path each : List.of(model, ShippedModel.cached())) {
            learnFromNoise(each, classifier);
            for (int i = 0; i < 2; i++) {
                Coop.run(
                        nowhere,
                        "predict",
                        "--prompt=" + classifier,
                        "--model=" + each,
                        "--precision=" + Precision.FLOAT32.id(),
                        picture.toString());
            }
        }
    }

    /** Writes a classifier of eight classes that were learned in a closed form, from random features. */
    public static void learnFromNoise(Path model, Path classifier) throws IOException {
        try (Clip clip = Clip.open(model)) {
            List<String> names = List.of("a", "b", "c", "d", "e", "f", "g", "h");
            int width = clip.embedDim();
            SplittableRandom random = new SplittableRandom(1);
            int[] labels = IntStream.range(0, 2 * names.size()).map(i -> i / 2).toArray();
            float[] rows = new float[labels.length * width];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = (float) random.nextGaussian();
            }
            FewShotFeatures data =
                    new FewShotFeatures(DenseFeatures.of(width, 1, rows, labels), FeatureSets.none(width));
            try (Classifier learned = Method.closedForm()
                    .learner(clip, new Task(names, "{}", 1))
                    .fit(data, new Trainer(Training.none(), 1))) {
                learned.save().write(classifier);
            }
        }
    }
}
