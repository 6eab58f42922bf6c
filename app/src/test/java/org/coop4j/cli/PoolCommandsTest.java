package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.coop4j.base.Sha256;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureTensors;
import org.coop4j.data.ImageFiles;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.run.Run;
import org.coop4j.run.RunImages;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code coop sort}, {@code next}, {@code check}, {@code search} and {@code map} on files of features and on pictures. */
class PoolCommandsTest {

    private static final Path GOLDEN = Path.of("../src/test/resources/golden/pool/joint.safetensors");

    @TempDir
    static Path folder;

    private static Path pool;
    private static Path texts;
    private static Path support;
    private static int[] labels;
    private static int[] answers; // joint, without other labels
    private static float[] all;
    private static int classes;

    @BeforeAll
    static void writeFeatures() throws IOException {
        try (SafetensorsFile golden = SafetensorsFile.open(GOLDEN)) {
            all = golden.floats("pool");
            labels = ints(golden, "labels");
            answers = ints(golden, "joint.strangers.answers");
            int width = all.length / labels.length;
            float[] ofClasses = golden.floats("text");
            classes = ofClasses.length / width;
            List<String> names =
                    IntStream.range(0, classes).mapToObj(PoolCommandsTest::name).toList();
            pool = write("pool", all, width, null, Map.of());
            texts = write(
                    "texts",
                    ofClasses,
                    width,
                    null,
                    Map.of(FeatureTensors.INPUTS, new ObjectMapper().writeValueAsString(names)));
            support = write("support", golden.floats("support"), width, ints(golden, "support_labels"), Map.of());
        }
    }

    private static int[] ints(SafetensorsFile file, String name) throws IOException {
        long[] longs = file.tensor(name).longs();
        return IntStream.range(0, longs.length).map(i -> (int) longs[i]).toArray();
    }

    private static Path write(String name, float[] rows, int width, int[] labels, Map<String, String> metadata)
            throws IOException {
        Path file = folder.resolve(name + ".safetensors");
        int n = rows.length / width;
        List<TensorSpec> specs = new ArrayList<>();
        specs.add(new TensorSpec(FeatureTensors.FEATURES, DType.F32, Shape.of(n, width)));
        if (labels != null) {
            specs.add(new TensorSpec(FeatureTensors.LABELS, DType.I64, Shape.of(n)));
        }
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, metadata)) {
            writer.writeFloats(FeatureTensors.FEATURES, rows);
            if (labels != null) {
                writer.writeLongs(
                        FeatureTensors.LABELS,
                        IntStream.of(labels).asLongStream().toArray());
            }
            writer.commit();
        }
        return file;
    }

    private static List<String[]> lines(Path csv) throws IOException {
        List<String> lines = Files.readAllLines(csv);
        return lines.subList(1, lines.size()).stream()
                .map(line -> line.split(",", -1))
                .toList();
    }

    private static String name(int label) {
        return label < 0 ? "" : "c" + label;
    }

    @Test
    void sortAnswersAFileOfFeaturesAsTheGoldenValuesDo() throws IOException {
        Path table = folder.resolve("table.csv");
        CommandRun run =
                coop("sort", pool, "--class-features", texts, "-o", table).ok();
        assertThat(run.err()).contains(labels.length + " pictures answered together, which changed");
        assertThat(Files.readAllLines(table).get(0)).isEqualTo("path,label,confidence,alone,ownness");
        List<String[]> rows = lines(table);
        assertThat(rows).hasSize(labels.length);
        for (int i = 0; i < rows.size(); i++) {
            assertThat(rows.get(i)[0]).isEqualTo(Integer.toString(i));
            assertThat(rows.get(i)[1]).isEqualTo(name(answers[i]));
        }
        JsonNode json = json(coop("sort", pool, "--class-features", texts, "--json"));
        assertThat(json.get("joint").asBoolean()).isTrue();
        assertThat(json.get("answers")).hasSize(labels.length);
        assertThat(json.get("answers").get(3).get("label").asText()).isEqualTo(name(answers[3]));
    }

    @Test
    void labelledPicturesLearnFirstAndThoseOfThePoolKeepTheirLabels() throws IOException {
        int width = all.length / labels.length;
        int[] rows = IntStream.range(0, labels.length)
                .filter(i -> labels[i] >= 0)
                .limit(20)
                .toArray();
        FeatureMatrix some = FeatureMatrix.of(labels.length, width, all).rows(rows);
        Path known = write(
                "known",
                some.toArray(),
                width,
                IntStream.of(rows).map(i -> (labels[i] + 1) % classes).toArray(),
                Map.of());
        JsonNode json = json(coop("sort", pool, "--class-features", texts, "--known", known, "--json"));
        assertThat(json.get("known").asInt()).isEqualTo(20);
        for (int row : rows) {
            assertThat(json.get("answers").get(row).get("label").asText()).isEqualTo(name((labels[row] + 1) % classes));
        }
        Path beside = folder.resolve("beside.csv");
        coop("sort", pool, "--class-features", texts, "--known", support, "-o", beside)
                .ok();
        List<String[]> learned = lines(beside);
        assertThat(right(learned, 1)).isGreaterThan(right(learned, 3)); // than one by one
    }

    private static long right(List<String[]> rows, int column) {
        return IntStream.range(0, labels.length)
                .filter(i -> labels[i] >= 0 && rows.get(i)[column].equals(name(labels[i])))
                .count();
    }

    @Test
    void checkDrawsAndSortKeepsItsPromise() throws IOException {
        Path check = folder.resolve("check.csv");
        coop("check", pool, "--class-features", texts, "-n", labels.length / 2, "--seed", 3, "-o", check)
                .ok();
        assertThat(coop("sort", pool, "--class-features", texts, "--checked", check)
                        .failed(1))
                .contains("line 2", "has no answer: write a class for ?");
        List<String> lines = new ArrayList<>(List.of("path,label"));
        Set<String> drawn = new HashSet<>();
        for (String[] row : lines(check)) {
            assertThat(row[1]).isEqualTo("?");
            drawn.add(row[0]);
            lines.add(row[0] + "," + name(labels[Integer.parseInt(row[0])]));
        }
        assertThat(drawn).hasSize(labels.length / 2);
        Files.write(check, lines);
        Path table = folder.resolve("accepted.csv");
        CommandRun run = coop(
                        "sort", pool, "--class-features", texts, "--checked", check, "--accept", "0.3", "-o", table)
                .ok();
        List<String[]> accepted = lines(table).stream()
                .filter(row -> row[row.length - 1].equals("yes"))
                .toList();
        assertThat(run.err()).contains("can be accepted: at most 30 % of them are wrong");
        assertThat(accepted).hasSizeGreaterThan(labels.length / 3);
        long wrong = accepted.stream()
                .filter(row -> !row[1].equals(name(labels[Integer.parseInt(row[0])])))
                .count();
        assertThat(wrong).isLessThanOrEqualTo(accepted.size() * 3 / 10);
        JsonNode promises = json(coop("check", pool, "--class-features", texts, "--checked", check, "--json"));
        assertThat(promises).hasSize(3);
        Files.write(check, lines.subList(0, 11));
        assertThat(coop("sort", pool, "--class-features", texts, "--checked", check, "--accept", "-o", table)
                        .ok()
                        .err())
                .contains("no answer can be accepted", "check 29 pictures or more, not 10");
        assertThat(coop("sort", pool, "--class-features", texts, "--accept").failed(2))
                .contains("coop check draws them");
    }

    @Test
    void nextAsksForPicturesThatHaveNoAnswer() throws IOException {
        CommandRun first =
                coop("next", pool, "--class-features", texts, "-n", 12, "--csv").ok();
        List<String> asked =
                first.out().lines().skip(1).map(line -> line.split(",", -1)[0]).toList();
        assertThat(asked).hasSize(12).doesNotHaveDuplicates();
        Path known = folder.resolve("answers.csv");
        Files.writeString(
                known,
                first.out().lines().findFirst().orElseThrow()
                        + "\n"
                        + first.out()
                                .lines()
                                .skip(1)
                                .map(line -> line.replace("?", name(labels[Integer.parseInt(line.split(",", -1)[0])])))
                                .collect(Collectors.joining("\n")));
        List<String> then = coop("next", pool, "--class-features", texts, "--known", known, "-n", 12, "--csv")
                .ok()
                .out()
                .lines()
                .skip(1)
                .map(line -> line.split(",", -1)[0])
                .toList();
        assertThat(then).hasSize(12).doesNotContainAnyElementsOf(asked);
    }

    @Test
    void aPictureWithoutADirectionIsLeftOutAndNamed() throws IOException {
        int width = all.length / labels.length;
        float[] damaged = all.clone();
        Arrays.fill(damaged, 3 * width, 4 * width, 0);
        damaged[5 * width + 1] = Float.NaN;
        damaged[7 * width] = Float.POSITIVE_INFINITY;
        Path file = write("damaged", damaged, width, null, Map.of());
        CommandRun run = coop("sort", file, "--class-features", texts, "--csv");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("3 pictures left out, whose features are zero or not finite: 3, 5, 7");
        assertThat(run.out().lines().skip(1).map(line -> line.split(",", -1)[0]))
                .hasSize(labels.length - 3)
                .doesNotContain("3", "5", "7");
    }

    @Test
    void picturesThatAClassifierLearnedFromLeaveThePoolAndAreCounted() throws IOException {
        Path pictures = TestPictures.folder(folder.resolve("learned"), 8, "sea", "hill");
        Path run = folder.resolve("run");
        Path bank = folder.resolve("bank3");
        coop("train -d % -m % --bank % -o % --method gda -k 2", pictures, TinyModel.MODEL, bank, run)
                .ok();
        CommandRun sorted =
                coop("sort % -p % --bank % --csv", pictures, run, bank).ok();
        assertThat(sorted.err()).contains("4 pictures left out, which the classifier has learned from");
        assertThat(sorted.out().lines()).hasSize(1 + 32 - 4);
        assertThat(coop("next % -p % --bank % -n 32 --csv", pictures, run, bank)
                        .ok()
                        .out()
                        .lines())
                .hasSize(1 + 32 - 4);
    }

    @Test
    void machineLabelsAreLearnedFromOnlyIfAskedForAndNeverTestedOn() throws IOException {
        Path pictures = TestPictures.folder(folder.resolve("people"), 8, "sea", "hill");
        Path unsorted = TestPictures.folder(folder.resolve("machine"), 12, "sea", "hill")
                .resolve("test");
        Files.copy(pictures.resolve("test/sea/picture-0.png"), unsorted.resolve("sea/tested.png"));
        Path bank = folder.resolve("bank4");
        Path table = folder.resolve("sorted.csv");
        coop("sort % -m % -c sea,hill --bank % -o %", unsorted, TinyModel.MODEL, bank, table)
                .ok();
        String train = "train -d % -m % --bank % -o % --method gda";
        Path run = folder.resolve("by-machine");
        CommandRun learned = coop(train + " --machine-labels %", pictures, TinyModel.MODEL, bank, run, table)
                .ok();
        RunImages images = Run.open(run).images();
        List<LabelledImage> machine =
                images.train().stream().filter(LabelledImage::machine).toList();
        assertThat(machine).isNotEmpty();
        assertThat(learned.err()).contains(machine.size() + " training images with labels of a classifier");
        assertThat(images.test()).noneMatch(LabelledImage::machine);
        Set<String> tested = RunImages.contents(images.test());
        assertThat(machine).noneMatch(image -> tested.contains(image.sha256()));
        assertThat(Files.readString(run.resolve("report.html")))
                .contains("(%d of them labelled by a classifier, none tested on)".formatted(machine.size()));

        assertThat(coop(train, table, TinyModel.MODEL, bank, folder.resolve("refused"))
                        .failed(1))
                .contains("has the labels of a classifier");
        Files.writeString(table, Files.readString(table).replace(",hill,", ",moon,"));
        assertThat(coop(train + " --machine-labels %", pictures, TinyModel.MODEL, bank, folder.resolve("no"), table)
                        .failed(1))
                .contains("moon is not a class of");
    }

    @Test
    void wrongTablesAreNamedByLine() throws IOException {
        Path known = folder.resolve("wrong.csv");
        String command = "sort % --class-features % --known %";
        Files.writeString(known, "path,label\n3,c1\n999,c1\n");
        assertThat(coop(command, pool, texts, known).failed(1)).contains("line 3", "no picture 999");
        Files.writeString(known, "path,label\n3,c1\n3,c2\n");
        assertThat(coop(command, pool, texts, known).failed(1)).contains("line 3", "3 comes twice");
        Files.writeString(known, "path,label\n3,c77\n");
        assertThat(coop(command, pool, texts, known).failed(1)).contains("line 2", "c77 is not among the classes");
        Files.writeString(known, "path,label\n3,c1\n");
        assertThat(coop(command + " --checked %", pool, texts, known, known).failed(1))
                .contains("3 is both known and checked");
        Files.writeString(known, "file,class\n3,c1\n");
        assertThat(coop(command, pool, texts, known).failed(1)).contains("expected the columns path and label");
        assertThat(coop("sort", pool).failed(2)).contains("which classes?");
        assertThat(coop("sort", pool, "-c", "c0,c1").failed(2)).contains("which model?");
    }

    @Test
    void picturesAreSortedSearchedAndMapped() throws IOException {
        Path model = TinyModel.MODEL;
        Path pictures = TestPictures.folder(folder.resolve("pictures"), 6, "sea", "hill", "sky");
        Path bank = folder.resolve("bank");
        String common = " % -m % --bank %";
        CommandRun sorted = coop("sort" + common + " -c sea,hill,sky --csv", pictures, model, bank)
                .ok();
        assertThat(sorted.out().lines()).hasSize(1 + 18 * 2);
        Path first =
                Path.of(sorted.out().lines().skip(1).findFirst().orElseThrow().split(",", -1)[0]);
        CommandRun like = coop("search" + common + " --like % --top 3 --csv", pictures, model, bank, first)
                .ok();
        assertThat(like.out().lines().skip(1).findFirst().orElseThrow()).startsWith(first + ",1.0");
        assertThat(coop("search % water -m % --bank % --csv", pictures, model, bank)
                        .ok()
                        .out()
                        .lines())
                .hasSize(21);
        assertThat(coop("search % -m %", pictures, model).failed(2)).contains("give one of both");
        Path map = folder.resolve("map.html");
        coop("map" + common + " --known % -o %", pictures, model, bank, pictures, map)
                .ok();
        assertThat(Files.readString(map)).contains("<circle", "sea", "Pictures that look alike");
    }

    @Test
    void picturesAreCopiedAndMovedIntoAFolderPerClassAndNoneIsOverwritten() throws IOException {
        Path pictures = TestPictures.folder(folder.resolve("unsorted"), 4, "sea", "hill");
        Set<String> before = contents(pictures);
        Path copies = folder.resolve("copies");
        String command = "sort % -m % --bank % -c sea,hill";
        Object[] values = {pictures, TinyModel.MODEL, folder.resolve("bank2")};
        coop(command + " --copy %", values[0], values[1], values[2], copies).ok();
        assertThat(contents(copies)).isEqualTo(before);
        assertThat(contents(pictures)).isEqualTo(before);
        Path moved = folder.resolve("moved");
        Files.createDirectories(moved.resolve("sea"));
        Files.createDirectories(moved.resolve("hill"));
        for (Path first : ImageFiles.in(pictures)) { // every name is taken in both folders
            Files.writeString(moved.resolve("sea").resolve(first.getFileName()), "mine");
            Files.writeString(moved.resolve("hill").resolve(first.getFileName()), "mine");
        }
        int files = ImageFiles.in(moved).size();
        CommandRun run = coop(command + " --move %", values[0], values[1], values[2], moved)
                .ok();
        assertThat(run.err()).contains(before.size() + " pictures moved to");
        assertThat(ImageFiles.in(pictures)).isEmpty();
        assertThat(ImageFiles.in(moved)).hasSize(files + before.size());
        assertThat(contents(moved)).containsAll(before).contains(Sha256.of("mine"));
        assertThat(coop("sort", pool, "--class-features", texts, "--copy", copies)
                        .failed(2))
                .contains("for pictures");
    }

    private static Set<String> contents(Path below) throws IOException {
        Set<String> contents = new HashSet<>();
        for (Path file : ImageFiles.in(below)) {
            contents.add(Sha256.of(file));
        }
        return contents;
    }
}
