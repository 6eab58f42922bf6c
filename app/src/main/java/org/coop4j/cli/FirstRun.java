package org.coop4j.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.Loader;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Log;
import org.coop4j.base.StateFolder;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.console.Console;
import org.coop4j.data.Examples;
import org.coop4j.graph.host.Precision;
import org.coop4j.http.ServiceOptions;
import org.coop4j.http.ServiceOptions.Limits;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.studio.StudioServer;
import org.coop4j.weights.Shape;
import org.slf4j.Logger;

/**
 * Uses most of what commands use, once, on the shipped model. The launcher runs it after a build, so that the JVM
 * archives the classes it loads and later starts are faster. It also unpacks the shipped model and ND4J's native
 * libraries, and links the libraries into one folder.
 */
public final class FirstRun {

    private static final Logger LOG = Log.of(FirstRun.class);

    private FirstRun() {}

    /** Prints nothing; the argument is the folder of the links. */
    public static void main(String[] arguments) throws IOException {
        Coop.useLog();
        Path folder = Files.createTempDirectory("coop4j");
        try {
            Path picture = Files.createDirectories(folder.resolve("photos/cat")).resolve("picture.jpg");
            ImageIO.write(new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB), "jpg", picture.toFile());
            use(ShippedModel.cached(), folder.resolve("classifier.safetensors"), picture);
            link(Path.of(arguments[0]));
            try {
                startStudio(ShippedModel.cached(), folder);
            } catch (IOException | UncheckedIOException e) { // where no port can be opened
                LOG.warn("the studio's classes are not archived: {}", e.getMessage());
            }
        } finally {
            CacheFolder.delete(folder);
        }
    }

    /** Links the native libraries, which outlive JavaCPP's cache in this way. */
    private static void link(Path natives) throws IOException {
        Precision.hasOneDnn(); // loads it
        Files.createDirectories(natives);
        for (String library : Loader.getLoadedLibraries().values()) {
            Path file = Path.of(library);
            Path link = natives.resolve(file.getFileName());
            if (file.isAbsolute() && !(Files.exists(link) && Files.isSameFile(file, link))) {
                Files.deleteIfExists(link);
                Files.createLink(link, file.toRealPath());
            }
        }
    }

    private static void use(Path model, Path classifier, Path picture) throws IOException {
        try (Clip clip = Clip.open(model)) {
            int width = clip.architecture().text().width();
            ClassifierFile.of(Method.standard(), List.of("cat", "dog"), clip.modelSha256())
                    .with("ctx", Shape.of(16, width), new float[16 * width])
                    .write(classifier);
        }
        Console nowhere = new Console(OutputStream.nullOutputStream(), OutputStream.nullOutputStream(), false, 80);
        Coop.run(nowhere, "model", model.toString());
        Coop.run(nowhere, "tokenize", "--json", "a photo of a cat.");
        Coop.run(nowhere, "zero-shot", "--help");
        Coop.run(nowhere, "zero-shot", "--model=" + model, "--classes=cat,dog", picture.toString());
        Coop.run(nowhere, "predict", "--json", "--prompt=" + classifier, "--model=" + model, picture.toString());
        learnFromNoise(model, classifier);
        for (int i = 0; i < 2; i++) {
            Coop.run(nowhere, "predict", "--prompt=" + classifier, "--model=" + model, picture.toString());
        }
    }

    /** Starts the studio, which asks nobody. */
    private static void startStudio(Path model, Path folder) throws IOException {
        ServiceOptions options = new ServiceOptions(
                "127.0.0.1", 0, Optional.empty(), Optional.empty(), Limits.of(1 << 20, Duration.ofSeconds(30), 8));
        try (Clip clip = Clip.open(model);
                StudioServer studio = StudioServer.start(
                        options,
                        folder.resolve("photos"),
                        false,
                        clip,
                        folder.resolve("bank"),
                        new StateFolder(folder.resolve("state")))) {
            studio.address();
        }
    }

    /** Writes a classifier of eight classes, learned in closed form from random features. */
    public static void learnFromNoise(Path model, Path classifier) throws IOException {
        int[] labels = IntStream.range(0, 16).map(i -> i / 2).toArray();
        Random random = new Random(1);
        try (Clip clip = Clip.open(model)) {
            float[][] features = new float[labels.length][clip.embedDim()];
            for (float[] row : features) {
                for (int i = 0; i < row.length; i++) {
                    row[i] = (float) random.nextGaussian();
                }
            }
            Examples noise = Examples.of(List.of("abcdefgh".split("")), features, labels);
            try (ImageClassifier learned = ImageClassifier.learn(clip, noise, Method.closedForm())) {
                learned.save(classifier);
            }
        }
    }
}
