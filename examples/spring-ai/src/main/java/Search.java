import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.clip.InputImage;
import org.coop4j.springai.ClipEmbeddingModel;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.vectorstore.SearchRequest;
import org.springframework.ai.vectorstore.SimpleVectorStore;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;

/** Finds the pictures of a folder that a sentence describes best, with a store of Spring AI: Search pictures "a sentence" */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class Search {

    public static void main(String[] arguments) {
        SpringApplication.run(Search.class, arguments).close();
    }

    @Bean
    CommandLineRunner finder(EmbeddingModel model) { // the model that application.properties names
        return arguments -> {
            Path folder = Path.of(arguments[0]);
            List<Document> pictures;
            try (Stream<Path> files = Files.walk(folder)) {
                pictures = files.filter(Files::isRegularFile)
                        .sorted()
                        .map(file -> ClipEmbeddingModel.document(
                                folder.relativize(file).toString(), InputImage.of(file), Map.of()))
                        .toList();
            }
            SimpleVectorStore store = SimpleVectorStore.builder(model).build();
            store.add(pictures);
            store.similaritySearch(SearchRequest.builder().query(arguments[1]).topK(3).build())
                    .forEach(found -> System.out.println(found.getText()));
        };
    }
}
