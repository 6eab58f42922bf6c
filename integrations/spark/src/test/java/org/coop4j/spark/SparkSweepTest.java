package org.coop4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.ShippedModel;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.study.Sweep;
import org.coop4j.study.Sweep.SweepListener;
import org.coop4j.study.SweepPlan;
import org.coop4j.study.SweepRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestCluster.class)
class SparkSweepTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String PLAN =
            """
            datasets: [%s]
            methods: [zero-shot, tip-adapter, coop-m4-end]
            shots: [1]
            seeds: [1, 2]
            epochs: 2
            base_to_new:
              methods: [coop-m4-end]
            """;

    /** Listener of runs that may act after the first. */
    private static final class Recorder implements SweepListener {

        private final List<SweepRun> finished = new ArrayList<>();
        private final List<String> failed = new ArrayList<>();
        private final Runnable afterFirst;
        private int before;

        Recorder(Runnable afterFirst) {
            this.afterFirst = afterFirst;
        }

        @Override
        public void begins(List<SweepRun.RunState> runs) {
            before = (int) runs.stream().filter(run -> run.result().isPresent()).count();
        }

        @Override
        public void finished(SweepRun run, RunResult result) {
            finished.add(run);
            if (finished.size() == 1) {
                afterFirst.run();
            }
        }

        @Override
        public void failed(SweepRun run, String message) {
            failed.add(run.folder() + ": " + message);
        }
    }

    private static List<SweepRun.RunState> sweep(Path plan, Path out, SweepListener listener) throws Exception {
        Run.Options options = new Run.Options(out.resolve("bank"), false, MemoryLimit.none());
        try (Clip clip = Clip.open(ShippedModel.cached())) {
            Sweep.Site site = new Sweep.Site(
                    "ignored",
                    ShippedModel.NAME,
                    clip.modelSha256(),
                    options.bankFolder().toString(),
                    options.skipBad(),
                    options.memory().bytes(),
                    out.toString());
            Sweep.Cluster cluster =
                    ServiceLoader.load(Sweep.Cluster.class).findFirst().orElseThrow();
            return Sweep.of(new Images(clip, options), SweepPlan.read(plan, Optional.empty()))
                    .run(out, listener, cluster, site);
        }
    }

    private static Path plan(Path folder) throws IOException {
        String data = Photographs.divided(4).toString();
        return Files.writeString(folder.resolve("plan.yaml"), PLAN.formatted(data));
    }

    /** Returns all files of all runs, except those with times. */
    private static Map<String, String> files(Path out) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(out.resolve("runs"))) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                String key = out.relativize(file).toString();
                switch (file.getFileName().toString()) {
                    case "result.json" -> {
                        JsonNode result = JSON.readTree(file.toFile());
                        files.put(
                                key,
                                ((ObjectNode) result)
                                        .remove(List.of("seconds", "sha256"))
                                        .toString());
                    }
                    case RunFolder.PROVENANCE -> files.put(key, "");
                    default -> files.put(key, HexFormat.of().formatHex(Files.readAllBytes(file)));
                }
            }
        }
        return files;
    }

    private static void killAnExecutor() {
        TestCluster.executors().findFirst().orElseThrow().destroyForcibly();
    }

    @Test
    void foldersAreThoseOfTheLocalSweepThoughAnExecutorDiesAndNothingIsMadeTwice(SparkSession spark) throws Exception {
        Path folder = Files.createTempDirectory(TestCluster.folder(), "sweep");
        Path plan = plan(folder);
        Path local = folder.resolve("local");
        TestCluster.coop("sweep", plan, "-m", ShippedModel.NAME, "-o", local);
        Path out = folder.resolve("spark");

        Recorder first = new Recorder(SparkSweepTest::killAnExecutor);
        List<SweepRun.RunState> outcome = sweep(plan, out, first);

        assertThat(first.failed).isEmpty();
        assertThat(first.finished).hasSameSizeAs(outcome).doesNotHaveDuplicates();
        assertThat(files(out)).isEqualTo(files(local)).isNotEmpty();

        Recorder again = new Recorder(() -> {});
        sweep(plan, out, again);
        assertThat(again.before).isEqualTo(outcome.size());
        assertThat(again.finished).isEmpty();
    }
}
