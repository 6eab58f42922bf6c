import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.predict.ImageClassifier;

/** Labels pictures in an application of Quarkus: picture.jpg ... */
@QuarkusMain
public class Labels implements QuarkusApplication {

    /** One classifier for all threads, from the start of the application to its end. */
    @ApplicationScoped
    public static class Things {
        private ImageClassifier classifier;

        @PostConstruct
        void open() throws IOException {
            classifier = ImageClassifier.load(Path.of(System.getProperty("things")));
        }

        public String label(Path picture) throws IOException {
            return classifier.classify(picture).get(0).label();
        }

        @PreDestroy
        void close() throws IOException {
            classifier.close();
        }
    }

    @Inject
    Things things;

    @Override
    public int run(String... pictures) throws Exception {
        for (String picture : pictures) {
            System.out.println(picture + ": " + things.label(Path.of(picture)));
        }
        return 0;
    }
}
