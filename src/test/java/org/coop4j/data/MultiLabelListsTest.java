package org.coop4j.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Folders;
import org.coop4j.data.DataSpec.SetChoice;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.eval.Labels;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.Keywords;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images with sets of labels in every form that they come in, against lists and keywords that other programs read. */
class MultiLabelListsTest {

    private static final Path GOLDEN = Path.of("test/resources/golden/multi_label");
    private static final Path LISTS = GOLDEN.resolve("lists");
    private static final Path KEYWORDS = GOLDEN.resolve("keywords");

    private final List<String> notes = new ArrayList<>();

    @TempDir
    Path folder;

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    private static List<String> strings(JsonNode list) {
        List<String> strings = new ArrayList<>();
        list.forEach(one -> strings.add(one.asText()));
        return strings;
    }

    @BeforeEach
    void pictures() throws IOException {
        for (String name : List.of("a.jpg", "b.jpg", "c.jpg", "d.jpg")) {
            Files.copy(LISTS.resolve("001.jpg"), folder.resolve(name));
        }
    }

    private ImageDataset load(DataSpec data) throws IOException {
        return data.load(1, notes::add);
    }

    private ImageDataset list(String name, String content) throws IOException {
        return load(DataSpec.of(Files.writeString(folder.resolve(name), content)));
    }

    /** Returns the names of shown and of unknown classes by picture. */
    private static Map<String, List<Set<String>>> contents(ImageDataset data) {
        Map<String, List<Set<String>>> all = new TreeMap<>();
        for (LabelledImage image : Stream.of(data.train(), data.val(), data.test())
                .flatMap(List::stream)
                .toList()) {
            all.put(
                    image.path().getFileName().toString(),
                    List.of(
                            names(data, image.labels().present()),
                            names(data, image.labels().unknown())));
        }
        return all;
    }

    private static Set<String> names(ImageDataset data, int[] labels) {
        return new TreeSet<>(
                IntStream.of(labels).mapToObj(data.classNames()::get).toList());
    }

    private static Map<String, List<Set<String>>> expected(JsonNode labels, JsonNode unknown) {
        Map<String, List<Set<String>>> all = new TreeMap<>();
        for (Iterator<String> names = labels.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            all.put(
                    name,
                    List.of(new TreeSet<>(strings(labels.get(name))), new TreeSet<>(strings(unknown.path(name)))));
        }
        return all;
    }

    private static void assertSplit(ImageDataset data, JsonNode splits) {
        for (Split split : Split.values()) {
            List<String> wanted = new ArrayList<>();
            splits.properties().forEach(entry -> {
                if (entry.getValue().asText().equals(split.label())) {
                    wanted.add(entry.getKey());
                }
            });
            assertThat(data.images(split))
                    .extracting(image -> image.path().getFileName().toString())
                    .containsExactlyInAnyOrderElementsOf(wanted);
        }
    }

    @ParameterizedTest
    @CsvSource({"list.csv, classes", "list.jsonl, classes", "list_one_hot.csv, one_hot_class_order"})
    void listsOfSetsAreRead(String file, String order) throws IOException {
        JsonNode expected = json(LISTS.resolve("expected.json"));
        JsonNode lists = expected.get("lists");
        ImageDataset data = load(DataSpec.of(LISTS.resolve(file)));
        assertThat(data.classNames())
                .isEqualTo(strings(expected.path(order).isMissingNode() ? lists.get(order) : expected.get(order)));
        assertThat(contents(data)).isEqualTo(expected(lists.get("labels"), lists.get("unknown")));
        assertSplit(data, expected.get("split"));
        assertThat(notes).isEmpty();
    }

    @Test
    void cocoKeepsPicturesWithoutAnnotations() throws IOException {
        JsonNode expected = json(LISTS.resolve("expected.json")).get("coco");
        DataSpec coco = DataSpec.of(LISTS.resolve("coco.json"));
        ImageDataset data = load(coco);
        assertThat(data.classNames()).isEqualTo(strings(expected.get("classes")));
        assertThat(contents(data)).isEqualTo(expected(expected.get("labels"), json(LISTS.resolve("coco.json"))));
        Map<String, List<Set<String>>> labelled = contents(
                load(coco.with().sets(new SetChoice(false, null, 0, true)).build()));
        assertThat(labelled.keySet())
                .hasSize(data.train().size()
                        + data.val().size()
                        + data.test().size()
                        - expected.get("pictures_that_the_references_drop").size())
                .doesNotContainAnyElementsOf(strings(expected.get("pictures_that_the_references_drop")));
    }

    @Test
    void aClassOfDifficultObjectsOnlyIsUnknown() throws IOException {
        JsonNode expected = json(LISTS.resolve("expected.json")).get("voc");
        ImageDataset data =
                load(DataSpec.of(LISTS.resolve("voc")).with().images(LISTS).build());
        assertThat(data.classNames()).isEqualTo(strings(expected.get("classes")));
        Map<String, List<Set<String>>> all = new TreeMap<>();
        expected.get("pictures")
                .properties()
                .forEach(entry -> all.put(
                        entry.getKey(),
                        List.of(
                                new TreeSet<>(strings(entry.getValue().get("labels"))),
                                new TreeSet<>(strings(entry.getValue().get("unknown"))))));
        assertThat(contents(data)).isEqualTo(all);
        Path main = LISTS.resolve("voc/ImageSets/Main");
        assertThat(data.train()).hasSameSizeAs(Files.readAllLines(main.resolve("trainval.txt")));
        assertThat(data.test()).hasSameSizeAs(Files.readAllLines(main.resolve("test.txt")));
    }

    @Test
    void aListOfVocThatIsTheOnlyOneChoosesThePictures() throws IOException {
        Path voc = folder.resolve("voc");
        Folders.copy(LISTS.resolve("voc"), voc);
        Path main = voc.resolve("ImageSets/Main");
        Files.delete(main.resolve("test.txt"));
        ImageDataset data = load(DataSpec.of(voc).with().images(LISTS).build());
        assertThat(contents(data)).hasSameSizeAs(Files.readAllLines(main.resolve("trainval.txt")));
        assertThat(data.test()).isNotEmpty();
        assertThat(notes)
                .anyMatch(note -> note.contains("no split"))
                .anyMatch(note -> note.contains("only a list of training images"));

        Files.move(main.resolve("trainval.txt"), main.resolve("test.txt"));
        ImageDataset tests = load(DataSpec.of(voc).with().images(LISTS).build());
        assertThat(tests.train()).isEmpty();
        assertThat(tests.test()).hasSameSizeAs(Files.readAllLines(main.resolve("test.txt")));
    }

    @Test
    void picturesOfAllListsAreTurnedButThoseOfSplitFilesAsInTheReference() throws IOException {
        DataSpec coco = DataSpec.of(LISTS.resolve("coco.json"));
        DataSpec lines = DataSpec.of(Files.writeString(
                folder.resolve("list.jsonl"),
                "{\"path\": \"a.jpg\", \"labels\": [\"x\"]}\n{\"path\": \"b.jpg\", \"labels\": [\"y\"]}\n"));
        DataSpec split = DataSpec.of(Files.writeString(
                folder.resolve("split.json"),
                "{\"train\": [[\"a.jpg\", 0, \"x\"]], \"val\": [], \"test\": [[\"b.jpg\", 1, \"y\"]]}"));
        for (DataSpec list : List.of(coco, lines)) {
            assertThat(list.orientation()).isEqualTo(ExifOrientation.APPLY);
            assertThat(load(list).test()).extracting(LabelledImage::exif).containsOnly(ExifOrientation.APPLY);
        }
        assertThat(split.orientation()).isEqualTo(ExifOrientation.KEEP);
    }

    @Test
    void damagedPicturesAreReportedAndCostNoMemory() throws IOException {
        byte[] whole = Files.readAllBytes(KEYWORDS.resolve("windows.jpg"));
        byte[] tiff = Files.readAllBytes(KEYWORDS.resolve("tiff.tif"));
        for (byte[] file : List.of(whole, tiff, Files.readAllBytes(KEYWORDS.resolve("png_compressed.png")))) {
            for (int i = 0; i < Math.min(file.length, 300); i++) {
                byte[] damaged = file.clone();
                damaged[i] ^= (byte) 0xFF;
                Keywords.of(Files.write(folder.resolve("a.jpg"), damaged), notes::add);
                Keywords.of(Files.write(folder.resolve("a.jpg"), Arrays.copyOf(file, i)), notes::add);
            }
        }
        assertThat(notes).isNotEmpty().allMatch(note -> note.contains("a.jpg") && note.length() < 400);
    }

    @Test
    void aFolderOfPicturesWithKeywordsIsADataset() throws IOException {
        JsonNode expected = json(KEYWORDS.resolve("expected.json"));
        ImageDataset data = load(DataSpec.of(KEYWORDS)
                .with()
                .sets(new SetChoice(true, null, 0, false))
                .build());
        expected.properties().forEach(entry -> {
            Set<String> keywords = new TreeSet<>(strings(entry.getValue().get("keywords")));
            if (entry.getValue().get("keywords").isNull()) {
                assertThat(contents(data)).doesNotContainKey(entry.getKey());
            } else {
                assertThat(contents(data).get(entry.getKey())).containsExactly(keywords, Set.of());
            }
        });
        assertThat(notes).anyMatch(note -> note.contains("nothing.jpg"));
        ImageDataset common = load(DataSpec.of(KEYWORDS)
                .with()
                .sets(new SetChoice(true, null, 4, false))
                .build());
        assertThat(common.classNames()).isNotEmpty().isNotEqualTo(data.classNames());
        ImageDataset some = load(DataSpec.of(KEYWORDS)
                .with()
                .sets(new SetChoice(true, List.of("dog", "BOAT", "zebra"), 0, false))
                .build());
        assertThat(some.classNames()).containsExactly("boat", "dog");
        assertThat(notes).anyMatch(note -> note.contains("zebra"));
    }

    /** A step for each byte that was read before would take hours. */
    @Test
    void hostileMetadataIsReadInOnePass() throws IOException {
        byte[] filled = new byte[16 << 20];
        Arrays.fill(filled, (byte) 0xFF);
        filled[1] = (byte) 0xD8;
        Path picture = Files.write(folder.resolve("filled.jpg"), filled);
        assertThat(Keywords.of(picture, notes::add)).isEmpty();
        String path = "animal|".repeat(1 << 19);
        Files.writeString(
                folder.resolve("filled.jpg.xmp"),
                """
                <x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/">
                <lr:hierarchicalSubject><li>%sdog</li></lr:hierarchicalSubject></x:xmpmeta>
                """
                        .formatted(path));
        assertThat(Keywords.of(picture, notes::add)).contains(List.of("dog"));
    }

    private Path tagged(String name, IntStream numbers) throws IOException {
        Path picture = Files.copy(KEYWORDS.resolve("nothing.jpg"), folder.resolve(name));
        String words = numbers.mapToObj(i -> "<li>word " + i + "</li>").collect(Collectors.joining());
        Files.writeString(
                folder.resolve(name + ".xmp"),
                "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:subject>"
                        + words + "</dc:subject></x:xmpmeta>");
        return picture;
    }

    @Test
    void aPictureOfThousandsOfKeywordsIsNamed() throws IOException {
        assertThat(Keywords.of(tagged("many.jpg", IntStream.range(0, 9_999)), notes::add))
                .isEmpty();
        assertThat(notes).anyMatch(note -> note.contains("many.jpg") && note.contains("9999 keywords"));
        assertThat(Keywords.of(tagged("some.jpg", IntStream.range(0, 1_000)), notes::add)
                        .orElseThrow())
                .hasSize(1_000);
    }

    @Test
    void thePictureWhoseKeywordsAreTooManyForTheFolderIsNamed() throws IOException {
        for (int i = 0; i <= 50; i++) {
            tagged("%02d.jpg".formatted(i), IntStream.range(1_000 * i, 1_000 * (i + 1)));
        }
        assertThatThrownBy(() -> load(DataSpec.of(folder)
                        .with()
                        .sets(new SetChoice(true, null, 0, false))
                        .build()))
                .hasMessageContaining("50.jpg: with its keywords there are 51000")
                .hasMessageContaining("at most 50000");
    }

    @Test
    void whatALinesContradictionsSpoilIsNamedAndTheRestIsUsed() throws IOException {
        ImageDataset data = list(
                "list.csv",
                """
                path,labels,unknown,split,width
                a.jpg,cat,,train,1
                b.jpg,dog,dog,train,1
                c.jpg,Cat; dog;,,test,1
                c.jpg,Cat;dog,,test,1
                d.jpg,cat,,train,1
                d.jpg,dog,,train,1
                d.jpg,cat,,train,1
                e.jpg,dog,,train,1
                """);
        assertThat(contents(data).keySet()).containsExactly("a.jpg", "c.jpg");
        assertThat(data.classNames()).hasSize(2);
        assertThat(String.join("\n", notes))
                .contains("line 3 (dog both present and unknown)")
                .contains("3 contradicting")
                .contains("1 repeated lines")
                .contains("e.jpg")
                .contains("width")
                .contains("cat as Cat");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a.csv | path,cat,dog\\na.jpg,1,yes | line 2: 'yes' in column dog",
                "a.csv | path,labels,split\\na.jpg,cat;dog | line 2 has 2 cells",
                "a.csv | path,labels\\n../a.jpg,cat;dog | leads out of the image folder",
                "a.csv | path,labels,split\\na.jpg,cat;dog,somewhere | line 2: the split 'somewhere'",
                "a.csv | path,labels\\na.jpg,cat | two or more",
                "a.csv | path,labels\\nz.jpg,cat;dog | lists no pictures that can be used",
                "a.jsonl | {\"path\": \"a.jpg\", \"labels\": [\"cat\", \"dog\"]}\\n{\"path\": | line 2",
                "a.jsonl | {\"path\": \"a.jpg\"} | line 1: expected an object with path and labels",
                "a.jsonl | {\"path\": \"a.jpg\", \"labels\": [\"cat\", null]} | line 1: expected an object with path and labels",
                "a.jsonl | {\"path\": \"a.jpg\", \"labels\": [\"cat\"], \"unknown\": [null]} | line 1: expected an object",
                "a.json | {\"images\": [{\"id\": 1}]} | image 1 has no file_name",
                "a.json | {\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}], \"annotations\": [{ | line 1",
            })
    void listsThatCannotBeUsedAreRefusedWithTheirLine(String name, String content, String problem) {
        assertThrown(IOException.class, () -> list(name, content.replace("\\n", "\n")), problem);
    }

    @Test
    void whatIsNoObjectInACocoListIsPassedOverAndTheRestIsRead() throws IOException {
        ImageDataset data = list(
                "odd.json",
                """
                {"images": [null, {"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
                "annotations": [{"image_id": 1, "category_id": 1}, null, 7, [], [{}],
                {"image_id": 2, "category_id": 2}],
                "categories": [{"id": 1, "name": "cat"}, "bird", {"id": 2, "name": "dog"}]}
                """);
        assertThat(contents(data)).containsEntry("b.jpg", List.of(Set.of("dog"), Set.of()));
        assertThat(String.join("\n", notes))
                .contains("4 annotations that are not objects: number 2, number 3, number 4, number 5")
                .contains("1 images that are not objects: number 1")
                .contains("1 categories that are not objects: number 2");
    }

    @Test
    void aLongCocoFileIsReadPieceByPiece() throws IOException {
        Path file = folder.resolve("long.json");
        String points = "1.5,".repeat(1 << 18) + "1";
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write("{\"annotations\": [".getBytes(UTF_8));
            for (int i = 0; i < 64; i++) { // 64 MB
                String one = "{\"image_id\": %d, \"category_id\": %d, \"segmentation\": [[%s]]}%s"
                        .formatted(1 + i % 5, 1 + i % 2, points, i == 63 ? "" : ",");
                out.write(one.getBytes(UTF_8));
            }
            out.write(
                    """
                    ], "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"},
                    {"id": 3, "file_name": "c.jpg"}, {"id": 4, "file_name": "gone.jpg"}],
                    "categories": [{"id": 2, "name": "cat"}, {"id": 1, "name": "dog"}]}
                    """
                            .getBytes(UTF_8));
        }
        ImageDataset data = load(DataSpec.of(file));
        assertThat(data.classNames()).containsExactly("dog", "cat");
        assertThat(contents(data).keySet()).containsExactly("a.jpg", "b.jpg", "c.jpg");
        assertThat(String.join("\n", notes)).contains("gone.jpg").contains("images that it does not list: 5");
    }

    @ParameterizedTest
    @CsvSource({"train_labels", "train_labels_partial"})
    void fewShotSamplesAreGreedy(String labels) throws IOException {
        try (SafetensorsFile problem = SafetensorsFile.open(GOLDEN.resolve("problem.safetensors"));
                SafetensorsFile golden = SafetensorsFile.open(GOLDEN.resolve("sampling.safetensors"))) {
            int classes = Math.toIntExact(problem.shape(labels).dim(1));
            long[] states = problem.tensor(labels).longs();
            List<Labels> all = IntStream.range(0, states.length / classes)
                    .mapToObj(i -> Labels.ofStates(classes, c -> (int) states[i * classes + c]))
                    .toList();
            for (JsonNode one : json(GOLDEN.resolve("sampling.json")).get("cases")) {
                String key = one.get("key").asText();
                if (key.substring(0, key.indexOf('.')).equals(labels)) {
                    List<Integer> chosen = List.copyOf(SplitRules.greedy(
                            all,
                            classes,
                            integers(golden, "order"),
                            one.get("shots").asInt()));
                    assertThat(chosen).isEqualTo(integers(golden, key + ".greedy"));
                    assertThat(Labels.positives(chosen.stream().map(all::get).toList(), classes))
                            .containsExactly(strings(one.get("greedy_positives")).stream()
                                    .mapToInt(Integer::parseInt)
                                    .toArray());
                }
            }
        }
    }

    private static List<Integer> integers(SafetensorsFile file, String name) throws IOException {
        return Arrays.stream(file.tensor(name).longs())
                .mapToObj(Math::toIntExact)
                .toList();
    }

    @Test
    void samplesAndSplitsKeepEachClassAsFarAsItGoes() throws IOException {
        StringBuilder lines = new StringBuilder("path,labels\n");
        for (int i = 0; i < 40; i++) {
            Files.copy(LISTS.resolve("001.jpg"), folder.resolve(i + ".jpg"));
            lines.append(i + ".jpg," + (i % 2 == 0 ? "often;" : "") + (i < 4 ? "rare" : "") + "\n");
        }
        ImageDataset data = list("many.csv", lines.toString());
        assertThat(data.train()).hasSize(20);
        assertThat(data.positives(Split.TRAIN)).containsExactly(10, 2);
        assertThat(data.positives(Split.TEST)[1]).isEqualTo(1);
        ImageDataset drawn = new FewShotSampler(3, 1).sample(data);
        assertThat(drawn.positives(Split.TRAIN)).containsExactly(3, 2);
        ImageDataset more = new FewShotSampler(3, 1, true).sample(data);
        assertThat(more.train()).startsWith(drawn.train().toArray(LabelledImage[]::new));
        assertThat(more.train().size() - drawn.train().size()).isEqualTo(3); // the mean of 3 and 2, rounded up
        assertThat(data.scarcity(3)).hasValueSatisfying(text -> assertThat(text).contains("rare: 2"));
    }
}
