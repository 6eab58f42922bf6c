import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.coop4j.data.Examples;
import org.coop4j.method.Method;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Prediction;

/** Learns some classes of a folder with train/CLASS and test/CLASS, tests and saves: Learn pictures chair,lamp things.safetensors */
public class Learn {

    public static void main(String[] arguments) throws Exception {
        Path pictures = Path.of(arguments[0]);
        Path file = Path.of(arguments[2]);
        Map<String, List<InputImage>> train = new TreeMap<>();
        for (String name : arguments[1].split(",")) {
            train.put(name, images(pictures.resolve("train").resolve(name)));
        }
        // or new CoOp(), or Learning.auto()
        try (Clip clip = Clip.shipped();
                ImageClassifier classifier = ImageClassifier.learn(clip, Examples.of(train), Method.of("gda"))) {
            for (String name : classifier.classNames()) {
                List<List<Prediction>> test =
                        classifier.classifyAll(images(pictures.resolve("test").resolve(name)));
                long right = test.stream()
                        .filter(ranked -> ranked.get(0).label().equals(name))
                        .count();
                System.out.println(name + ": " + right + " of " + test.size() + " are recognised");
            }
            classifier.save(file);
        }
    }

    private static List<InputImage> images(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().map(InputImage::of).toList();
        }
    }
}
