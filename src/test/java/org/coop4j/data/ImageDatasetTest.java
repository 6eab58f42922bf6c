package org.coop4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageDatasetTest {

    @Test
    void oneClassHasNoNewHalf() {
        assertThrown(IllegalArgumentException.class, () -> dataset(1).half(ClassHalf.NEW), "1 class");
    }

    @Test
    void emptyClassesAreNamed() {
        assertThrown(
                IllegalArgumentException.class,
                () -> new ImageDataset(
                        "d",
                        List.of("cat", "dog", "emu"),
                        List.of(image(1, "dog")),
                        List.of(),
                        List.of(image(0, "cat"))),
                "2 classes: cat, emu");
    }

    @Test
    void hugeLabelTakesNoMemory() {
        assertThrown(
                InputException.class,
                () -> ImageDataset.fromImages("d", List.of(image(Integer.MAX_VALUE, "a")), List.of(), List.of()),
                "2147483647");
    }

    @Test
    void repeatedNamesAreAllowedAndListed() {
        ImageDataset dataset = new ImageDataset(
                "imagenet",
                List.of("missile", "crane", "missile"),
                List.of(image(0, "missile"), image(1, "crane"), image(2, "missile")),
                List.of(),
                List.of());

        assertThat(dataset.repeatedClassNames()).containsExactly("missile");
    }

    @Test
    void missingFilesAreCountedAndTheFirstNamed(@TempDir Path folder) throws IOException {
        Path there = Files.createFile(folder.resolve("0.jpg"));
        List<LabelledImage> images = new ArrayList<>(List.of(new LabelledImage(there, 0, "cat")));
        for (int i = 1; i <= 7; i++) {
            images.add(new LabelledImage(folder.resolve(i + ".jpg"), 0, "cat"));
        }
        ImageDataset dataset = new ImageDataset("d", List.of("cat"), images, List.of(), images);

        assertThat(dataset.missingFiles(count -> {})).hasSize(7);
        assertThrown(InputException.class, dataset::requireFiles, "7 image files of d", "1.jpg", "…");
    }

    private static ImageDataset dataset(int classes) {
        List<String> names =
                IntStream.range(0, classes).mapToObj(i -> "class " + i).toList();
        List<LabelledImage> images = IntStream.range(0, classes)
                .mapToObj(i -> image(i, names.get(i)))
                .toList();
        return new ImageDataset("d", names, images, images, images);
    }

    private static LabelledImage image(int label, String name) {
        return new LabelledImage(Path.of(label + ".jpg"), label, name);
    }

    @Test
    void classNamesMatchAsTheyDoInAPrompt() {
        assertThat(ClassNames.positions(List.of("Sea  Lake", "river"), List.of("River", "crop", "sea_lake")))
                .containsExactly(2, 0);
    }

    /** ImageNet has two classes called missile and two called sunglasses. */
    @Test
    void classesWithTheSameNameMatchInOrder() {
        List<String> imageNet = List.of("missile", "crane", "sunglasses", "missile", "crane");
        assertThat(ClassNames.positions(imageNet, imageNet)).containsExactly(0, 1, 2, 3, 4);
        assertThat(ClassNames.positions(List.of("crane", "missile"), imageNet)).containsExactly(1, 0);
        assertThrown(
                IllegalArgumentException.class,
                () -> ClassNames.positions(List.of("crane", "crane", "crane"), imageNet),
                "\"crane\"",
                "5 classes");
    }

    @Test
    void anUnavailableClassIsNamed() {
        assertThrown(
                IllegalArgumentException.class,
                () -> ClassNames.positions(List.of("fox"), List.of("a", "b", "c", "d", "e", "f")),
                "\"fox\"",
                "6 classes",
                "a, b, c, d, e, …");
    }
}
