package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.graph.host.Workers;
import org.coop4j.run.RunFolder;
import org.coop4j.weights.model.ConvertedModel;
import org.coop4j.weights.model.MlpActivation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PretrainRunTest {

    private static final PretrainConfig CONFIG =
            new PretrainConfig(
                    4,
                    new PairBatches.Rule(8, true, 0.3),
                    1e-3,
                    1,
                    new AdamW.Config(0.9, 0.98, 1e-6, 0.1),
                    new Augmentation(0.8, 1.2, 0.1, 0.5, 10, 0.2, 0.2, 0.2, 20),
                    5,
                    2);

    @TempDir Path folder;

    private void run(Path out, boolean resume, PretrainRun.Listener listener) throws IOException {
        Path table = folder.resolve("train.csv");
        try (Workers workers = new Workers(2)) {
            new PretrainRun(
                            PictureTables.resNet(),
                            MlpActivation.QUICK_GELU,
                            CONFIG,
                            table,
                            table,
                            workers,
                            listener)
                    .run(out, resume);
        }
    }

    /** Fails in the middle of the third epoch, after the checkpoint of the second. */
    private static final class Interruption implements PretrainRun.Listener {
        @Override
        public void batch(int epoch, int batch, int batches, double loss, double secondsLeft) {
            if (epoch == 2 && batch == 1) {
                throw new IllegalStateException("interrupted");
            }
        }
    }

    @Test
    void anInterruptedRunEndsInTheSameModelAsOneThatRanThrough() throws IOException {
        PictureTables.write(folder);
        Path through = folder.resolve("through");
        List<Retrieval> measured = new ArrayList<>();
        run(
                through,
                false,
                new PretrainRun.Listener() {
                    @Override
                    public void validated(int epoch, Retrieval retrieval) {
                        measured.add(retrieval);
                    }
                });
        assertThat(measured).hasSize(2);
        assertThat(measured.get(0).images()).isEqualTo(32);
        Path broken = folder.resolve("broken");
        assertThatThrownBy(() -> run(broken, false, new Interruption())).hasMessage("interrupted");
        assertThatThrownBy(() -> run(broken, false, new PretrainRun.Listener() {}))
                .hasMessageContaining("already holds a run: add --resume");
        List<Integer> begun = new ArrayList<>();
        run(
                broken,
                true,
                new PretrainRun.Listener() {
                    @Override
                    public void begin(Pretraining training) {
                        begun.add(training.epochs());
                    }
                });
        assertThat(begun).containsExactly(2);
        assertThat(Files.readAllBytes(broken.resolve(PretrainRun.MODEL)))
                .isEqualTo(Files.readAllBytes(through.resolve(PretrainRun.MODEL)));
        assertThat(Files.readAllLines(broken.resolve(RunFolder.METRICS)))
                .hasSize(4)
                .allSatisfy(line -> assertThat(line).contains("\"loss\":"));
        assertThat(broken.resolve(RunFolder.PROVENANCE)).content().contains("train_sha256");
        try (ConvertedModel model = ConvertedModel.open(broken.resolve(PretrainRun.MODEL))) {
            assertThat(model.architecture()).isEqualTo(PictureTables.resNet());
            assertThat(model.source().format()).contains("coop pretrain, 4 epochs of 4, seed 5");
        }
    }

    @Test
    void aChangedTableIsNotResumed() throws IOException {
        Path table = PictureTables.write(folder);
        Path out = folder.resolve("out");
        assertThatThrownBy(() -> run(out, false, new Interruption())).hasMessage("interrupted");
        Files.writeString(table, Files.readString(table) + "0.png,another caption\n");
        assertThatThrownBy(() -> run(out, true, new PretrainRun.Listener() {}))
                .hasMessageContaining("other settings or another table");
    }
}
