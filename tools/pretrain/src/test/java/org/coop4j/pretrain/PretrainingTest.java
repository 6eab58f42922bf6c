package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.Trainer.NonFiniteLossException;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.convert.RandomWeights;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.DType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PretrainingTest {

    private static final Tokenizer TOKENIZER = Tokenizer.load();
    private static final AdamW.Config ADAM = new AdamW.Config(0.9, 0.98, 1e-6, 0.1);
    private static final Augmentation SOME = new Augmentation(0.8, 1.2, 0.1, 0.5, 10, 0.2, 0.2, 0.2, 20);

    @TempDir
    Path folder;

    private static PretrainConfig config(int epochs, int batch, double rate, Augmentation augmentation) {
        PairBatches.Rule rule = new PairBatches.Rule(batch, 0.3, 1);
        return new PretrainConfig(
                epochs, rule, 0, rate, 1, ADAM, augmentation, augmentation.equals(SOME) ? 0.5 : 0, 0, 7, 1);
    }

    private ConvertedModel random(ClipConfig architecture) throws IOException {
        Path file = folder.resolve("initial.safetensors");
        RandomWeights.write(architecture, 7, file, MlpActivation.QUICK_GELU, Progress.NONE);
        return ConvertedModel.open(file);
    }

    @Test
    void overfitsABatchOf32AndTheWrittenModelFindsTheCaptions() throws IOException {
        PairTable table = PairTable.read(PictureTables.write(folder));
        double[] losses = new double[150];
        Path written = folder.resolve("model.safetensors");
        try (ConvertedModel initial = random(PictureTables.vit());
                Workers workers = new Workers(2);
                Pretraining training = Pretraining.prepare(
                        config(150, 32, 3e-3, Augmentation.none()),
                        InitialModel.of(initial),
                        null,
                        table,
                        TOKENIZER,
                        workers)) {
            training.run(new Pretraining.Listener() {
                @Override
                public void epoch(Pretraining.Epoch epoch) {
                    losses[epoch.number()] = epoch.loss();
                }
            });
            training.write(written, DType.F32);
        }
        assertThat(losses[0]).isGreaterThan(4 * Math.log(32)); // each of the four losses of a model that knows nothing
        assertThat(losses[149]).isLessThan(0.25);
        try (Clip clip = Clip.open(written, options())) {
            assertThat(Retrieval.measure(clip, table).recallAt1()).isGreaterThan(0.9);
            int unused = TOKENIZER.encode("zebra")[0];
            assertThat(clip.tokenEmbedding(unused)).containsOnly(0f);
            int used = TOKENIZER.encode("circle")[0];
            assertThat(clip.tokenEmbedding(used)).doesNotContain(0f);
        }
    }

    @Tag("portable")
    @Test
    void resumingFromAFileGivesTheSameBitsAsRunningThrough() throws IOException {
        PairTable table = PairTable.read(PictureTables.write(folder));
        PretrainConfig config = config(4, 8, 1e-3, SOME);
        Path file = folder.resolve("checkpoint.safetensors");
        Pretraining.Listener silent = new Pretraining.Listener() {};
        try (ConvertedModel initial = random(PictureTables.vit());
                Workers workers = new Workers(2)) {
            PretrainState through;
            try (Pretraining t =
                    Pretraining.prepare(config, InitialModel.of(initial), null, table, TOKENIZER, workers)) {
                t.run(new Pretraining.Listener() {
                    @Override
                    public void batch(int epoch, int batch, double loss) throws IOException {
                        if (epoch == 2 && batch == 1) {
                            t.state().write(file, "");
                        }
                    }
                });
                through = t.state();
            }
            try (Pretraining t =
                    Pretraining.prepare(config, InitialModel.of(initial), null, table, TOKENIZER, workers)) {
                t.resume(PretrainState.read(file));
                assertThat(t.epochs()).isEqualTo(2);
                assertThat(t.stepsDone()).isEqualTo(10);
                t.run(silent);
                assertSame(t.state(), through);
                assertThat(t.lastEpoch().loss()).isEqualTo(through.last().loss());
            }
        }
    }

    private static void assertSame(PretrainState actual, PretrainState expected) {
        assertThat(actual.epochs()).isEqualTo(expected.epochs());
        assertThat(actual.steps()).isEqualTo(expected.steps()).isEqualTo(16);
        assertThat(actual.arrays().keySet()).isEqualTo(expected.arrays().keySet());
        for (Map.Entry<String, float[]> array : expected.arrays().entrySet()) {
            assertThat(actual.arrays().get(array.getKey())).as(array.getKey()).isEqualTo(array.getValue());
        }
    }

    @Test
    void aStudentBeginsWithItsTeachersTextsAndComesNearItsFeatures() throws IOException {
        PairTable table = PairTable.read(PictureTables.write(folder));
        PretrainConfig config = new PretrainConfig(
                60, new PairBatches.Rule(32, 1, 0), 50, 3e-3, 1, ADAM, Augmentation.none(), 0, 0, 7, 1);
        List<Path> files =
                table.pictures().stream().map(PairTable.Picture::image).toList();
        Path written = folder.resolve("student.safetensors");
        try (ConvertedModel model = random(PictureTables.vit());
                Clip teacher = Clip.open(model.path(), options());
                Workers workers = new Workers(2);
                Pretraining training = Pretraining.prepare(
                        config,
                        InitialModel.random(PictureTables.vit(), MlpActivation.QUICK_GELU, 8)
                                .withTextOf(model),
                        teacher,
                        table,
                        TOKENIZER,
                        workers)) {
            training.write(written, DType.F32);
            try (Clip student = Clip.open(written, options())) {
                assertThat(student.encodeTexts(List.of("red circle")).row(0))
                        .isEqualTo(teacher.encodeTexts(List.of("red circle")).row(0));
                assertThat(meanCosine(student, teacher, files)).isLessThan(0.5);
            }
            training.run(new Pretraining.Listener() {});
            training.write(written, DType.F32);
            try (Clip student = Clip.open(written, options())) {
                assertThat(meanCosine(student, teacher, files)).isGreaterThan(0.9);
            }
        }
    }

    private static double meanCosine(Clip student, Clip teacher, List<Path> files) throws IOException {
        FeatureMatrix own = student.encodeImages(files).normalized();
        FeatureMatrix given = teacher.encodeImages(files).normalized();
        double total = 0;
        for (int i = 0; i < own.rows(); i++) {
            total += own.dot(i, given, i);
        }
        return total / own.rows();
    }

    private static Clip.Options options() {
        return new Clip.Options(model -> TOKENIZER, new Workers(2), Precision.FLOAT32);
    }

    @Test
    void aResNetAndATeacherOfOtherImagesOrTextsAreRefused() throws IOException {
        PairTable table = PairTable.read(PictureTables.write(folder));
        InitialModel student = InitialModel.random(PictureTables.vit(), MlpActivation.QUICK_GELU, 8);
        try (ConvertedModel model = random(PictureTables.resNet());
                Clip teacher = Clip.open(model.path(), options());
                Workers workers = new Workers(1)) {
            PretrainConfig config = config(1, 8, 1e-3, SOME);
            assertThatThrownBy(() -> Pretraining.prepare(config, student, teacher, table, TOKENIZER, workers))
                    .hasMessageContainingAll("32 pixels", "16");
            InitialModel resNet = InitialModel.of(model);
            assertThatThrownBy(() -> Pretraining.prepare(config, resNet, null, table, TOKENIZER, workers))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("is a ResNet");
            ClipConfig wide = new ClipConfig(
                    18, PictureTables.vit().vision(), PictureTables.vit().text());
            assertThatThrownBy(() -> InitialModel.random(wide, MlpActivation.QUICK_GELU, 8)
                            .withTextOf(model))
                    .hasMessageContainingAll("16 features", "18");
        }
    }

    @Test
    void aLossThatIsNoNumberStopsWithItsEpochAndBatch() throws IOException {
        PairTable table = PairTable.read(PictureTables.write(folder));
        try (ConvertedModel initial = random(PictureTables.vit());
                Workers workers = new Workers(1);
                Pretraining training = Pretraining.prepare(
                        config(3, 8, 1e30, SOME), InitialModel.of(initial), null, table, TOKENIZER, workers)) {
            assertThatThrownBy(() -> training.run(new Pretraining.Listener() {}))
                    .isInstanceOf(NonFiniteLossException.class)
                    .hasMessageContaining("in epoch 1, batch 2");
        }
    }

    @Test
    void aStateOfAnotherModelIsRefused() throws IOException {
        PairTable table = PairTable.read(PictureTables.write(folder));
        try (ConvertedModel initial = random(PictureTables.vit());
                Workers workers = new Workers(1);
                Pretraining training = Pretraining.prepare(
                        config(3, 8, 1e-3, SOME), InitialModel.of(initial), null, table, TOKENIZER, workers)) {
            PretrainState state = new PretrainState(0, 0, 0, null, null, Map.of("value/x", new float[1]));
            assertThatThrownBy(() -> training.resume(state))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("epoch 0", "step 0");
        }
    }

    @Test
    void badInputIsFoundBeforeTrainingStarts() throws IOException {
        Path csv = PictureTables.write(folder);
        assertThatThrownBy(() -> prepare(csv, 33)).hasMessageContainingAll("33 pairs", "32 pictures");
        String good = Files.readString(csv);
        Files.writeString(csv, good + "0.png,\"  \"\n");
        assertThatThrownBy(() -> PairTable.read(csv)).hasMessageContainingAll("row 65", "0.png");
        Files.writeString(csv, good + "99.png,a ghost\n");
        assertThatThrownBy(() -> PairTable.read(csv)).hasMessageContainingAll("1 image", "99.png");
        Files.writeString(csv, good + "0.png," + "word ".repeat(20) + "\n");
        assertThatThrownBy(() -> prepare(csv, 8))
                .hasMessageContaining("22 tokens")
                .hasMessageContaining("context length 16");
        Files.writeString(csv, good);
        Files.write(folder.resolve("3.png"), new byte[] {1, 2, 3});
        assertThatThrownBy(() -> prepare(csv, 8)).hasMessageContainingAll("1 image", "3.png");
        Files.writeString(csv, good.substring("path,caption\n".length()));
        assertThatThrownBy(() -> PairTable.read(csv)).hasMessageContaining("header");
        Files.writeString(csv, "path,caption\n../secret.png,a secret\n");
        assertThatThrownBy(() -> PairTable.read(csv)).hasMessageContaining("leads out of");
    }

    private void prepare(Path csv, int batch) throws IOException {
        PairTable table = PairTable.read(csv);
        try (ConvertedModel initial = random(PictureTables.vit());
                Workers workers = new Workers(1);
                Pretraining training = Pretraining.prepare(
                        config(1, batch, 1e-3, SOME), InitialModel.of(initial), null, table, TOKENIZER, workers)) {
            assertThat(training.steps()).isPositive();
        }
    }

    @Test
    void picturesBeyondTheBudgetAreReadEachTime() throws IOException {
        PairTable table = PairTable.read(PictureTables.write(folder));
        var files = table.pictures().stream().map(PairTable.Picture::image).toList();
        try (Workers workers = new Workers(2)) {
            ImageCache all = ImageCache.load(files, 16, Long.MAX_VALUE, workers);
            ImageCache none = ImageCache.load(files, 16, 0, workers);
            assertThat(all.heldCount()).isEqualTo(32);
            assertThat(none.heldCount()).isZero();
            assertThat(none.get(5)).isEqualTo(all.get(5));
            assertThat(all.get(5).width()).isEqualTo(24); // one and a half times the model's 16
        }
    }
}
