import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.solr.client.solrj.SolrRequest.METHOD;
import org.apache.solr.client.solrj.embedded.EmbeddedSolrServer;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.coop4j.langchain4j.ClipTextModel;

/** Finds the pictures of a folder that a sentence describes best, in Solr: SolrSearch pictures "a sentence" */
public class SolrSearch {

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        try (EmbeddedSolrServer solr = new EmbeddedSolrServer(Path.of("solr").toAbsolutePath(), "pictures")) {
            List<Path> files = files(folder);
            try (Clip clip = Clip.shipped()) {
                float[][] vectors = clip.embedImages(files.stream().map(InputImage::of).toList()).toRows();
                for (int i = 0; i < vectors.length; i++) {
                    String id = folder.relativize(files.get(i)).toString();
                    SolrInputDocument document = new SolrInputDocument("id", id);
                    document.addField("vector", list(vectors[i]));
                    solr.add(document);
                }
            }
            solr.commit();
            // What Solr does with {!knn_text_to_vector model=clip f=vector topK=3}a sentence.
            try (ClipTextModel clip = ClipTextModel.builder().model("coop4j-small").build()) {
                String vector = list(clip.embed(arguments[1]).content().vector()).toString();
                ModifiableSolrParams query = new ModifiableSolrParams().set("q", "{!knn f=vector topK=3}" + vector);
                solr.query(query, METHOD.POST).getResults().forEach(found -> System.out.println(found.get("id")));
            }
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static List<Float> list(float[] vector) {
        Float[] boxed = new Float[vector.length];
        Arrays.setAll(boxed, i -> vector[i]);
        return List.of(boxed);
    }
}
