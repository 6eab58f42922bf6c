package org.coop4j.study;

import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.ObjIntConsumer;

/** Processes that share the work of a sweep. */
public interface SweepCluster extends AutoCloseable {

    /** Jobs that are done at the same time. */
    int workers();

    /**
     * Does jobs, in any order, each by {@link Sweep#work}.
     *
     * @param done is told, one at a time, of each job that has ended: what went wrong, or null, and the job's index
     * @throws IOException if some of them could not be done
     */
    void each(List<Job> jobs, ObjIntConsumer<String> done) throws IOException;

    @Override
    void close();

    /**
     * A part of a sweep's work, which any process that sees the sweep's files can do: to make a run, and record a failure
     * in its folder; or to encode images that a run has in common with those around it into the bank.
     *
     * @param run folder of the run, below that of the sweep
     * @param part which of the images, counted from 0
     * @param parts parts of all of them; 0 to make the run
     */
    record Job(String run, int part, int parts) implements Serializable {}

    /**
     * What another process needs to do the work of a sweep.
     *
     * @param plan the plan's file
     * @param data the folder of the published datasets, or null
     * @param model the model's file, or the name of the one that is shipped
     * @param modelSha256 of the model's file
     * @param bank the folder of the feature bank
     * @param skipBad whether to go on without unreadable images
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
     * @param master the cluster's address, as its kind has them
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
