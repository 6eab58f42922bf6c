package org.coop4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.model.PreprocessConfig;
import org.coop4j.model.PreprocessConfig.Interpolation;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pictures of odd sizes, squashed by Pillow and by the references' own processing. */
class SiglipPicturesTest {
    private static final String FOLDER = "/golden/siglip/preprocess/";
    private static final List<Double> HALVES = List.of(0.5, 0.5, 0.5);

    private static JsonNode pictures() throws IOException {
        return new ObjectMapper().readTree(GoldenImages.bytes(FOLDER + "pictures.json"));
    }

    static List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        pictures().fieldNames().forEachRemaining(names::add);
        assertThat(names).hasSizeGreaterThanOrEqualTo(10);
        return names;
    }

    private static Preprocessing squash(int size, Interpolation filter) {
        return new Preprocessing(new PreprocessConfig(size, HALVES, HALVES, true, filter));
    }

    @ParameterizedTest
    @MethodSource("names")
    void squashedPicturesArePillowsToTheBit(String name) throws IOException, URISyntaxException {
        JsonNode known = pictures().get(name);
        String picture = name.substring(0, name.indexOf('.')) + ".png";
        RgbImage image = new ImageDecoder().decode(GoldenImages.bytes(FOLDER + picture), picture);
        RgbImage wanted = GoldenImages.expected(FOLDER + name + ".png");
        boolean bilinear = known.get("filter").asText().equals("bilinear");
        Preprocessing own = squash(wanted.width(), bilinear ? Interpolation.BILINEAR : Interpolation.BICUBIC);
        assertThat(own.fitted(image)).isEqualTo(wanted);
        // open_clip's form, whatever the model; it resizes alpha before it drops it
        if (!known.get("mode").asText().equals("RGBA")) {
            Preprocessing bicubic = squash(wanted.width(), Interpolation.BICUBIC);
            try (SafetensorsFile others = SafetensorsFile.open(Path.of(
                    getClass().getResource(FOLDER + "others.safetensors").toURI()))) {
                assertThat(bicubic.toTensor(bicubic.fitted(image)))
                        .containsExactly(others.floats(name + ".open_clip_bicubic"), offset(0f));
            }
        }
    }
}
