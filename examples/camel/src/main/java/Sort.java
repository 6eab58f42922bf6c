import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.camel.builder.NotifyBuilder;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.coop4j.predict.ImageClassifier;

/** Copies the pictures of a folder into a folder per label with Camel: Sort classifier pictures sorted count */
public class Sort {

    public static void main(String[] arguments) throws Exception {
        try (ImageClassifier classifier = ImageClassifier.load(Path.of(arguments[0]));
                DefaultCamelContext camel = new DefaultCamelContext()) {
            camel.addRoutes(new RouteBuilder() {
                @Override
                public void configure() {
                    from("file:" + arguments[1] + "?noop=true")
                            .process(exchange -> {
                                byte[] picture = exchange.getMessage().getBody(byte[].class);
                                exchange.getMessage().setHeader("label", classifier.classify(picture).get(0).label());
                            })
                            .toD("file:" + arguments[2] + "/${header.label}");
                }
            });
            NotifyBuilder all = new NotifyBuilder(camel).whenDone(Integer.parseInt(arguments[3])).create();
            camel.start();
            all.matches(1, TimeUnit.MINUTES);
        }
    }
}
