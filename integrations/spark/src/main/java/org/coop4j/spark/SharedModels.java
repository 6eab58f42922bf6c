package org.coop4j.spark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.coop4j.base.Log;
import org.coop4j.clip.Clip;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.model.ConvertedModel;
import org.coop4j.text.Tokenizer;
import org.slf4j.Logger;

/**
 * The models of this JVM. Each is opened once, for all tasks and partitions, and kept until the JVM ends. Tasks take
 * turns with a model, and each is served by all of its threads.
 */
final class SharedModels {

    private static final Logger log = Log.of(SharedModels.class);

    /** The cores in {@code local[CORES]} and {@code local-cluster[WORKERS,CORES,MEMORY]}. */
    private static final Pattern LOCAL = Pattern.compile("local(?:-cluster\\[\\s*\\d+\\s*,|\\[)\\s*(\\d+)\\s*[,\\]].*");

    /** By SHA-256. */
    private static final Map<String, Clip> MODELS = new HashMap<>();

    private SharedModels() {}

    /** Returns the number of models that this JVM has opened. */
    static synchronized int opened() {
        return MODELS.size();
    }

    /**
     * Returns a model, which the first call opens.
     *
     * @throws IOException if there is no such file, or it has another SHA-256
     */
    static synchronized Clip get(ModelLocation location) throws IOException {
        Clip open = MODELS.get(location.sha256());
        if (open == null) {
            open = open(location);
            MODELS.put(location.sha256(), open);
        }
        return open;
    }

    private static Clip open(ModelLocation location) throws IOException {
        Path file = ModelLocation.file(location.path());
        SparkEnv spark = SparkEnv.get(); // null in a driver without an application
        int threads = threads(spark == null ? new SparkConf() : spark.conf());
        Clip clip = Clip.open(file, new Clip.Options(Tokenizer::of, new Workers(threads), Precision.FLOAT32));
        String found = clip.modelSha256();
        if (!found.equals(location.sha256())) {
            clip.close();
            throw new IOException(
                    "%s is the model %.12s…, expected %.12s…: the driver and all executors must see the same file"
                            .formatted(file, found, location.sha256()));
        }
        log.info("opened the model {} ({}) with {} threads", file, found, threads);
        return clip;
    }

    /** Returns the SHA-256 of a model's file on this machine; that of a large file is computed once. */
    static String sha256(String path) throws IOException {
        try (ConvertedModel model = ConvertedModel.open(ModelLocation.file(path))) {
            return model.sha256();
        }
    }

    /**
     * Returns the number of threads of a model: the cores of the executor, since its tasks take turns with the model.
     * If {@code spark.task.cpus} equals {@code spark.executor.cores}, these are the task's own.
     */
    static int threads(SparkConf conf) {
        String master = conf.get("spark.master", "");
        Matcher local = LOCAL.matcher(master);
        int all = Runtime.getRuntime().availableProcessors();
        int cores;
        if (local.matches()) {
            cores = Integer.parseInt(local.group(1));
        } else if (master.equals("local")) {
            cores = 1;
        } else {
            boolean one = master.startsWith("yarn") || master.startsWith("k8s:"); // their default
            cores = conf.getInt("spark.executor.cores", one ? 1 : all);
        }
        return Math.min(all, Math.max(cores, conf.getInt("spark.task.cpus", 1)));
    }
}
