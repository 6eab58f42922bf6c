package org.coop4j.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;

/**
 * One pass through the runs of a sweep that have no result yet, by a cluster: first the images that
 * runs have in common are encoded, in parts; then runs are made, those with the most work first;
 * then those that test what others learned.
 *
 * @param image work of encoding an image
 */
record ClusterWork(
        SweepLedger ledger,
        RunStore store,
        SweepListener listener,
        SweepCluster cluster,
        double image) {

    /** Parts of a group's images for each worker, so that a slow one holds up less. */
    private static final int PARTS_PER_WORKER = 4;

    /** Below this a part is not worth a job of its own. */
    private static final int IMAGES_PER_PART = 64;

    SweepOutcome run() throws IOException {
        List<RunGroup> groups = ledger.begin(store);
        List<SweepRun> left = groups.stream().flatMap(group -> group.runs().stream()).toList();
        List<Part> parts = groups.stream().flatMap(group -> parts(group).stream()).toList();
        double work =
                parts.stream().mapToDouble(Part::work).sum()
                        + left.stream().mapToDouble(SweepRun::work).sum();
        SweepProgress progress = new SweepProgress(listener, work);
        encode(parts, progress);
        make(left.stream().filter(run -> run.source().isEmpty()).toList(), progress);
        make(left.stream().filter(run -> run.source().isPresent()).toList(), progress);
        return ledger.outcome();
    }

    /** Some of the images that a group of runs has in common. */
    private record Part(SweepJob.Encode job, double work, String dataset) {}

    private List<Part> parts(RunGroup group) {
        int images = group.testImages() + group.trainingImages();
        int count =
                Math.max(
                        1,
                        Math.min(PARTS_PER_WORKER * cluster.workers(), images / IMAGES_PER_PART));
        List<Part> parts = new ArrayList<>();
        for (int part = 0; part < count; part++) {
            parts.add(
                    new Part(
                            new SweepJob.Encode(name(group.runs().get(0)), part, count),
                            images * image / count,
                            group.dataset()));
        }
        return parts;
    }

    private static String name(SweepRun run) {
        return run.folder().toString();
    }

    /** What goes wrong here goes wrong again in each run, and is recorded there. */
    private void encode(List<Part> parts, SweepProgress progress) throws IOException {
        cluster.each(
                parts.stream().map(Part::job).toList(),
                (index, problem) -> {
                    Part part = parts.get(index);
                    progress.begin(part.work, "encoding " + part.dataset + " images");
                    progress.end(true);
                });
    }

    private void make(List<SweepRun> runs, SweepProgress progress) throws IOException {
        List<SweepRun> longestFirst = new ArrayList<>(runs);
        longestFirst.sort(Comparator.comparing(SweepRun::work).reversed());
        cluster.each(
                longestFirst.stream().map(run -> new SweepJob.Make(name(run))).toList(),
                (index, problem) -> {
                    SweepRun run = longestFirst.get(index);
                    listener.started(run);
                    progress.begin(run.work(), run.title());
                    progress.end(problem == null);
                    ended(run, problem);
                });
    }

    private void ended(SweepRun run, String problem) {
        if (problem != null) {
            ledger.failed(run, problem);
            return;
        }
        try {
            ledger.finished(
                    run,
                    RunFolder.read(store.folder(run).resolve(RunFolder.RESULT), RunResult.class));
        } catch (IOException e) {
            ledger.failed(run, Failure.describe(e));
        }
    }
}
