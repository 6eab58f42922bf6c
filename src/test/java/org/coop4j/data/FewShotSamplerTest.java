package org.coop4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.coop4j.data.PythonRandom.NumpyRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FewShotSamplerTest {

    @TempDir
    Path folder;

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

    /** random.seed(s); [random.getrandbits(31) for _ in range(2)], CPython 3.11. */
    @ParameterizedTest
    @CsvSource({
        "0, 1813382118, 827307999",
        "-1, 288545018, 1222356005",
        "4294967296, 242653419, 754435550",
        "1311768467463790320, 1823349692, 1261685716",
        "-9223372036854775808, 1188554884, 845876735",
    })
    void seedsOfAnySizeMakeCpythonsKey(long seed, long first, long second) {
        PythonRandom random = new PythonRandom(seed);

        assertThat(new long[] {bits31(random), bits31(random)}).containsExactly(first, second);
    }

    /** From a set, from a pool, and one at a time. */
    @Test
    void samplesAndShufflesAsCpython() {
        assertThat(new PythonRandom(1).samplePositions(1500, 16))
                .containsExactly(275, 1165, 129, 522, 241, 1014, 920, 967, 1334, 777, 429, 192, 999, 58, 798, 886);
        assertThat(new PythonRandom(1).samplePositions(20, 4)).containsExactly(4, 18, 2, 8);
        assertThat(new PythonRandom(1).samplePositions(60, 16))
                .containsExactly(8, 36, 54, 51, 48, 4, 16, 7, 31, 55, 28, 30, 41, 24, 13, 6);
        PythonRandom random = new PythonRandom(1);
        for (int drawn : new int[] {8, 36, 54, 51, 48}) {
            assertThat(random.samplePositions(60, 1)).containsExactly(drawn);
        }
        List<Integer> items = IntStream.range(0, 10).boxed().toList();
        assertThat(new PythonRandom(1).shuffled(items)).containsExactly(6, 8, 9, 7, 5, 3, 0, 4, 1, 2);
    }

    private static long bits31(PythonRandom random) {
        return random.getRandBits(31);
    }

    @Test
    void choosesAsNumpysLegacyGenerator() {
        NumpyRandom random = new NumpyRandom(1);

        assertThat(random.choice(60, 4)).containsExactly(39, 41, 2, 48);
        assertThat(random.choice(24, 4)).containsExactly(17, 14, 12, 11);
    }

    /** numpy.random.seed(7); numpy.random.permutation(12), NumPy 2.2. */
    @Test
    void permutesAsNumpysLegacyGenerator() {
        assertThat(new NumpyRandom(7).permutation(12)).containsExactly(7, 10, 2, 5, 0, 1, 11, 8, 3, 6, 9, 4);
        assertThat(new NumpyRandom(7).permutation(1)).containsExactly(0);
    }
}
