package org.coop4j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ObjIntConsumer;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.coop4j.study.SweepCluster;
import scala.Option;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;

/**
 * Does the jobs of a sweep as tasks on Spark's executors, which see the sweep's files under the
 * same paths as the driver. A job whose executor is lost is done again on another one.
 */
final class SparkSweepCluster implements SweepCluster {

    private final SparkContext spark;
    private final boolean owner;
    private final Files files;

    private SparkSweepCluster(SparkContext spark, boolean owner, Files files) {
        this.spark = spark;
        this.owner = owner;
        this.files = files;
    }

    /**
     * Uses the application of this JVM, or starts one; {@code spark-submit} may have said more of
     * it.
     */
    static SparkSweepCluster connect(String master, Files files) {
        Option<SparkContext> active = SparkContext$.MODULE$.getActive();
        if (active.isDefined()) {
            return new SparkSweepCluster(active.get(), false, files);
        }
        SparkConf conf =
                new SparkConf()
                        .setMaster(master)
                        .setIfMissing("spark.app.name", "coop sweep")
                        // A second attempt at a run would find its folder taken.
                        .set("spark.speculation", "false");
        if (conf.contains("spark.executor.cores")) {
            // A run uses all threads of its executor.
            conf.setIfMissing("spark.task.cpus", conf.get("spark.executor.cores"));
        }
        return new SparkSweepCluster(new SparkContext(conf), true, files);
    }

    @Override
    public int workers() {
        return Math.max(
                1, spark.defaultParallelism() / spark.getConf().getInt("spark.task.cpus", 1));
    }

    @Override
    public void each(List<Job> jobs, ObjIntConsumer<String> done) throws IOException {
        if (jobs.isEmpty()) {
            return;
        }
        JavaRDD<Job> tasks =
                JavaSparkContext.fromSparkContext(spark)
                        .parallelize(new ArrayList<>(jobs), jobs.size());
        try {
            spark.runJob(
                    tasks.rdd(), new Work(files), new Handler(done), ClassTag.apply(String.class));
        } catch (RuntimeException e) {
            throw new IOException(
                    "Spark gave up ("
                            + e.getMessage()
                            + "): what is done is kept; repeat the command to resume",
                    e);
        }
    }

    /** Does the only job of a task on an executor. */
    private static final class Work
            extends AbstractFunction2<TaskContext, Iterator<Job>, String>
            implements Serializable {

        private static final long serialVersionUID = 1L;

        private final Files files;

        Work(Files files) {
            this.files = files;
        }

        @Override
        public String apply(TaskContext task, Iterator<Job> jobs) {
            return ExecutorSweep.work(files, jobs.next());
        }
    }

    /** Hears of finished tasks on the driver, one at a time. */
    private static final class Handler extends AbstractFunction2<Object, String, BoxedUnit> {

        private final ObjIntConsumer<String> done;

        Handler(ObjIntConsumer<String> done) {
            this.done = done;
        }

        @Override
        public BoxedUnit apply(Object index, String problem) {
            done.accept(problem, (int) index);
            return BoxedUnit.UNIT;
        }
    }

    @Override
    public void close() {
        if (owner) {
            spark.stop();
        }
    }
}
