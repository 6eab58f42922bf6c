package org.coop4j.data.bank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.coop4j.base.Progress;
import org.coop4j.base.ProgressRecorder;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.BankFile.ViewKey;
import org.coop4j.data.bank.FeatureBanks.ImageTransform;
import org.coop4j.data.bank.FeatureBanks.UnreadableImagesException;
import org.coop4j.data.bank.FileContents.Content;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.ImageDecoder.ImageException;
import org.coop4j.image.RgbImage;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.PreprocessConfig;
import org.coop4j.model.PreprocessConfig.Interpolation;
import org.coop4j.model.convert.RandomWeights;
import org.coop4j.weights.DType;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class FeatureBanksTest {

    @TempDir
    static Path models;

    @AutoClose
    private static Clip clip;

    @TempDir
    Path folder;

    private final List<LabelledImage> images = new ArrayList<>();

    @BeforeAll
    static void open() throws IOException {
        clip = TinyModel.open(TinyModel.write(models.resolve("tiny.safetensors"), 1), 2);
    }

    @Test
    void whatTakesAMinuteIsSaidBeforehand() {
        assertThat(FeatureBanks.cost(900, 59, "training images", 448)).isEmpty();
        assertThat(FeatureBanks.cost(900, 600, "training images", 448))
                .hasValue("encoding training images at 448 pixels: about 1.5 per second, 10 min 00 s in all");
        assertThat(clip.secondsOfImages(70)).isZero();
        double many = clip.secondsOfImages(1_000_000_000);
        assertThat(many).isPositive().isFinite();
    }

    @BeforeEach
    void drawPictures() throws IOException {
        for (int i = 0; i < 70; i++) {
            Path file = folder.resolve("images").resolve(i + ".png");
            images.add(new LabelledImage(TestPictures.write(file, i % 3, i), i % 3, "c" + i % 3));
        }
    }

    private Bank bank(String name, ImageTransform transform) {
        return bank(clip, name, transform);
    }

    private Bank bank(Clip model, String name, ImageTransform transform) {
        return new Bank(new FeatureBanks(folder.resolve(name)), folder.resolve(name), model, transform);
    }

    /** The bank of a transform. */
    private record Bank(FeatureBanks banks, Path folder, Clip model, ImageTransform transform)
            implements AutoCloseable {

        ImageFeatures encode(List<LabelledImage> images, boolean skipBad, Progress progress) throws IOException {
            return banks.encode(model, transform, FeatureKind.EMBEDDED, images, "images", skipBad, progress);
        }

        private BankFile.Key key() throws IOException {
            return new BankFile.Key(
                    model.modelSha256(), transform.id(), FeatureKind.EMBEDDED, model.precision(), model.embedDim());
        }

        Path file() throws IOException {
            return key().file(folder);
        }

        int size() throws IOException {
            try (BankFile file = BankFile.openToRead(file(), key())) {
                return file.size();
            }
        }

        @Override
        public void close() {
            banks.close();
        }
    }

    private static ImageTransform train(int views, long seed) {
        return new ImageTransform(clip.preprocessing(), views, seed);
    }

    private static ImageTransform test() {
        return ImageTransform.test(clip.preprocessing());
    }

    private List<float[]> features(String bankName, ImageTransform transform, List<LabelledImage> list)
            throws IOException {
        return features(clip, bankName, transform, list);
    }

    private List<float[]> features(Clip model, String bankName, ImageTransform transform, List<LabelledImage> list)
            throws IOException {
        try (Bank bank = bank(model, bankName, transform)) {
            ImageFeatures banked = bank.encode(list, false, new ProgressRecorder());
            List<float[]> rows = new ArrayList<>();
            for (int view = 0; view < transform.views(); view++) {
                for (int i = 0; i < banked.size(); i++) {
                    float[] row = new float[banked.width()];
                    banked.copy(i, view, row, 0);
                    rows.add(row);
                }
            }
            return rows;
        }
    }

    @Test
    void testFeaturesAreTheModelsOwn() throws IOException {
        List<float[]> rows = features("a", test(), images);
        List<Path> files = images.stream().map(LabelledImage::path).toList();
        for (int i = 0; i < rows.size(); i++) {
            assertThat(rows.get(i))
                    .containsExactly(clip.encodeImages(List.of(files.get(i))).row(0));
        }
    }

    /** Wide enough that a product's last bits depend on its size. */
    @Test
    void anInterruptedEncodingAndABankCutAnywhereEndWithTheSameBits() throws IOException {
        ClipConfig wide = new ClipConfig(
                32, new ClipConfig.Vit(16, 8, 768, 1, 12, 3072), new ClipConfig.Text(77, 100, 16, 2, 1, 64));
        Path model = folder.resolve("wide.safetensors");
        RandomWeights.write(wide, 3, model, MlpActivation.QUICK_GELU, Progress.NONE);
        try (Clip wideClip = TinyModel.open(model, 2)) {
            ImageTransform transform = new ImageTransform(wideClip.preprocessing(), 2, 7);
            List<float[]> whole = features(wideClip, "whole", transform, images);
            for (int stop : new int[] {1, 31, 64, 65, 100, 139}) {
                String name = "stopped-at-" + stop;
                try (Bank bank = bank(wideClip, name, transform)) {
                    ProgressRecorder stopping = new ProgressRecorder() {
                        @Override
                        protected void advanced(Recorded task) {
                            if (task.done() == stop) {
                                throw new IllegalStateException("stopped");
                            }
                        }
                    };
                    assertThatThrownBy(() -> bank.encode(images, false, stopping))
                            .hasMessage("stopped");
                }
                assertThat(features(wideClip, name, transform, images)).containsExactlyElementsOf(whole);
            }
            Path file = bank(wideClip, "whole", transform).file();
            byte[] bytes = Files.readAllBytes(file);
            int record = (bytes.length - 512) / (2 * images.size());
            for (int kept : new int[] {5, 69}) {
                Files.write(file, Arrays.copyOf(bytes, 512 + kept * record + 7));
                assertThat(features(wideClip, "whole", transform, images)).containsExactlyElementsOf(whole);
            }
        }
    }

    /** The same weights with another filter have another bank. */
    @Test
    void theKeyKnowsTheFilterOfTheResize() throws IOException {
        Path other = folder.resolve("bilinear.safetensors");
        PreprocessConfig bicubic = clip.model().preprocessing();
        PreprocessConfig bilinear = new PreprocessConfig(
                bicubic.size(), bicubic.mean(), bicubic.std(), bicubic.squash(), Interpolation.BILINEAR);
        ModelMetadata known = clip.model().metadata();
        ModelMetadata metadata = new ModelMetadata(known.architecture(), known.activation(), bilinear, known.source());
        List<TensorSpec> specs = clip.architecture().tensorSpecs(DType.F32);
        try (SafetensorsWriter writer = SafetensorsWriter.create(other, specs, metadata.toMap())) {
            for (TensorSpec spec : specs) {
                writer.writeFloats(spec.name(), clip.model().weights().floats(spec.name()));
            }
            writer.commit();
        }
        List<float[]> first = features("filters", test(), images);
        try (Clip model = TinyModel.open(other, 2)) {
            List<float[]> second = features(model, "filters", ImageTransform.test(model.preprocessing()), images);
            assertThat(second.get(0)).isNotEqualTo(first.get(0));
        }
        assertThat(features("filters", test(), images)).containsExactlyElementsOf(first);
    }

    @Test
    void viewsInTheBankAreNotEncodedAgain() throws IOException {
        ImageTransform transform = train(3, 7);
        try (Bank bank = bank("a", transform)) {
            ProgressRecorder first = new ProgressRecorder();
            bank.encode(images, false, first);
            assertThat(first.tasks).hasSize(1);
            assertThat(first.tasks.get(0).done())
                    .isEqualTo(first.tasks.get(0).total())
                    .isEqualTo(210);
            assertThat(first.tasks.get(0).closed).isTrue();
            ProgressRecorder second = new ProgressRecorder();
            bank.encode(images, false, second);
            assertThat(second.tasks).isEmpty();
            assertThat(bank.size()).isEqualTo(210);
        }
    }

    @Test
    void moreViewsKeepTheFirstOnes() throws IOException {
        List<float[]> two = features("a", train(2, 7), images);
        List<float[]> three = features("b", train(3, 7), images);
        for (int i = 0; i < two.size(); i++) {
            assertThat(three.get(i)).containsExactly(two.get(i));
        }
    }

    @Test
    void aViewDependsOnSeedAndContentOnly() throws IOException {
        float[] pixels = view(images.get(0).path(), 1, 0);
        Path moved = folder.resolve("elsewhere/renamed.png");
        Files.createDirectories(moved.getParent());
        Files.copy(images.get(0).path(), moved);
        assertThat(view(moved, 1, 0)).containsExactly(pixels);
        assertThat(view(images.get(0).path(), 1, 1)).isNotEqualTo(pixels);
        assertThat(view(images.get(0).path(), 2, 0)).isNotEqualTo(pixels);

        List<LabelledImage> shuffled = new ArrayList<>(images);
        Collections.shuffle(shuffled, new Random(5));
        List<float[]> inOrder = features("a", train(1, 7), images);
        List<float[]> outOfOrder = features("b", train(1, 7), shuffled);
        for (int i = 0; i < images.size(); i++) {
            assertThat(outOfOrder.get(i)).containsExactly(inOrder.get(images.indexOf(shuffled.get(i))));
        }
    }

    private static float[] view(Path file, long seed, int view) throws IOException {
        RgbImage image = new ImageDecoder().decode(file);
        ImageTransform transform = train(4, seed);
        FloatBuffer pixels = FloatBuffer.allocate(3 * 16 * 16);
        transform.preprocessing().toTensor(transform.apply(image, Sha256.of(file), view), pixels, 0);
        return pixels.array();
    }

    @Test
    void epochsTakeTheViewsInTurn() throws IOException {
        ImageTransform transform = train(3, 7);
        try (Bank bank = bank("a", transform)) {
            ImageFeatures banked = bank.encode(images, false, new ProgressRecorder());
            float[] row = new float[banked.width()];
            float[] again = new float[banked.width()];
            for (int epoch = 0; epoch < 3; epoch++) {
                banked.copy(4, epoch, row, 0);
                banked.copy(4, epoch + 3, again, 0);
                assertThat(again).containsExactly(row);
                banked.copy(4, epoch + 1, again, 0);
                assertThat(again).isNotEqualTo(row);
            }
        }
    }

    private void damage(int... numbers) throws IOException {
        for (int i : numbers) {
            byte[] whole = Files.readAllBytes(images.get(i).path());
            Files.write(images.get(i).path(), Arrays.copyOf(whole, 60));
        }
    }

    /** Checks that there is a warning about each of these images, and of no other. */
    private void assertWarned(ProgressRecorder recorder, int... positions) {
        assertThat(recorder.warnings).hasSize(positions.length);
        for (int i : positions) {
            assertThat(recorder.warnings).anySatisfy(said -> assertThat(said)
                    .contains(images.get(i).path().toString()));
        }
    }

    /** A pipe would wait for ever for a writer. */
    @Test
    @Timeout(600)
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void pipesAndEndlessFilesAreUnreadableImages() throws Exception {
        Path pipe = images.get(3).path();
        Files.delete(pipe);
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        Files.delete(images.get(40).path());
        Files.createSymbolicLink(images.get(40).path(), Path.of("/dev/zero"));
        ProgressRecorder recorder = new ProgressRecorder();
        try (Bank bank = bank("a", test())) {
            assertThat(bank.encode(images, true, recorder).size()).isEqualTo(68);
        }
        assertWarned(recorder, 3, 40);
        assertThrown(ImageException.class, () -> new ImageDecoder().decode(pipe));
        assertThat(ImageDecoder.exifOrientation(pipe)).isEqualTo(1);
    }

    @Test
    void unreadableImagesOfSeveralListsAreRefusedTogether() throws IOException {
        damage(3, 40);
        Files.delete(images.get(69).path());
        ProgressRecorder recorder = new ProgressRecorder();
        FeatureBanks.Lists lists = new FeatureBanks.Lists();
        try (Bank bank = bank("a", test())) {
            for (List<LabelledImage> list : List.of(images.subList(0, 30), images.subList(30, 70))) {
                lists.encode(() -> bank.encode(list, false, recorder));
            }
            assertThrown(
                    FeatureBanks.UnreadableImagesException.class,
                    lists::requireReadable,
                    "3 images",
                    "skip",
                    images.get(3).path().toString(),
                    images.get(40).path().toString());
            assertThat(bank.size()).as("the good ones are kept").isEqualTo(67);
        }
        assertWarned(recorder, 3, 40, 69);
    }

    /** The hashes of a run are read hours before its last picture is decoded. */
    @Test
    void aPictureThatWasReplacedSinceItWasHashedIsNotKeptUnderTheEarlierHash() throws IOException {
        Path file = images.get(0).path();
        String earlier = Sha256.of(Files.readAllBytes(file));
        try (Bank bank = bank("replaced", test())) {
            assertThat(bank.banks.contents(images, clip.workers())).startsWith(earlier);
            TestPictures.write(file, 1, 999);
            ProgressRecorder recorder = new ProgressRecorder();
            assertThrown(UnreadableImagesException.class, () -> bank.encode(images, false, recorder), file.toString());
            assertThat(recorder.warnings).containsExactly(file + " was changed since it was first read: run again");
            assertThat(bank.encode(images, true, Progress.NONE).size()).isEqualTo(images.size() - 1);
            assertThat(bank.size()).isEqualTo(images.size() - 1);
            try (BankFile rows = BankFile.openToRead(bank.file(), bank.key())) {
                assertThat(rows.contains(ViewKey.of(earlier, 0))).isFalse();
            }
            assertThat(bank.encode(images.subList(1, 70), false, Progress.NONE).size())
                    .isEqualTo(69);
        }
        assertThat(features("replaced", test(), images)).hasSize(images.size());
    }

    @Test
    void damagedFilesOfTheSameContentAreAllSkipped() throws IOException {
        for (int i : new int[] {2, 9, 50}) {
            Files.write(images.get(i).path(), new byte[] {1, 2, 3});
        }
        ProgressRecorder recorder = new ProgressRecorder();
        try (Bank bank = bank("a", train(2, 1))) {
            ImageFeatures banked = bank.encode(images, true, recorder);
            assertThat(banked.size()).isEqualTo(67);
            assertThat(banked.images().get(2).path()).isEqualTo(images.get(3).path());
            assertThat(recorder.tasks.get(0).done())
                    .isEqualTo(recorder.tasks.get(0).total());
        }
        assertWarned(recorder, 2, 9, 50);
    }

    @Test
    void imagesOfTheSameContentAreEncodedOnceAndUprightOnesForBothTreatmentsOfOrientation() throws IOException {
        Files.copy(images.get(0).path(), images.get(1).path(), StandardCopyOption.REPLACE_EXISTING);
        images.add(new LabelledImage(images.get(0).path(), 0, "c0", ExifOrientation.APPLY));
        List<float[]> rows = features("a", test(), images);
        assertThat(rows.get(1)).containsExactly(rows.get(0));
        try (Bank bank = bank("a", test())) {
            assertThat(bank.size()).isEqualTo(69);
        }
    }

    @Test
    void theContentHashDependsOnImagesLabelsAndOrder() throws IOException {
        try (Bank bank = bank("a", test())) {
            String hash = contentHash(bank, images);
            List<LabelledImage> other = new ArrayList<>(images);
            Collections.swap(other, 0, 1);
            assertThat(contentHash(bank, other)).isNotEqualTo(hash);
            other = new ArrayList<>(images);
            other.set(0, new LabelledImage(images.get(0).path(), 2, "c2"));
            assertThat(contentHash(bank, other)).isNotEqualTo(hash);
            Path moved = folder.resolve("moved.png");
            Files.copy(images.get(0).path(), moved);
            other.set(0, new LabelledImage(moved, 0, "c0"));
            assertThat(contentHash(bank, other)).isEqualTo(hash);
        }
    }

    private static String contentHash(Bank bank, List<LabelledImage> list) throws IOException {
        return bank.encode(list, false, new ProgressRecorder()).contentHash();
    }

    /** The first picture as a JPEG with an EXIF orientation. */
    private LabelledImage rotated(ExifOrientation exif) throws IOException {
        byte[] content = FeatureBanksTest.class
                .getResourceAsStream("/images/forms/jpeg-exif-rotated.jpg")
                .readAllBytes();
        Path file = Files.write(folder.resolve("images/rotated.jpg"), content);
        return new LabelledImage(file, 0, "c0", exif);
    }

    @Test
    void anAppliedOrientationIsAnotherView() throws IOException {
        List<LabelledImage> kept = List.of(rotated(ExifOrientation.KEEP));
        List<LabelledImage> applied = List.of(rotated(ExifOrientation.APPLY));
        List<float[]> stored = features("a", test(), kept);
        List<float[]> upright = features("a", test(), applied);
        assertThat(upright.get(0)).isNotEqualTo(stored.get(0));
        assertThat(features("a", test(), kept).get(0)).containsExactly(stored.get(0));
        List<Path> file = List.of(kept.get(0).path());
        assertThat(upright.get(0)).containsExactly(clip.encodeImages(file).row(0));
        assertThat(stored.get(0))
                .containsExactly(clip.encodeImages(file, FeatureKind.EMBEDDED, ExifOrientation.KEEP)
                        .row(0));
        try (Bank bank = bank("a", test())) {
            assertThat(contentHash(bank, applied)).isNotEqualTo(contentHash(bank, kept));
        }
    }

    private Content read(Path file) throws IOException {
        return read(file, Duration.ofMinutes(1));
    }

    private Content read(Path file, Duration later) throws IOException {
        FileContents contents = new FileContents(folder.resolve("bank"), Clock.offset(Clock.systemUTC(), later));
        Content content = contents.of(file);
        contents.keep();
        return content;
    }

    @Test
    void aContentIsKeptForLaterProcessesOnceTheFileHasSettled() throws IOException {
        Path file = folder.resolve("picture");
        Path kept = folder.resolve("bank/contents-of-file/sha256.bank");
        Files.writeString(file, "one");
        assertThat(read(file, Duration.ofMinutes(-1))).isEqualTo(new Content(Sha256.of("one"), 1));
        long fresh = Files.size(kept);
        read(file);
        long settled = Files.size(kept);
        assertThat(settled).isGreaterThan(fresh);
        assertThat(read(file)).isEqualTo(new Content(Sha256.of("one"), 1));
        assertThat(kept).hasSize(settled);
    }

    @Test
    void aReplacedFileIsReadAgainThoughItsSizeAndTimeAreTheSame() throws IOException {
        Path file = folder.resolve("picture");
        Files.writeString(file, "one");
        FileTime time = Files.getLastModifiedTime(file);
        read(file);
        Files.writeString(file, "two");
        Files.setLastModifiedTime(file, time);
        assertThat(read(file).sha256()).isEqualTo(Sha256.of("two"));
    }

    @Test
    void aFolderThatCannotBeWrittenOnlyCostsTime() throws IOException {
        Path file = Files.writeString(folder.resolve("picture"), "one");
        Files.writeString(folder.resolve("bank"), "no folder");
        assertThat(read(file).sha256()).isEqualTo(Sha256.of("one"));
    }
}
