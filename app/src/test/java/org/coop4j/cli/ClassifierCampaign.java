package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.coop4j.base.Folders;
import org.coop4j.clip.Clip;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.Method;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Prediction;
import org.coop4j.weights.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Classifiers of all methods, damaged at random or forged with a right checksum. A damaged one predicts the same as
 * before, or is refused with an IOException. A forged one predicts its own classes with finite probabilities, or is
 * refused with an IOException or an IllegalArgumentException. Not part of the build's tests: {@code mvn -Pcampaign
 * verify -Dcampaign.files=1000 -Dcampaign.seed=1}.
 */
class ClassifierCampaign {

    private static final List<Method> METHODS =
            Method.all().stream().filter(method -> method.suits(false)).toList();

    private static final int LONGEST_SECONDS = 60;

    @TempDir
    private Path folder;

    private Clip clip;
    private Path picture;

    /** A change of a classifier that is written with its checksum. */
    private enum Forgery {
        NO_TENSOR,
        OTHER_SHAPE,
        HUGE_VALUES,
        ZEROS,
        OTHER_METHOD,
        FEWER_CLASSES,
        MORE_CLASSES,
        NO_TRAINING,
        EXTREME_TEMPERATURE;

        private ClassifierFile of(ClassifierFile file, Random random) {
            Method method = file.method();
            List<String> classes = new ArrayList<>(file.classNames());
            Map<String, ClassifierFile.Tensor> tensors = new LinkedHashMap<>(file.tensors());
            Origin origin = file.origin();
            double temperature = file.temperature();
            List<String> names = List.copyOf(tensors.keySet());
            String name = names.isEmpty() ? "none" : names.get(random.nextInt(names.size()));
            float[] values =
                    names.isEmpty() ? new float[2] : tensors.get(name).values().clone();
            switch (this) {
                case NO_TENSOR -> tensors.remove(name);
                case OTHER_SHAPE -> {
                    int width = 1 + random.nextInt(8);
                    float[] other = Arrays.copyOf(values, width * (1 + random.nextInt(8)));
                    tensors.put(name, new ClassifierFile.Tensor(Shape.of(other.length / width, width), other));
                }
                case HUGE_VALUES, ZEROS -> {
                    Arrays.fill(values, this == ZEROS ? 0 : 1e12f);
                    tensors.computeIfPresent(name, (n, tensor) -> new ClassifierFile.Tensor(tensor.shape(), values));
                }
                case OTHER_METHOD -> method = METHODS.get(random.nextInt(METHODS.size()));
                case FEWER_CLASSES -> classes.remove(classes.size() - 1);
                case MORE_CLASSES -> classes.add("x".repeat(1 + random.nextInt(200)));
                case NO_TRAINING -> origin = Origin.NONE.withLogitScale(1e30f);
                case EXTREME_TEMPERATURE -> temperature = random.nextBoolean() ? 1e-300 : 1e300;
            }
            return new ClassifierFile(
                    method, classes, file.modelSha256(), tensors, origin, temperature, file.decision());
        }
    }

    /** Learns a classifier by every method, and returns their files. */
    private List<Path> learned() throws IOException {
        Path model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        clip = TinyModel.open(model, 2);
        Path pictures = TestPictures.folder(folder.resolve("pictures"), 4, "sea", "hill", "sky");
        picture = Folders.files(pictures).get(0);
        Path plan = Files.writeString(
                folder.resolve("plan.yaml"),
                """
                datasets:
                  - name: shapes
                    path: %s
                methods: [%s]
                shots: 2
                seeds: [1]
                epochs: 2
                batch: 4
                rate: 0.01
                """
                        .formatted(pictures, METHODS.stream().map(Method::id).collect(Collectors.joining(", "))));
        CommandRun.coop("sweep", plan, "-m", model, "-o", folder.resolve("sweep"), "--csv")
                .ok();
        List<Path> files = Folders.files(folder.resolve("sweep")).stream()
                .filter(file -> file.endsWith("classifier.safetensors"))
                .toList();
        assertThat(files).hasSize(METHODS.size());
        return files;
    }

    private List<Prediction> predictions(Path file) throws IOException {
        try (Classifier classifier = ClassifierFile.read(file).open(clip);
                ImageClassifier images = ImageClassifier.of(clip, classifier)) {
            return images.classify(picture);
        }
    }

    @Test
    void aDamagedClassifierPredictsTheSameOrIsRefused() throws Exception {
        List<Path> files = learned();
        Path target = folder.resolve("damaged.safetensors");
        CampaignFiles.episodes("classifiers", 200, (i, random, findings) -> {
            Path sound = files.get(i % files.size());
            Files.copy(sound, target, StandardCopyOption.REPLACE_EXISTING);
            Forgery forgery = Forgery.values()[random.nextInt(Forgery.values().length)];
            boolean forged = random.nextBoolean();
            if (forged) {
                forgery.of(ClassifierFile.read(sound), random).write(target);
            }
            String damage = forged ? "forged " + forgery : Damage.apply(target, random);
            Object outcome = CampaignFiles.limited(() -> predictions(target), LONGEST_SECONDS);
            boolean refused = outcome instanceof IOException || (forged && outcome instanceof IllegalArgumentException);
            boolean right = outcome instanceof List<?> predicted
                    && (forged ? areFinite(predicted) : predicted.equals(predictions(sound)));
            if (!refused && !right) {
                findings.accept("%s, %s: %s".formatted(folder.relativize(sound), damage, outcome));
            }
            return (forged ? "forged, " : "damaged, ") + (refused ? "refused" : "predicts");
        });
        clip.close();
    }

    private static boolean areFinite(List<?> predictions) {
        return predictions.stream().allMatch(p -> Double.isFinite(((Prediction) p).probability()));
    }
}
