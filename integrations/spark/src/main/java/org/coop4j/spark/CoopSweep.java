package org.coop4j.spark;

import static java.util.Comparator.comparingDouble;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.ObjIntConsumer;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.coop4j.base.Log;
import org.coop4j.base.Progress;
import org.coop4j.cli.Coop;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.data.LabelledImage;
import org.coop4j.image.ExifOrientation;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.study.Sweep;
import org.coop4j.study.Sweep.Site;
import org.coop4j.study.SweepRun;
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
public final class CoopSweep implements Sweep.Cluster {

    private static final Logger log = Log.of(CoopSweep.class);

    /** Below this a job costs more than its images. */
    private static final int IMAGES_PER_JOB = 128;

    /** Work for any process that sees the sweep's files. */
    private interface Job extends Serializable {

        /** Returns the problem, or null. */
        String with(Images images) throws IOException;
    }

    /** A picture to be encoded into the bank. */
    private record Picture(String path, ExifOrientation exif) implements Serializable {

        LabelledImage image() {
            return new LabelledImage(Path.of(path), 0, "image", exif);
        }
    }

    /**
     * The lists and features of this executor, which stay in memory between jobs. Jobs take turns.
     */
    private static Images shared;

    private static Site sharedSite;

    private static final Progress WARNINGS = new Progress() {
        @Override
        public void warn(String message) {
            log.warn("{}", message);
        }
    };

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
            return job.with(shared);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // the task fails, and Spark tries it again
        }
    }

    /** Encodes pictures into the bank. */
    private static String encode(Images images, List<Picture> pictures) {
        try {
            images.encode(pictures.stream().map(Picture::image).toList(), "images", WARNINGS);
        } catch (IOException | RuntimeException e) {
            log.info("images cannot be encoded", e); // the runs that need them record it
        } finally {
            images.forget(); // a bank that is opened later has what others encoded
        }
        return null;
    }

    /** Returns the job of making a run. */
    private static Job make(String out, String label, String config) {
        return images ->
                Sweep.make(images, Path.of(out), label, config, WARNINGS).orElse(null);
    }

    /** Encodes all images, then makes the runs, long ones first, then those that test what others learned. */
    @Override
    public void make(Site site, Images images, List<SweepRun> runs, BiConsumer<SweepRun, String> made)
            throws IOException {
        each(site, used(images, runs), (problem, job) -> {});
        for (boolean elsewhere : new boolean[] {false, true}) {
            List<SweepRun> some = runs.stream()
                    .filter(run -> run.isTestedElsewhere() == elsewhere)
                    .sorted(comparingDouble(run -> -run.size()))
                    .toList();
            List<Job> jobs = some.stream()
                    .map(run ->
                            make(site.out(), run.label(), run.config().toJson().toString()))
                    .toList();
            each(site, jobs, (problem, job) -> made.accept(some.get(job), problem));
        }
    }

    /** Returns the jobs of encoding the images of runs, each once. */
    private static List<Job> used(Images known, List<SweepRun> runs) {
        Set<Picture> used = new LinkedHashSet<>();
        for (SweepRun run : runs) {
            try {
                known.used(run.config()).stream()
                        .filter(image -> image.stored() == null)
                        .forEach(image -> used.add(new Picture(image.path().toString(), image.exif())));
            } catch (IOException | RuntimeException e) {
                log.info("the images of {} cannot be listed", run.folder(), e); // the run records it
            }
        }
        List<Picture> all = List.copyOf(used);
        List<Job> jobs = new ArrayList<>();
        for (int from = 0; from < all.size(); from += IMAGES_PER_JOB) {
            List<Picture> some = List.copyOf(all.subList(from, Math.min(all.size(), from + IMAGES_PER_JOB)));
            jobs.add(images -> encode(images, some));
        }
        return jobs;
    }

    /**
     * Does jobs as tasks of executors, which see the sweep's files under the same paths as the driver. A job of a lost
     * executor is repeated on another one.
     */
    private static void each(Site site, List<Job> jobs, ObjIntConsumer<String> done) throws IOException {
        if (jobs.isEmpty()) {
            return;
        }
        SparkContext spark = connect(site.cluster());
        JavaRDD<Job> tasks = JavaSparkContext.fromSparkContext(spark).parallelize(jobs, jobs.size());
        // Does the only job of a task, on an executor.
        Function2<TaskContext, Iterator<Job>, String> work =
                (Function2<TaskContext, Iterator<Job>, String> & Serializable)
                        (task, alone) -> work(site, alone.next());
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
