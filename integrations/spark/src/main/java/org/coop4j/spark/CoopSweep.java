package org.coop4j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ObjIntConsumer;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.coop4j.cli.Coop;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.study.Sweep;
import org.coop4j.study.Sweep.Job;
import org.coop4j.study.Sweep.Site;
import scala.Function2;
import scala.Option;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.runtime.BoxedUnit;

/**
 * Sweeps on Spark: by {@code coop sweep --spark}, or as a program for {@code spark-submit} with the arguments of
 * {@code coop sweep}, on the cluster of the application.
 */
public final class CoopSweep implements Sweep.Cluster {

    /**
     * The lists and features of this executor, which stay in memory between jobs. Jobs take turns.
     */
    private static Images shared;

    private static Site sharedSite;

    /** Runs {@code coop sweep ARGUMENTS} and ends the process with its exit code. */
    public static void main(String[] arguments) {
        List<String> words = new ArrayList<>(List.of("sweep"));
        words.addAll(Arrays.asList(arguments));
        words.add("--spark=" + new SparkConf().get("spark.master", "local[*]"));
        Coop.main(words.toArray(String[]::new));
    }

    /** Returns the application of this JVM, or starts one with the settings of {@code spark-submit}; the JVM ends it. */
    private static SparkContext connect(String master) {
        Option<SparkContext> active = SparkContext$.MODULE$.getActive();
        if (active.isDefined()) {
            return active.get();
        }
        SparkConf conf = new SparkConf()
                .setMaster(master)
                .setIfMissing("spark.app.name", "coop sweep")
                .set("spark.speculation", "false"); // a second attempt at a run would find its folder taken
        if (conf.contains("spark.executor.cores")) {
            conf.setIfMissing("spark.task.cpus", conf.get("spark.executor.cores")); // a run uses all threads
        }
        return new SparkContext(conf);
    }

    /**
     * Does a job.
     *
     * @return the problem, or null
     */
    private static synchronized String work(Site site, Job job) {
        try {
            if (!site.equals(sharedSite)) {
                Clip clip = SharedModels.get(new ModelLocation(site.model(), site.modelSha256()));
                shared = new Images(
                        clip,
                        new Run.Options(Path.of(site.bank()), site.skipBad(), new MemoryLimit(site.memoryBytes())));
                sharedSite = site;
            }
            return Sweep.work(shared, Path.of(site.out()), job).orElse(null);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // the task fails, and Spark tries it again
        }
    }

    /** Does the only job of a task, on an executor. */
    private interface Work extends Function2<TaskContext, Iterator<Job>, String>, Serializable {}

    /**
     * Does jobs as tasks of executors, which see the sweep's files under the same paths as the driver. A job of a lost
     * executor is repeated on another one.
     */
    @Override
    public void each(Site site, List<? extends Job> jobs, ObjIntConsumer<String> done) throws IOException {
        if (jobs.isEmpty()) {
            return;
        }
        SparkContext spark = connect(site.cluster());
        JavaRDD<Job> tasks = JavaSparkContext.fromSparkContext(spark).parallelize(new ArrayList<>(jobs), jobs.size());
        Work work = (task, alone) -> work(site, alone.next());
        Function2<Object, String, BoxedUnit> finished = (index, problem) -> {
            done.accept(problem, (int) index);
            return BoxedUnit.UNIT;
        };
        try {
            spark.runJob(tasks.rdd(), work, finished, ClassTag.apply(String.class));
        } catch (RuntimeException e) {
            throw new IOException(
                    "Spark gave up (" + e.getMessage() + "): repeat the command to resume; finished jobs are kept", e);
        }
    }
}
