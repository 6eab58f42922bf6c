import java.nio.file.Path;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.method.ZeroShot;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Prediction;

/** Classifies pictures by hand-written prompts, without learning: Classify chair,butterfly picture.jpg ... */
public class Classify {

    public static void main(String[] arguments) throws Exception {
        List<String> names = List.of(arguments[0].split(","));
        try (Clip clip = Clip.shipped(); // or Clip.open(Path.of("vit-b-32.safetensors"))
                ImageClassifier classifier = ImageClassifier.of(clip, ZeroShot.classifier(clip, names))) {
            for (String file : List.of(arguments).subList(1, arguments.length)) {
                Prediction best = classifier.classify(Path.of(file)).get(0);
                System.out.printf("%s: %s, %.0f %%%n", file, best.label(), 100 * best.probability());
            }
        }
    }
}
