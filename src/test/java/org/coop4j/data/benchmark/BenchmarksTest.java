package org.coop4j.data.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchmarksTest {
    private final Benchmarks benchmarks = Benchmarks.published();

    @Test
    void hasTheElevenDatasetsAndFourShiftedImageNets() {
        assertThat(benchmarks.all().stream().map(Benchmark::name).collect(Collectors.joining(" ")))
                .isEqualTo("ImageNet Caltech101 OxfordPets StanfordCars OxfordFlowers Food101 FGVCAircraft SUN397"
                        + " DescribableTextures EuroSAT UCF101 ImageNetV2 ImageNetSketch ImageNetA ImageNetR");
        assertThat(benchmarks.all().stream().filter(Benchmark::testsOnly)).hasSize(4);
    }

    @ParameterizedTest
    @CsvSource({
        "caltech-101, Caltech101",
        "CALTECH_101, Caltech101",
        "dtd, DescribableTextures",
        "Describable Textures, DescribableTextures",
        "flowers102, OxfordFlowers",
        "oxford_flowers, OxfordFlowers",
        "imagenet-a, ImageNetA",
        "imagenet_sketch, ImageNetSketch",
        "imagenet-rendition, ImageNetR",
        "fgvc_aircraft, FGVCAircraft",
        "sun397, SUN397",
    })
    void findsByAnyUsualName(String written, String name) {
        assertThat(benchmarks.get(written).name()).isEqualTo(name);
    }

    @Test
    void eachNameMeansOneDataset() {
        Map<String, String> owners = new HashMap<>();
        for (Benchmark benchmark : benchmarks.all()) {
            benchmark.names().stream().map(Benchmarks::bare).distinct().forEach(name -> assertThat(
                            owners.put(name, benchmark.name()))
                    .isNull());
        }
    }

    @Test
    void unknownNameIsRefusedWithTheExistingNames() {
        assertThat(benchmarks.find("mnist")).isEmpty();
        assertThrown(IllegalArgumentException.class, () -> benchmarks.get("mnist"), "'mnist'", "EuroSAT");
    }

    @Test
    void templatesAreTheReferences() {
        assertThat(benchmarks.get("food101").template()).isEqualTo("a photo of {}, a type of food.");
        assertThat(benchmarks.get("dtd").template()).isEqualTo("{} texture.");
        assertThat(benchmarks.get("imagenet-r").template()).isEqualTo("a photo of a {}.");
    }

    /** Totals published with the datasets themselves. */
    @ParameterizedTest
    @CsvSource({
        "Caltech101, 8242",
        "OxfordPets, 7349",
        "StanfordCars, 16185",
        "OxfordFlowers, 8189",
        "Food101, 101000",
        "FGVCAircraft, 10000",
        "SUN397, 39700",
        "DescribableTextures, 5640",
        "EuroSAT, 27000",
        "UCF101, 13320",
    })
    void publishedSizesAddUpToTheDatasetsTotals(String name, int total) {
        Benchmark.Sizes sizes = benchmarks.get(name).published();

        assertThat(sizes.train() + sizes.val() + sizes.test()).isEqualTo(total);
    }
}
