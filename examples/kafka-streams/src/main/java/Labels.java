import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.coop4j.predict.ImageClassifier;

/** Labels pictures of a topic in another topic, with Kafka's driver in place of a cluster: Labels classifier picture.jpg ... */
public class Labels {

    public static void main(String[] arguments) throws Exception {
        try (ImageClassifier classifier = ImageClassifier.load(Path.of(arguments[0]))) {
            StreamsBuilder builder = new StreamsBuilder();
            builder.stream("pictures", Consumed.with(Serdes.String(), Serdes.ByteArray()))
                    .mapValues(picture -> label(classifier, picture))
                    .to("labels", Produced.with(Serdes.String(), Serdes.String()));
            Properties properties = new Properties();
            properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "labels");
            try (TopologyTestDriver driver = new TopologyTestDriver(builder.build(), properties)) {
                var pictures = driver.createInputTopic("pictures", new StringSerializer(), new ByteArraySerializer());
                for (int i = 1; i < arguments.length; i++) {
                    pictures.pipeInput(arguments[i], Files.readAllBytes(Path.of(arguments[i])));
                }
                driver.createOutputTopic("labels", new StringDeserializer(), new StringDeserializer())
                        .readKeyValuesToList()
                        .forEach(pair -> System.out.println(pair.key + ": " + pair.value));
            }
        }
    }

    private static String label(ImageClassifier classifier, byte[] picture) {
        try {
            return classifier.classify(picture).get(0).label();
        } catch (IOException e) {
            return "unreadable"; // a value like any other: the stream goes on
        }
    }
}
