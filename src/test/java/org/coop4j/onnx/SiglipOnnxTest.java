package org.coop4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.coop4j.Differences;
import org.coop4j.clip.Clip;
import org.coop4j.clip.SiglipModels;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** SigLIP's towers in ONNX Runtime against values in float64. */
@ExtendWith(Differences.Extension.class)
class SiglipOnnxTest {

    @TempDir
    static Path folder;

    @ParameterizedTest
    @CsvSource({
        "siglip1/huggingface, ''",
        "siglip1/open_clip, open_clip.",
        "siglip2/huggingface, ''",
        "siglip2/open_clip, open_clip."
    })
    void bothTowersGiveTheReferencesFeatures(String model, String of, Differences differences) throws Exception {
        Path image = folder.resolve("image.onnx");
        Path text = folder.resolve("text.onnx");
        try (Clip clip = SiglipModels.open(model, folder);
                SafetensorsFile golden = SiglipModels.numbers(model.replaceFirst("/.*", "/values.safetensors"))) {
            new OnnxExport(clip, false, "test").imageTower(image);
            new OnnxExport(clip, false, "test").textTower(text);
            try (OnnxRuntimeModel images = new OnnxRuntimeModel(image);
                    OnnxRuntimeModel texts = new OnnxRuntimeModel(text)) {
                float[] theirs = images.run(
                        "image_features",
                        "pixels",
                        golden.floats("pixels"),
                        golden.shape("pixels").toArray());
                double ofImages = Differences.relative(theirs, golden.floats(of + "image_features"));
                assertThat(differences.note("siglip", "ONNX image tower, relative", ofImages))
                        .isLessThan(1e-5);
                long[] shape = golden.shape("token_ids").toArray();
                theirs = texts.run(
                        "text_features", "input_ids", golden.tensor("token_ids").longs(), shape);
                double ofTexts = Differences.relative(theirs, golden.floats(of + "text_features"));
                assertThat(differences.note("siglip", "ONNX text tower, relative", ofTexts))
                        .isLessThan(1e-5);
            }
        }
    }
}
