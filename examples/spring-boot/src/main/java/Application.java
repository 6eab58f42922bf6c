import java.io.IOException;
import java.util.List;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Prediction;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Answers POST /classify with the classes of a picture, the most probable first. */
@SpringBootConfiguration
@EnableAutoConfiguration
@RestController
public class Application {

    private final ImageClassifier things;

    public Application(ImageClassifier things) { // the bean of coop4j.classifiers.things
        this.things = things;
    }

    public static void main(String[] arguments) {
        SpringApplication.run(Application.class, arguments);
    }

    @PostMapping("/classify")
    public List<Prediction> classify(@RequestBody byte[] picture) throws IOException {
        return things.classify(picture);
    }
}
