package org.coop4j.study;

import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.ObjIntConsumer;

/** Processes that share the work of a sweep. */
public interface SweepCluster extends AutoCloseable {

    /** Returns the number of jobs that run at the same time. */
    int workers();

    /**
     * Does jobs, in any order, each by {@link Sweep#work}.
     *
     * @param done is told, one at a time, of each finished job: its problem, or null, and its index
     * @throws IOException if some could not be done
     */
    void each(List<Job> jobs, ObjIntConsumer<String> done) throws IOException;

    @Override
    void close();

    /**
     * A part of a sweep's work, which any process that sees the sweep's files can do: to make a run, and record a
     * failure in its folder; or to encode images that a run has in common with those around it into the bank.
     *
     * @param run folder of the run, below that of the sweep
     * @param part index of the part of the images, from 0
     * @param parts number of parts; 0 to make the run
     */
    record Job(String run, int part, int parts) implements Serializable {}

    /**
     * Everything that another process needs to work on a sweep.
     *
     * @param plan the plan's file
     * @param data the folder of the published datasets, or null
     * @param model the model's file, or the name of the shipped one
     * @param modelSha256 of the model's file
     * @param bank the folder of the feature bank
     * @param skipBad true to skip unreadable images
     * @param memoryBytes native memory for the intermediate values of a step
     * @param out the sweep's folder
     */
    record Files(
            String plan,
            String data,
            String model,
            String modelSha256,
            String bank,
            boolean skipBad,
            long memoryBytes,
            String out)
            implements Serializable {}

    /** Starts clusters of a kind; found by {@link ServiceLoader}. */
    interface Provider {

        /** Connects to a cluster. */
        SweepCluster connect(String master, Files files) throws IOException;
    }

    /**
     * Connects to a cluster.
     *
     * @param master the cluster's address, in the form of its kind
     * @throws IOException if no kind of cluster is on the class path
     */
    static SweepCluster connect(String master, Files files) throws IOException {
        Provider provider = ServiceLoader.load(Provider.class)
                .findFirst()
                .orElseThrow(() -> new IOException("neither Spark nor coop4j-spark is on the class"
                        + " path: start the sweep with spark-submit, as"
                        + " docs/spark.md shows"));
        return provider.connect(master, files);
    }
}
