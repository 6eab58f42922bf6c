package org.coop4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.run.SharedData;
import org.coop4j.run.TrainRun;
import org.coop4j.study.Sweep;
import org.coop4j.study.SweepCluster;
import org.coop4j.study.SweepListener;
import org.coop4j.study.SweepPlan;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sweep that this executor works for. Its lists of images and the test images' features stay in
 * memory from one job to the next; jobs take turns.
 */
final class ExecutorSweep {

    private static final Logger log = LoggerFactory.getLogger(ExecutorSweep.class);

    private static ExecutorSweep current;

    private final SweepCluster.Files files;
    private final Sweep sweep;

    private ExecutorSweep(SweepCluster.Files files, Sweep sweep) {
        this.files = files;
        this.sweep = sweep;
    }

    /**
     * Does a job.
     *
     * @return what went wrong, or null
     */
    static synchronized String work(SweepCluster.Files files, SweepCluster.Job job) {
        try {
            if (current == null || !current.files.equals(files)) {
                current = new ExecutorSweep(files, open(files));
            }
            Optional<String> problem = current.sweep.work(job, Path.of(files.out()), notes());
            return problem.orElse(null);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // the task fails, and Spark tries it again
        }
    }

    private static Sweep open(SweepCluster.Files files) throws IOException {
        Clip clip = SharedModels.get(new ModelLocation(files.model(), files.modelSha256()));
        TrainRun.Options options =
                new TrainRun.Options(
                        Path.of(files.bank()),
                        files.skipBad(),
                        new MemoryLimit(files.memoryBytes()));
        SweepPlan plan =
                SweepPlan.read(
                        Path.of(files.plan()), Optional.ofNullable(files.data()).map(Path::of));
        return Sweep.of(new SharedData(clip, options), plan);
    }

    private static SweepListener notes() {
        return new SweepListener() {
            @Override
            public void note(String message) {
                log.warn("{}", message);
            }
        };
    }
}
