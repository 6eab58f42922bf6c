import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.coop4j.spark.PromptClassificationModel;

/** Counts the classes of a folder's pictures on Spark: Spark pictures chair,butterfly */
public class Spark {

    public static void main(String[] arguments) throws Exception {
        List<String> names = List.of(arguments[1].split(","));
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", false)
                .getOrCreate()) {
            PromptClassificationModel.zeroShot("coop4j-small", names)
                    .setInputCol("content")
                    .transform(spark.read().format("binaryFile").option("recursiveFileLookup", true).load(arguments[0]))
                    .groupBy("predictedLabel")
                    .count()
                    .orderBy("predictedLabel")
                    .show();
        }
    }
}
