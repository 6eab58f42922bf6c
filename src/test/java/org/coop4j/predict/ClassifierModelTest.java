package org.coop4j.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.run.Run;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a classifier's file says about where and how it was learned, which a stranger may have written. */
class ClassifierModelTest {

    @TempDir
    private Path folder;

    private static ClassifierFile learned(String key, String value) {
        return ClassifierFile.of(Method.of("prototypes"), List.of("cat", "dog"), "ab".repeat(32))
                .withTraining(Map.of(key, value));
    }

    /** On Linux a path with two slashes is that with one, so that the file is there. */
    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aShareOfAnotherMachineIsNotOpened() throws IOException {
        Path model = Files.createFile(folder.resolve("model.safetensors"));
        Path classifier = folder.resolve("elsewhere/classifier.safetensors");
        assertThat(ClassifierModel.find(learned(Run.MODEL_FILE, model.toString()), classifier, ""))
                .isEqualTo(model);
        assertThrown(
                IOException.class,
                () -> ClassifierModel.find(learned(Run.MODEL_FILE, "/" + model), classifier, "give --model"),
                "give --model");
        for (String share : List.of("//host/share/a", "\\\\host\\share\\a", "/\\host/a", "\\/host/a")) {
            assertThat(ClassifierModel.modelFile(learned(Run.MODEL_FILE, share)))
                    .isEmpty();
        }
    }

    @Test
    void anUnknownTreatmentOfExifOrientationsIsNamed() throws IOException {
        assertThat(ImageClassifier.orientation(learned(Run.EXIF, "keep"))).isEqualTo(ExifOrientation.KEEP);
        assertThrown(IOException.class, () -> ImageClassifier.orientation(learned(Run.EXIF, "sideways")), "sideways");
    }
}
