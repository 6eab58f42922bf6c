package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Sha256;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.method.Method;
import org.coop4j.method.ZeroShot;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunImagesTest {

    @TempDir
    static Path folder;

    private static Path model;

    @BeforeAll
    static void make() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
    }

    private static RunImages imagesOf(String name, RunFixture.Setup setup, RunFixture.Quiet listener)
            throws IOException {
        Path place = folder.resolve(name);
        RunFixture.run(model, setup, place, listener);
        return RunImages.of(place.resolve("run")).orElseThrow();
    }

    @Test
    void aRunKeepsTheListsOfItsImagesByContent() throws IOException {
        Path data = TestPictures.folder(folder.resolve("data"), 4, RunFixture.CLASSES);
        RunFixture.Quiet quiet = new RunFixture.Quiet();
        RunImages images = imagesOf("listed", RunFixture.config(data, 2, 2, 0, 0.01), quiet);

        assertThat(images.train()).hasSize(2 * RunFixture.CLASSES.length);
        assertThat(images.val()).isEmpty(); // CoOp chooses nothing
        assertThat(images.test()).hasSize(4 * RunFixture.CLASSES.length);
        for (LabelledImage image : images.test()) {
            Path file = image.path();
            assertThat(file).isAbsolute().startsWith(data.resolve("test").toAbsolutePath());
            assertThat(image.className())
                    .isEqualTo(file.getParent().getFileName().toString());
            assertThat(image.sha256()).isEqualTo(Sha256.of(file));
        }
        assertThat(images.overlap()).isEmpty();
        assertThat(quiet.notes).noneMatch(note -> note.contains("also training images"));
    }

    @Test
    void imagesThatSettingsAreChosenByAreListedAndUnreadableOnesAreNot() throws IOException {
        Path data = TestPictures.folder(folder.resolve("val"), 4, RunFixture.CLASSES);
        for (String name : RunFixture.CLASSES) {
            TestPictures.write(data.resolve("val").resolve(name).resolve("a.png"), 1, 50);
        }
        Files.writeString(data.resolve("test/lawn/picture-0.png"), "no picture");
        Path place = folder.resolve("chosen");
        RunFixture.Setup probe = new RunFixture.Setup(data, Method.of("linear-probe"), Sample.of(2, 1), Map.of(), 1);
        RunFixture.run(model, probe, place, true, new RunFixture.Quiet());
        RunImages images = RunImages.of(place.resolve("run")).orElseThrow();
        assertThat(images.val()).isNotEmpty();
        assertThat(images.test()).hasSize(4 * RunFixture.CLASSES.length - 1);

        RunFixture.Setup prompts = new RunFixture.Setup(data, new ZeroShot(), Sample.NONE, Map.of(), 1);
        Path other = folder.resolve("hand-written");
        RunFixture.run(model, prompts, other, true, new RunFixture.Quiet());
        assertThat(RunImages.of(other.resolve("run")).orElseThrow())
                .isEqualTo(new RunImages(images.testedClasses(), List.of(), List.of(), images.test()));
    }

    @Test
    void testImagesThatWereLearnedFromAreSaid() throws IOException {
        Path data = TestPictures.folder(folder.resolve("overlap"), 3, RunFixture.CLASSES);
        Path copy = data.resolve("test/lawn/renamed.png");
        Files.copy(data.resolve("train/lawn/picture-0.png"), copy);
        RunFixture.Quiet quiet = new RunFixture.Quiet();
        RunImages images = imagesOf("overlapping", RunFixture.shortRun(data), quiet);
        assertThat(images.overlap()).extracting(LabelledImage::path).containsExactly(copy);
        assertThat(quiet.notes).anySatisfy(note -> assertThat(note).contains("1 of 13 test images", copy.toString()));
    }

    @Test
    void damagedListsAreNamed() throws IOException {
        Path data = TestPictures.folder(folder.resolve("small"), 2, "red", "blue");
        imagesOf("damaged", RunFixture.config(data, 1, 1, 0, 0.01), new RunFixture.Quiet());
        Path run = folder.resolve("damaged/run");
        Path file = run.resolve(RunFolder.IMAGES);
        String sound = Files.readString(file);
        for (String damage : List.of(
                sound.replaceFirst("red", "rad"),
                sound.replaceFirst("\"paths\"", "\"piths\""),
                sound.substring(0, sound.length() / 2),
                "[]",
                "")) {
            Files.writeString(file, damage);
            assertThatThrownBy(() -> RunImages.of(run))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith(file + " is damaged: ");
        }
        String unchecked = sound.replaceFirst(",\\s*\"sha256\" : \"[0-9a-f]*\"\\s*}\\s*$", " }");
        Files.writeString(file, unchecked.replaceFirst("\"paths\"", "\"piths\""));
        assertThrown(() -> RunImages.of(run), "expected the paths");
        for (String damage : List.of(
                unchecked.replaceAll("(\"labels\" : \\[\\s*)\\d+", "$1999"),
                unchecked.replaceFirst("(\"labels\" : \\[\\s*)\\d+,", "$1"),
                unchecked.replaceFirst("(\"sha256\" : \").{44}", "$1"),
                unchecked.replaceFirst("(\"testedClasses\" : )\\[[^]]*]", "$1[]"),
                unchecked.replaceFirst("(\"paths\" : \\[\\s*\")", "$1\\\\u0000"))) {
            assertThat(damage).isNotEqualTo(unchecked);
            Files.writeString(file, damage);
            assertThatThrownBy(() -> RunImages.of(run))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith(file + " is damaged: ");
        }
        Files.delete(file);
        assertThat(RunImages.of(run)).isEmpty();
    }
}
