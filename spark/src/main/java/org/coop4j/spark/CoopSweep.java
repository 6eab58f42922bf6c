package org.coop4j.spark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkConf;
import org.coop4j.cli.Coop;

/**
 * A sweep for {@code spark-submit}: the arguments are those of {@code coop sweep}, the cluster is
 * the one that the application was submitted to.
 */
public final class CoopSweep {

    private CoopSweep() {}

    /** Runs {@code coop sweep ARGUMENTS} and ends the process with its exit code. */
    public static void main(String[] arguments) {
        List<String> words = new ArrayList<>(List.of("sweep"));
        words.addAll(Arrays.asList(arguments));
        words.add("--spark=" + new SparkConf().get("spark.master", "local[*]"));
        Coop.main(words.toArray(String[]::new));
    }
}
