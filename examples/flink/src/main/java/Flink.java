import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.coop4j.predict.ImageClassifier;

/** Labels a stream of pictures' paths in Flink's local environment: Flink classifier picture.jpg ... */
public class Flink {

    /** Opens the classifier on each worker: the function alone travels. */
    static class Label extends RichMapFunction<String, String> {
        private final String file;
        private transient ImageClassifier classifier;

        Label(String file) {
            this.file = file;
        }

        @Override
        public void open(OpenContext context) throws IOException {
            classifier = ImageClassifier.load(Path.of(file));
        }

        @Override
        public String map(String picture) throws IOException {
            return picture + ": " + classifier.classify(Path.of(picture)).get(0).label();
        }

        @Override
        public void close() throws IOException {
            if (classifier != null) {
                classifier.close();
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        var flink = StreamExecutionEnvironment.createLocalEnvironment(1);
        flink.fromData(List.of(arguments).subList(1, arguments.length))
                .map(new Label(arguments[0]))
                .executeAndCollect()
                .forEachRemaining(System.out::println);
    }
}
