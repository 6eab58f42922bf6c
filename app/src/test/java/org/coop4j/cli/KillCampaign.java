package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Folders;
import org.coop4j.clip.ShippedModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Commands ended by {@code kill -9} at random moments, and started again until they finish: the
 * bits must be those of a command that nobody killed, what was finished stays untouched, no file of
 * the user's goes and none is left over. Not part of the build's tests: {@code mvn -Pcampaign
 * verify -Dcampaign.kills=200 -Dcampaign.seed=1}; {@code -Dcampaign.from=N} goes on at folder N.
 */
class KillCampaign {

    private static final int MOST_KILLS_OF_A_FOLDER = 5;

    /** Between two looks at the files of a command, which take time from the command. */
    private static final long POLL_MILLIS = 4;

    /** For processes that live for seconds: one thread, and the quick compiler alone. */
    private static final Map<String, String> SHORT =
            Map.of("OMP_NUM_THREADS", "1", "JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1");

    /** The file of somebody else, named as temporary files are. */
    private static final String BYSTANDER = ".bookmarks.tmp";

    @TempDir
    private Path folder;

    private final Campaign campaign = new Campaign("kills");

    /** What is killed; each writes {@code out} in a folder of its own. */
    private enum Work {
        TRAIN,
        SWEEP,
        CONVERT
    }

    /**
     * A command that nobody killed.
     *
     * @param changes how often its files were seen to change
     */
    private record Reference(Map<String, String> outcome, int changes, List<String> temporary) {}

    private Object[] command(Work work, Path place, boolean again) {
        Path out = place.resolve("out");
        List<Object> model = CampaignFiles.modelOptions();
        return switch (work) {
            case TRAIN ->
                CommandRun.words(
                        "train --csc -M 4 -k 3 --epochs 60 --batch 4 --checkpoint-every 4 --views 2 --bank % -d % % -o"
                                + " %",
                        place.resolve("bank"),
                        CampaignFiles.pictures(),
                        model,
                        out.resolve("run"),
                        again ? List.of("--resume") : List.of());
            case SWEEP -> CommandRun.words("sweep % % -o %", folder.resolve("plan.yaml"), model, out);
            case CONVERT ->
                CommandRun.words(
                        "convert % --activation gelu -o %",
                        folder.resolve("bare.safetensors"), out.resolve("model.safetensors"));
        };
    }

    private void writeInputs() throws IOException {
        TinyModel.writeBare(folder, 200_000);
        Files.writeString(
                folder.resolve("plan.yaml"),
                """
                datasets:
                  - name: shapes
                    path: %s
                methods: [zero-shot, linear-probe, coop-m4-end]
                shots: [1, 2]
                seeds: [1]
                epochs: 30
                checkpoint_every: 4
                batch: 4
                views: 2
                """
                        .formatted(CampaignFiles.pictures()));
    }

    private static Path newPlace(Path place) throws IOException {
        Files.createDirectories(place.resolve("out"));
        Files.writeString(place.resolve(BYSTANDER), "mine");
        Files.writeString(place.resolve("out").resolve(BYSTANDER), "mine");
        return place;
    }

    @Test
    void whatIsKilledGoesOnAsIfNobodyHadKilledIt() throws Exception {
        writeInputs();
        Map<Work, Reference> references = new EnumMap<>(Work.class);
        for (Work work : Work.values()) {
            references.put(work, reference(work));
        }
        for (int number = Campaign.setting("from", 0); campaign.counted() < Campaign.setting("kills", 20); number++) {
            Work work = Work.values()[number % Work.values().length];
            campaign.count(work, episode(work, number, references.get(work), Campaign.random(number)));
            campaign.print();
        }
        campaign.close();
    }

    private Reference reference(Work work) throws Exception {
        Path place = newPlace(folder.resolve(work + "-reference"));
        CoopProcess process = CoopProcess.start(place, SHORT, command(work, place, false));
        int changes = 0;
        for (String last = ""; process.isAlive(); ) {
            String now = sizes(place.resolve("out"));
            changes += now.equals(last) ? 0 : 1;
            last = now;
            Thread.sleep(POLL_MILLIS);
        }
        process.ended().ok();
        return new Reference(CampaignFiles.outcome(place.resolve("out")), changes, temporary(place));
    }

    /** Names and sizes of all files, as far as they stand still. */
    private static String sizes(Path out) throws IOException {
        StringBuilder sizes = new StringBuilder();
        try (Stream<Path> all = Files.walk(out)) {
            for (Path file : (Iterable<Path>) all::iterator) {
                sizes.append(file).append(file.toFile().length()).append('\n');
            }
        } catch (NoSuchFileException | java.io.UncheckedIOException e) {
            sizes.append("moving");
        }
        return sizes.toString();
    }

    private static List<String> temporary(Path place) throws IOException {
        return Folders.files(place.resolve("temporary")).stream()
                .map(file -> file.getFileName().toString())
                .toList();
    }

    /** Kills a command some times, then lets it finish; returns how often it was killed. */
    private int episode(Work work, int number, Reference reference, Random random) throws Exception {
        Path place = newPlace(folder.resolve(work + "-" + number));
        Path out = place.resolve("out");
        String name = "%s %d (seed %d)".formatted(work, number, Campaign.setting("seed", 1));
        int most = 1 + random.nextInt(MOST_KILLS_OF_A_FOLDER);
        int kills = 0;
        boolean begun = false;
        Map<Path, FileTime> finished = Map.of();
        for (boolean killed = true; killed && kills < most; begun = true) {
            killed = killOnce(work, place, reference, random, begun);
            kills += killed ? 1 : 0;
            touched(finished, name + ", kill " + kills).forEach(campaign::find);
            finished = finishedRuns(out);
        }
        CommandRun run = CoopProcess.run(place, SHORT, command(work, place, begun));
        List<String> found = new ArrayList<>();
        if (run.code() != 0) {
            found.add(name + " ends with " + run.code() + ": " + run.err());
        }
        found.addAll(touched(finished, name + ", its end"));
        for (String path : CampaignFiles.differences(reference.outcome(), CampaignFiles.outcome(out))) {
            found.add(name + " differs after " + kills + " kills: " + path);
        }
        if (!Files.exists(place.resolve(BYSTANDER))) {
            found.add(name + " deleted a file beside its folder");
        }
        List<String> temporary = temporary(place);
        if (temporary.size() > reference.temporary().size()) {
            found.add(name + " leaves temporary files: " + temporary);
        }
        if (found.isEmpty()) {
            CacheFolder.delete(place);
        }
        found.forEach(campaign::find);
        return kills;
    }

    /** Starts a command and kills it after some change of its files; false if it ended before. */
    private boolean killOnce(Work work, Path place, Reference reference, Random random, boolean again)
            throws Exception {
        CoopProcess process = CoopProcess.start(place, SHORT, command(work, place, again));
        int left = 1 + random.nextInt(reference.changes());
        String last = sizes(place.resolve("out"));
        while (left > 0 && process.isAlive()) {
            String now = sizes(place.resolve("out"));
            left -= now.equals(last) ? 0 : 1;
            last = now;
            Thread.sleep(POLL_MILLIS);
        }
        Thread.sleep(random.nextInt(4)); // not always just after a change
        boolean killed = process.isAlive();
        process.kill();
        process.ended();
        return killed;
    }

    /** The files of runs that have ended, which nothing may write again, but for their pages. */
    private static Map<Path, FileTime> finishedRuns(Path out) throws IOException {
        Map<Path, FileTime> finished = new TreeMap<>();
        for (Path file : Folders.files(out)) {
            if (Files.exists(file.resolveSibling("provenance.json"))
                    && !file.endsWith(".lock")
                    && !file.endsWith("report.html")) {
                finished.put(file, Files.getLastModifiedTime(file));
            }
        }
        return finished;
    }

    /** What was written or removed of runs that had ended. */
    private static List<String> touched(Map<Path, FileTime> finished, String when) throws IOException {
        List<String> touched = new ArrayList<>();
        for (Map.Entry<Path, FileTime> file : finished.entrySet()) {
            if (!Files.exists(file.getKey())) {
                touched.add(when + ": a file of a finished run is gone: " + file.getKey());
            } else if (!Files.getLastModifiedTime(file.getKey()).equals(file.getValue())) {
                touched.add(when + ": a finished run was written again: " + file.getKey());
            }
        }
        return touched;
    }

    @Test
    void twoDemosAndATrainingAtOnceAllEndWell() throws Exception {
        List<CoopProcess> processes = List.of(
                start("demo", "-o", folder.resolve("first")),
                start("demo", "-o", folder.resolve("second")),
                start("train -m % -d % -k 2 -o %", ShippedModel.NAME, CampaignFiles.pictures(), folder.resolve("run")));
        for (CoopProcess process : processes) {
            process.ended().ok();
        }
        assertThat(CampaignFiles.differences(
                        CampaignFiles.outcome(folder.resolve("first/runs")),
                        CampaignFiles.outcome(folder.resolve("second/runs"))))
                .isEmpty();
    }

    private CoopProcess start(Object... arguments) throws IOException {
        return CoopProcess.start(folder, Map.of("OMP_NUM_THREADS", "1"), arguments);
    }
}
