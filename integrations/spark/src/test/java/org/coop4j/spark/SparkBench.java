package org.coop4j.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.coop4j.clip.Clip;
import org.coop4j.data.ImageFiles;

/**
 * Measures embedding by the library alone and by one executor with all cores of this machine, and the executor's
 * memory: {@code mvn -Pspark-bench -DskipTests verify -Dbench.images=DIR}; see docs/spark.md.
 */
public final class SparkBench {

    private static final int RUNS = 3;

    private SparkBench() {}

    /** Takes a value of {@code modelPath} and a folder of images. */
    public static void main(String[] arguments) throws Exception {
        String model = arguments[0];
        Path folder = Path.of(arguments[1]).toAbsolutePath();
        List<Path> files = ImageFiles.in(folder);
        int cores = Runtime.getRuntime().availableProcessors();
        System.out.printf(Locale.ROOT, "%d images of %s, model %s, %d cores%n", files.size(), folder, model, cores);
        try (Clip clip = Clip.open(ModelLocation.file(model))) {
            best("library, as coop embed", files.size(), () -> clip.encodeImages(files));
        }
        for (int partitions : List.of(1, 4, 16)) {
            try (SparkSession spark = TestCluster.start("local-cluster[1," + cores + ",2048]")) {
                Dataset<Row> images = spark.read()
                        .format("binaryFile")
                        .option("recursiveFileLookup", "true")
                        .load(folder.toString())
                        .repartition(partitions);
                Dataset<Row> features = new ClipImageEmbedder()
                        .setInputCol("content")
                        .setModelPath(model)
                        .setHandleInvalid("keep")
                        .transform(images);
                best(
                        "Spark, " + partitions + " partitions",
                        files.size(),
                        () -> features.write().format("noop").mode("overwrite").save());
                System.out.println("  models opened by each executor: "
                        + TestCluster.modelsByExecutor(spark).values());
                TestCluster.executors().forEach(SparkBench::printMemory);
            }
        }
    }

    /** Work to measure. */
    private interface Work {
        void run() throws IOException;
    }

    private static void best(String name, int images, Work work) throws IOException {
        double best = Double.MAX_VALUE;
        double first = 0;
        for (int run = 0; run < RUNS; run++) {
            long begin = System.nanoTime();
            work.run();
            double seconds = (System.nanoTime() - begin) / 1e9;
            first = run == 0 ? seconds : first;
            best = Math.min(best, seconds);
        }
        System.out.printf(
                Locale.ROOT,
                "%-24s %8.1f images/s (first run, model load included: %.1f)%n",
                name,
                images / best,
                images / first);
    }

    private static void printMemory(ProcessHandle executor) {
        try {
            Files.readAllLines(Path.of("/proc", Long.toString(executor.pid()), "status")).stream()
                    .filter(line -> line.startsWith("VmHWM") || line.startsWith("VmRSS"))
                    .forEach(line -> System.out.println("  executor " + line));
        } catch (IOException e) {
            System.out.println("  no memory figures here: " + e);
        }
    }
}
