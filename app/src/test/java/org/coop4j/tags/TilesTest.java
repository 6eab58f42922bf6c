package org.coop4j.tags;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.base.Resource;
import org.coop4j.console.CommandFailure;
import org.coop4j.predict.Prediction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** GeoJSON of tiles, against a file with the fields of QuPath's QuPathTypeAdapters and ROITypeAdapters. */
class TilesTest {

    private static final List<String> CLASSES = List.of("Tumor", "Stroma");

    private static Tiles tiles(String... names) {
        return new Tiles(Stream.of(names).map(Path::of).toList(), CLASSES);
    }

    @Test
    void detectionsLieWhereTheNamesSay() throws Exception {
        Tiles tiles =
                tiles("out/CMU-1 [a] [d=2,x=1024,y=0,w=512,h=512].jpg", "CMU-1 [a] [x=0,y=-16,w=512,h=256,z=2].png");
        tiles.add(0, "Tumor", List.of(new Prediction("Tumor", 0.875, true), new Prediction("Stroma", 0.125, false)));
        tiles.add(1, null, List.of(new Prediction("Stroma", 0.5, true), new Prediction("Tumor", 0.5, false)));
        assertThat(new ObjectMapper().readTree(tiles.geoJson().toString()))
                .isEqualTo(new ObjectMapper().readTree(Resource.text(TilesTest.class, "tiles.geojson")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "photo.jpg",
                "a [x=1,y=2,w=3].jpg",
                "a [x=1,y=2,w=3,h=4",
                "a [x=1.5,y=2,w=3,h=4].jpg",
                "a [x=99999999999,y=2,w=3,h=4].jpg",
                "a [].jpg"
            })
    void aNameWithoutAPlaceIsRefused(String name) {
        assertThatThrownBy(() -> tiles("a [x=1,y=2,w=3,h=4].jpg", name))
                .isInstanceOf(CommandFailure.class)
                .hasMessage(
                        "%s has no place in its name: expected one such as IMAGE [x=1024,y=0,w=512,h=512].jpg", name);
    }

    @Test
    void tilesOfTwoImagesAreRefused() {
        assertThatThrownBy(() -> tiles("a [x=1,y=2,w=3,h=4].jpg", "b [x=1,y=2,w=3,h=4].jpg"))
                .isInstanceOf(CommandFailure.class)
                .hasMessage("these are tiles of 2 images (a, b): give those of one image");
    }
}
