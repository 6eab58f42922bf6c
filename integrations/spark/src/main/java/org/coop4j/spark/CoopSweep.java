package org.coop4j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ObjIntConsumer;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.coop4j.base.Log;
import org.coop4j.cli.Coop;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.study.Sweep;
import org.coop4j.study.Sweep.SweepListener;
import org.coop4j.study.SweepCluster;
import org.coop4j.study.SweepCluster.Files;
import org.coop4j.study.SweepCluster.Job;
import org.coop4j.study.SweepPlan;
import org.slf4j.Logger;
import scala.Function2;
import scala.Option;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.runtime.BoxedUnit;

/**
 * Sweeps on Spark: by {@code coop sweep --spark}, or as a program for {@code spark-submit} with the arguments of
 * {@code coop sweep}, on the cluster of the application.
 */
public final class CoopSweep implements SweepCluster.Provider {
    private static final Logger log = Log.of(CoopSweep.class);

    /**
     * The sweep of this executor. Its lists of images and the test images' features stay in memory between jobs, which
     * take turns.
     */
    private static Sweep openSweep;

    private static Files openFiles;

    /** Runs {@code coop sweep ARGUMENTS} and ends the process with its exit code. */
    public static void main(String[] arguments) {
        List<String> words = new ArrayList<>(List.of("sweep"));
        words.addAll(Arrays.asList(arguments));
        words.add("--spark=" + new SparkConf().get("spark.master", "local[*]"));
        Coop.main(words.toArray(String[]::new));
    }

    /** Uses the application of this JVM, or starts one with the settings of {@code spark-submit}. */
    @Override
    public SweepCluster connect(String master, Files files) {
        Option<SparkContext> active = SparkContext$.MODULE$.getActive();
        if (active.isDefined()) {
            return new Cluster(active.get(), false, files);
        }
        SparkConf conf = new SparkConf()
                .setMaster(master)
                .setIfMissing("spark.app.name", "coop sweep")
                .set("spark.speculation", "false"); // a second attempt at a run would find its folder taken
        if (conf.contains("spark.executor.cores")) {
            conf.setIfMissing("spark.task.cpus", conf.get("spark.executor.cores")); // a run uses all threads
        }
        return new Cluster(new SparkContext(conf), true, files);
    }

    /**
     * Does a job.
     *
     * @return the problem, or null
     */
    private static synchronized String work(Files files, Job job) {
        try {
            if (!files.equals(openFiles)) {
                openSweep = open(files);
                openFiles = files;
            }
            SweepListener notes = new SweepListener() {
                @Override
                public void note(String message) {
                    log.warn("{}", message);
                }
            };
            return openSweep.work(job, Path.of(files.out()), notes).orElse(null);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // the task fails, and Spark tries it again
        }
    }

    private static Sweep open(Files files) throws IOException {
        Clip clip = SharedModels.get(new ModelLocation(files.model(), files.modelSha256()));
        Run.Options options =
                new Run.Options(Path.of(files.bank()), files.skipBad(), new MemoryLimit(files.memoryBytes()));
        SweepPlan plan = SweepPlan.read(
                Path.of(files.plan()), Optional.ofNullable(files.data()).map(Path::of));
        return Sweep.of(new Images(clip, options), plan);
    }

    /** Does the only job of a task, on an executor. */
    private interface Work extends Function2<TaskContext, Iterator<Job>, String>, Serializable {}

    /**
     * Executors that do the jobs of a sweep as tasks; they see the sweep's files under the same paths as the driver. A
     * job of a lost executor is repeated on another one.
     */
    private record Cluster(SparkContext spark, boolean owner, Files files) implements SweepCluster {

        @Override
        public int workers() {
            return Math.max(1, spark.defaultParallelism() / spark.getConf().getInt("spark.task.cpus", 1));
        }

        @Override
        public void each(List<Job> jobs, ObjIntConsumer<String> done) throws IOException {
            if (jobs.isEmpty()) {
                return;
            }
            JavaRDD<Job> tasks =
                    JavaSparkContext.fromSparkContext(spark).parallelize(new ArrayList<>(jobs), jobs.size());
            Files seen = files;
            Work work = (task, alone) -> CoopSweep.work(seen, alone.next());
            Function2<Object, String, BoxedUnit> finished = (index, problem) -> {
                done.accept(problem, (int) index);
                return BoxedUnit.UNIT;
            };
            try {
                spark.runJob(tasks.rdd(), work, finished, ClassTag.apply(String.class));
            } catch (RuntimeException e) {
                throw new IOException(
                        "Spark gave up (" + e.getMessage() + "): repeat the command to resume; finished jobs are kept",
                        e);
            }
        }

        @Override
        public void close() {
            if (owner) {
                spark.stop();
            }
        }
    }
}
