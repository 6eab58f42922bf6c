package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.clip.GoldenModels;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.PreprocessConfig;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Pictures as TIPSv2 takes them: both sides resized by Pillow, nothing else. */
class TipsPicturesTest {
    private static final String FOLDER = "/golden/tips/preprocess/";

    @TempDir
    private Path folder;

    static List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        new ObjectMapper()
                .readTree(GoldenImages.bytes(FOLDER + "pictures.json"))
                .fieldNames()
                .forEachRemaining(names::add);
        return names;
    }

    @ParameterizedTest
    @MethodSource("names")
    void squashedPicturesArePillowsToTheBit(String name) throws IOException {
        String picture = name.substring(0, name.indexOf('.')) + ".png";
        RgbImage image = new ImageDecoder().decode(GoldenImages.bytes(FOLDER + picture), picture);
        RgbImage wanted = GoldenImages.expected(FOLDER + name + ".png");
        assertThat(tips(wanted.width()).fitted(image)).isEqualTo(wanted);
    }

    private static Preprocessing tips(int size) {
        return new Preprocessing(new PreprocessConfig(
                size, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0), true, PreprocessConfig.Interpolation.BILINEAR));
    }

    @ParameterizedTest
    @CsvSource({"tips/b, wide", "tips/g, tall"})
    void aConvertedModelTakesPixelsFromZeroToOne(String model, String picture) throws IOException {
        try (ConvertedModel converted = ConvertedModel.open(GoldenModels.convert(model, folder));
                SafetensorsFile golden = GoldenModels.numbers(model + "/values.safetensors")) {
            Preprocessing own = new Preprocessing(converted.preprocessing());
            RgbImage image = new ImageDecoder().decode(GoldenImages.bytes(FOLDER + picture + ".png"), picture);
            float[] pixels = own.toTensor(own.fitted(image));
            float[] wanted = golden.floats("pixels");
            for (int i = 0; i < pixels.length; i++) {
                assertThat(pixels[i]).isEqualTo(wanted[i]);
            }
        }
    }
}
