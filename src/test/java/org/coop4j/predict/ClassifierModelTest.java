package org.coop4j.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.Method;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a classifier's file says about where and how it was learned, which a stranger may have written. */
class ClassifierModelTest {

    @TempDir
    private Path folder;

    private static ClassifierFile learned(Origin origin) {
        return ClassifierFile.of(Method.of("prototypes"), List.of("cat", "dog"), "ab".repeat(32))
                .withOrigin(origin);
    }

    /** On Linux a path with two slashes is that with one, so that the file is there. */
    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aShareOfAnotherMachineIsNotOpened() throws IOException {
        Path model = Files.createFile(folder.resolve("model.safetensors"));
        Path classifier = folder.resolve("elsewhere/classifier.safetensors");
        assertThat(ClassifierModel.find(learned(Origin.NONE.withModelFile(model.toString())), classifier, ""))
                .isEqualTo(model);
        assertThrown(
                IOException.class,
                () -> ClassifierModel.find(learned(Origin.NONE.withModelFile("/" + model)), classifier, "give --model"),
                "give --model");
        for (String share : List.of("//host/share/a", "\\\\host\\share\\a", "/\\host/a", "\\/host/a")) {
            assertThat(Origin.NONE.withModelFile(share).modelFile()).isEmpty();
        }
    }

    @Test
    void anUnknownTreatmentOfExifOrientationsIsNamed() throws IOException {
        Origin keep = Origin.NONE.withExif(ExifOrientation.KEEP);
        assertThat(keep.exif()).isEqualTo(ExifOrientation.KEEP);
        assertThrown(IOException.class, () -> keep.with("exif", "sideways").exif(), "sideways");
    }
}
