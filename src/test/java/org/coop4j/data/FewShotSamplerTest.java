package org.coop4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FewShotSamplerTest {
    private static final Pattern KEY = Pattern.compile("shot_(\\d+)-seed_(\\d+)");

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "split_zhou_Caltech101.json.gz, caltech101.json.gz",
        "split_zhou_DescribableTextures.json.gz, dtd.json.gz",
    })
    void drawsTheReferencesImagesForEveryShotAndSeed(String split, String golden) throws IOException {
        ImageDataset dataset = GoldenSplits.read(split, folder);
        JsonNode expected = new JsonMapper().readTree(GoldenSplits.bytes(golden));

        assertThat(expected.size()).isEqualTo(15);
        for (Map.Entry<String, JsonNode> entry : expected.properties()) {
            Matcher key = KEY.matcher(entry.getKey());
            assertThat(key.matches()).isTrue();
            ImageDataset sample =
                    new FewShotSampler(Integer.parseInt(key.group(1)), Integer.parseInt(key.group(2))).sample(dataset);
            assertThat(positions(sample.train(), dataset.train()))
                    .as(entry.getKey())
                    .isEqualTo(integers(entry.getValue().get("train")));
            assertThat(positions(sample.val(), dataset.val()))
                    .as(entry.getKey())
                    .isEqualTo(integers(entry.getValue().get("val")));
            assertThat(sample.test()).isEqualTo(dataset.test());
        }
    }

    private static List<Integer> positions(List<LabelledImage> drawn, List<LabelledImage> all) {
        Map<LabelledImage, Integer> positions = new HashMap<>();
        all.forEach(image -> positions.put(image, positions.size()));
        return drawn.stream().map(positions::get).toList();
    }

    @Test
    void anyDatasetGivesEachClassItsShotsWithoutRepetition() {
        Random random = new Random(5);
        for (int trial = 0; trial < 60; trial++) {
            ImageDataset dataset = shuffledDataset(random);
            int shots = 1 + random.nextInt(20);
            ImageDataset sample = new FewShotSampler(shots, random.nextLong()).sample(dataset);

            assertThat(sample.train()).doesNotHaveDuplicates();
            Map<Integer, Long> all = countByLabel(dataset.train());
            countByLabel(sample.train())
                    .forEach((label, count) -> assertThat(count).isEqualTo(Math.min(shots, all.get(label))));
            Map<Integer, Long> allVal = countByLabel(dataset.val());
            countByLabel(sample.val()).forEach((label, count) -> assertThat(count)
                    .isEqualTo(Math.min(Math.min(shots, 4), allVal.get(label))));
            assertThat(sample.classNames()).isEqualTo(dataset.classNames());
        }
    }

    @Test
    void valThatIsTheTestListStaysWhole() {
        List<LabelledImage> train = new ArrayList<>(images("cat", 0, 9));
        train.addAll(images("dog", 1, 9));
        List<LabelledImage> test = images("x", train);
        ImageDataset dataset = new ImageDataset("i", List.of("cat", "dog"), train, test, test);

        assertThat(new FewShotSampler(1, 1).sample(dataset).val()).isEqualTo(test);
    }

    @Test
    void refusesZeroShots() {
        assertThrown(IllegalArgumentException.class, () -> new FewShotSampler(0, 1), "got 0");
    }

    private static ImageDataset shuffledDataset(Random random) {
        int classes = 1 + random.nextInt(6);
        List<LabelledImage> train = new ArrayList<>();
        List<LabelledImage> val = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int label = 0; label < classes; label++) {
            names.add("class " + label);
            train.addAll(images(names.get(label), label, 1 + random.nextInt(90)));
            val.addAll(images(names.get(label), label, random.nextInt(10)));
        }
        Collections.shuffle(train, random);
        Collections.shuffle(val, random);
        return new ImageDataset("random", names, train, val, List.of());
    }

    private static List<LabelledImage> images(String className, int label, int count) {
        List<LabelledImage> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            images.add(new LabelledImage(Path.of(className, i + ".jpg"), label, className));
        }
        return images;
    }

    private static List<LabelledImage> images(String folder, List<LabelledImage> like) {
        return like.stream()
                .map(i -> new LabelledImage(Path.of(folder).resolve(i.path()), i.label(), i.className()))
                .toList();
    }

    private static Map<Integer, Long> countByLabel(List<LabelledImage> images) {
        return images.stream().collect(Collectors.groupingBy(LabelledImage::label, Collectors.counting()));
    }

    private static List<Integer> integers(JsonNode array) {
        List<Integer> integers = new ArrayList<>();
        array.forEach(node -> integers.add(node.asInt()));
        return integers;
    }
}
