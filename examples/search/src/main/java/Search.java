import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.store.embedding.EmbeddingSearchRequest;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.coop4j.langchain4j.ClipEmbeddingModel;

/** Finds the pictures of a folder that a sentence describes best, with a store of LangChain4j: Search pictures "a sentence" */
public class Search {

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        try (Clip clip = Clip.shipped()) {
            ClipEmbeddingModel model = ClipEmbeddingModel.of(clip);
            InMemoryEmbeddingStore<TextSegment> store = new InMemoryEmbeddingStore<>();
            store.addAll(
                    model.embedImages(files.stream().map(InputImage::of).toList()),
                    files.stream().map(file -> TextSegment.from(folder.relativize(file).toString())).toList());
            EmbeddingSearchRequest request = EmbeddingSearchRequest.builder()
                    .queryEmbedding(model.embed(arguments[1]).content())
                    .maxResults(3)
                    .build();
            store.search(request).matches().forEach(match -> System.out.println(match.embedded().text()));
        }
    }
}
