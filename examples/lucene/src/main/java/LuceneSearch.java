import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;

/** Finds the pictures of a folder that a sentence describes best, in an index of Lucene: LuceneSearch pictures "a sentence" */
public class LuceneSearch {

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        try (Clip clip = Clip.shipped();
                ByteBuffersDirectory directory = new ByteBuffersDirectory()) {
            float[][] vectors = clip.embedImages(files.stream().map(InputImage::of).toList()).toRows();
            try (IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig())) {
                for (int i = 0; i < vectors.length; i++) {
                    Document document = new Document();
                    document.add(new StoredField("path", folder.relativize(files.get(i)).toString()));
                    document.add(new KnnFloatVectorField("picture", vectors[i], VectorSimilarityFunction.DOT_PRODUCT));
                    writer.addDocument(document);
                }
            }
            try (DirectoryReader reader = DirectoryReader.open(directory)) {
                IndexSearcher searcher = new IndexSearcher(reader);
                KnnFloatVectorQuery query = new KnnFloatVectorQuery("picture", clip.embed(arguments[1]), 3);
                for (ScoreDoc found : searcher.search(query, 3).scoreDocs) {
                    System.out.println(searcher.storedFields().document(found.doc).get("path"));
                }
            }
        }
    }
}
