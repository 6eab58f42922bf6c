package org.coop4j.data;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.coop4j.base.InputException;
import org.coop4j.data.SplitRules.SplitShares;
import org.coop4j.image.ExifOrientation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders and CSV lists of images. */
class DataFilesTest {
    @TempDir
    Path root;

    private final List<String> notes = new ArrayList<>();

    /** Half-even rounding: 5 images are 2 + 1 + 2, 15 are 8 + 3 + 4, 25 are 12 + 5 + 8. */
    @ParameterizedTest
    @CsvSource({"4, 2, 1", "5, 2, 1", "13, 6, 3", "15, 8, 3", "25, 12, 5", "60, 30, 12"})
    void classesWithoutASplitAreSplitByThePapersRule(int images, int train, int val) throws IOException {
        fill("cat", images);
        fill("dog", images);
        ImageDataset dataset = load();

        assertThat(dataset.classNames()).containsExactly("cat", "dog");
        assertThat(dataset.train()).hasSize(2 * train);
        assertThat(dataset.val()).hasSize(2 * val);
        assertThat(dataset.test()).hasSize(2 * (images - train - val));
        Set<LabelledImage> all = new HashSet<>(dataset.train());
        all.addAll(dataset.val());
        all.addAll(dataset.test());
        assertThat(all).hasSize(2 * images);
    }

    @Test
    void aSeedGivesOneSplit() throws IOException {
        fill("cat", 40);
        fill("dog", 40);

        assertThat(load()).isEqualTo(load());
        assertThat(load().train())
                .isNotEqualTo(DataSpec.of(root).load(2, notes::add).train());
    }

    @Test
    void classesAreSortedAndHiddenAndOtherFilesSkipped() throws IOException {
        fill("zebra", 4);
        fill("Ant", 4);
        fill(".cache", 4);
        touch("zebra/.hidden.jpg");
        touch("zebra/notes.txt");
        touch("zebra/more/5.WEBP");
        touch("README.md");
        ImageDataset dataset = load();

        assertThat(dataset.classNames()).containsExactly("Ant", "zebra");
        assertThat(dataset.train().size()
                        + dataset.val().size()
                        + dataset.test().size())
                .isEqualTo(9);
    }

    @ParameterizedTest
    @CsvSource({"train, val, test", "training, validation, testing", "Train, dev, TEST"})
    void foldersWithASplitKeepIt(String train, String val, String test) throws IOException {
        fill(train + "/cat", 3);
        fill(train + "/dog", 2);
        fill(val + "/dog", 1);
        fill(test + "/cat", 1);
        ImageDataset dataset = load();

        assertThat(dataset.classNames()).containsExactly("cat", "dog");
        assertThat(dataset.train()).hasSize(5);
        assertThat(dataset.val()).extracting(LabelledImage::label).containsExactly(1);
        assertThat(dataset.test()).extracting(LabelledImage::className).containsExactly("cat");
    }

    @Test
    void valIsAlsoTestIfThereIsNoTest() throws IOException {
        fill("train/cat", 1);
        fill("train/dog", 1);
        fill("val/dog", 2);

        assertThat(load().test()).isEqualTo(load().val()).hasSize(2);
        assertThat(load().validatesOnTest()).isTrue();
    }

    @Test
    void testAloneMakesADatasetToEvaluateOn() throws IOException {
        fill("test/cat", 1);
        fill("test/dog", 2);

        assertThat(load().train()).isEmpty();
        assertThat(load().test()).hasSize(3);
    }

    @Test
    void aClassMayBeCalledTrain() throws IOException {
        fill("train", 4);
        fill("bus", 4);

        assertThat(load().classNames()).containsExactly("bus", "train");
    }

    @Test
    void namesFileRenamesClasses() throws IOException {
        fill("n01", 4);
        fill("n02", 4);
        fill("n03", 4);
        Path names = touch("names.txt");
        Files.writeString(names, "n03\tgreat white shark, a fish\n\nn01 , tench\n");
        ImageDataset dataset = DataSpec.of(root).with().names(names).build().load(1, notes::add);

        assertThat(dataset.classNames()).containsExactly("tench", "n02", "great white shark, a fish");
    }

    @ParameterizedTest
    @CsvFileSource(resources = "bad-names.txt", delimiter = '|', quoteCharacter = '\'')
    void badNamesFilesAreRefused(String text, String message) throws IOException {
        fill("n01", 4);
        fill("n02", 4);
        Path names = touch("names.txt");
        Files.writeString(names, text.replace(';', '\n'));

        assertThrown(
                InputException.class,
                () -> DataSpec.of(root).with().names(names).build().load(1, notes::add),
                message);
    }

    @Test
    void whatSystemsLeaveBehindIsPassedOverAndSaidOnce() throws IOException {
        fill("cat", 4);
        fill("dog", 4);
        fill("__MACOSX/cat", 4);
        fill(".cache", 4);
        touch("cat/.DS_Store");
        touch("dog/.DS_Store");
        touch("dog/Thumbs.db");
        ImageDataset dataset = load();

        assertThat(dataset.classNames()).containsExactly("cat", "dog");
        assertThat(notes)
                .singleElement(InstanceOfAssertFactories.STRING)
                .contains(root.toString(), "5 files and folders", ".DS_Store", ".cache", "Thumbs.db", "__MACOSX");
    }

    @Test
    void picturesTwoLevelsDeepAreOfTheOuterFolderWithANoteOrNamedByTheirPath() throws IOException {
        fill("food/pizza", 4);
        fill("food/sushi", 5);
        fill("plant", 6);

        ImageDataset outer = load();
        assertThat(outer.classNames()).containsExactly("food", "plant");
        assertThat(outer.train()).hasSize(4 + 3);
        assertThat(notes)
                .singleElement(InstanceOfAssertFactories.STRING)
                .contains(
                        root.resolve("food").toString(),
                        "food/pizza with 4 images, food/sushi with 5 images",
                        "one class, food",
                        "nested");
        ImageDataset nested = DataSpec.of(root).with().nested().build().load(1, notes::add);
        assertThat(nested.classNames()).containsExactly("food/pizza", "food/sushi", "plant");
        assertThat(nested.train()).hasSize(2 + 2 + 3);
        assertThat(nested.train())
                .allSatisfy(image -> assertThat(image.path().toString()).contains(image.className()));
    }

    @Test
    void emptyAndAbsentFoldersAreRefused() {
        assertThrown(InputException.class, this::load, root.toString());
        assertThrown(InputException.class, () -> DataSpec.of(root.resolve("no")).load(1, notes::add), "no such folder");
    }

    @ParameterizedTest
    @CsvFileSource(resources = "no-datasets.txt", delimiter = '|', quoteCharacter = '\'')
    void foldersThatMakeNoDatasetAreNamed(String folders, String problem) throws IOException {
        for (String folder : folders.split(" ", -1)) {
            String name = folder.replaceFirst(":.*", "");
            touch(name + "/readme.txt");
            fill(name, Integer.parseInt(folder.replaceFirst(".*:", "")));
        }

        assertThrown(InputException.class, this::load, problem);
    }

    private ImageDataset load() throws IOException {
        return DataSpec.of(root).load(1, notes::add);
    }

    private void fill(String folder, int images) throws IOException {
        for (int i = 0; i < images; i++) {
            touch(folder + "/" + List.of("a", "b", "c").get(i % 3) + i + ".jpg");
        }
    }

    private Path touch(String file) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        return Files.createFile(path);
    }

    @Test
    void eachClassIsSplitByTheShares() throws IOException {
        for (String name : List.of("cat", "dog")) {
            fill(name, 10);
        }

        ImageDataset dataset = divided("60/10/30");
        ImageDataset noVal = divided("70/0/30");

        assertThat(dataset.train()).hasSize(12);
        assertThat(dataset.val()).hasSize(2);
        assertThat(dataset.test()).hasSize(6);
        assertThat(noVal.train()).hasSize(14);
        assertThat(noVal.val()).isEmpty();
        assertThat(divided("50/20/30")).isEqualTo(load());
        assertThrown(Exception.class, () -> divided("90/5/5"), "90/5/5", "16");
    }

    @Test
    void imagesInUnsupportedFormatsAreCounted() throws IOException {
        for (String name : List.of("a.HEIC", "b.heif", "c.avif", "d.jpg")) {
            for (String split : List.of("train", "test")) {
                Path place = root.resolve(split);
                touch(place.resolve("cat").resolve(name).toString());
                touch(place.resolve("dog").resolve(name).toString());
            }
        }
        ImageDataset dataset = load();
        assertThat(dataset.train()).hasSize(8);
        assertThat(dataset.test()).hasSize(8);
    }

    @Test
    void sharesForAFolderWithASplitAreRefused() throws IOException {
        fill("train/cat", 1);
        fill("train/dog", 1);
        fill("test/cat", 1);

        assertThrown(Exception.class, () -> divided("60/10/30"), "shares");
    }

    @ParameterizedTest
    @ValueSource(strings = {"60/10", "60/10/31", "0/50/50", "a/b/c", "0/100/0", "-1/50/51"})
    void impossibleSharesAreNamed(String shares) {
        assertThrown(Exception.class, () -> SplitShares.of(shares), shares, "such as 60/10/30");
    }

    private ImageDataset divided(String shares) throws IOException {
        return DataSpec.of(root).with().split(shares).build().load(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "path,label,split;a.jpg,cat,train;b.jpg,dog,train;c.jpg,dog,test;",
                "a.jpg,cat,train;b.jpg,dog,Training;;c.jpg,dog,test",
                "split,label,path;train,cat,a.jpg;train,dog,b.jpg;test,dog,c.jpg;",
                "\uFEFFPath,Label,Split\r;" + "a.jpg,cat,train\r;" + "\"b.jpg\",\"dog\",train\r;" + "c.jpg,dog,test\r;",
            })
    void readsRowsWithAndWithoutHeader(String text) throws IOException {
        ImageDataset dataset = csv(text, 3);

        assertThat(dataset.classNames()).containsExactly("cat", "dog");
        assertThat(dataset.train()).containsExactly(image("a.jpg", 0, "cat"), image("b.jpg", 1, "dog"));
        assertThat(dataset.test()).containsExactly(image("c.jpg", 1, "dog"));
        assertThat(dataset.val()).isEmpty();
    }

    @Test
    void aListThatIsTooLargeIsRefused() throws IOException {
        Path csv = root.resolve("list.csv");
        try (RandomAccessFile sparse = new RandomAccessFile(csv.toFile(), "rw")) {
            sparse.setLength(1L << 40);
        }
        assertThrown(IOException.class, () -> DataSpec.of(csv).load(1), csv.toString(), "512 MB");
    }

    @Test
    void quotedCellsMayContainCommasAndQuotes() throws IOException {
        ImageDataset dataset = csv(
                "a.jpg,\"kite, a bird\",train;" + "b.jpg,\"colt\"\"s foot\",train;" + "c.jpg,\"kite, a bird\",test;",
                3);

        assertThat(dataset.classNames()).containsExactly("colt\"s foot", "kite, a bird");
    }

    @Test
    void listWithoutSplitIsSplitByThePapersRule() throws IOException {
        StringBuilder text = new StringBuilder("path,label\n");
        for (int i = 0; i < 20; i++) {
            text.append("%c.jpg,%s%n".formatted('a' + i, i % 2 == 0 ? "10" : "9"));
        }
        ImageDataset dataset = csv(text.toString(), 20);

        assertThat(dataset.classNames()).containsExactly("9", "10");
        assertThat(dataset.train()).hasSize(10);
        assertThat(dataset.val()).hasSize(4);
        assertThat(dataset.test()).hasSize(6);
    }

    @Test
    void orderOfTheLinesDoesNotChangeTheSplit() throws IOException {
        String forward = "a.jpg,x\nb.jpg,x\nc.jpg,x\nd.jpg,x\ne.jpg,y\nf.jpg,y\ng.jpg,y\nh.jpg,y\n";
        String backward = "h.jpg,y\ng.jpg,y\nf.jpg,y\ne.jpg,y\nd.jpg,x\nc.jpg,x\nb.jpg,x\na.jpg,x\n";

        assertThat(csv(forward, 8)).isEqualTo(csv(backward, 8));
    }

    @ParameterizedTest
    @CsvFileSource(resources = "invalid-lists.txt", delimiter = '|', quoteCharacter = '\'')
    void invalidListsAreRefusedWithTheReason(String text, String message) {
        assertThrown(InputException.class, () -> csv(text, 3), message);
    }

    @Test
    void otherEncodingsAreRefused() throws IOException {
        Path csv = root.resolve("list.csv");
        Files.write(csv, "a.jpg,café\n".getBytes(ISO_8859_1));

        assertThrown(IOException.class, () -> DataSpec.of(csv).load(1), csv.toString(), "UTF-8");
        assertThrown(
                IOException.class,
                () -> DataSpec.of(root.resolve("no.csv")).load(1),
                root.resolve("no.csv").toString());
    }

    /** Loads a list, with ';' for line ends, beside image files a.jpg, b.jpg and so on. */
    private ImageDataset csv(String text, int images) throws IOException {
        for (int i = 0; i < images; i++) {
            Files.write(root.resolve((char) ('a' + i) + ".jpg"), new byte[0]);
        }
        Path csv = Files.writeString(root.resolve("list.csv"), text.replace(';', '\n'));
        return DataSpec.of(csv).load(1);
    }

    private LabelledImage image(String path, int label, String name) {
        return new LabelledImage(root.resolve(path), label, name, ExifOrientation.APPLY);
    }

    /** A path of Windows, which compares paths without regard to case. */
    private static Path ofWindows(String text) {
        return (Path) Proxy.newProxyInstance(
                Path.class.getClassLoader(),
                new Class<?>[] {Path.class},
                (path, method, arguments) -> switch (method.getName()) {
                    case "toString" -> text;
                    case "compareTo" -> text.compareToIgnoreCase(arguments[0].toString());
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    @Test
    void theOrderOfListedFilesIsThatOfLinuxEverywhere() {
        List<String> names = List.of("a/Z.jpg", "a/b.jpg", "a/\uFF21.jpg", "a/\uD83D\uDE00.jpg", "a0.jpg");
        assertThat(Stream.of("a0.jpg", "a/\uD83D\uDE00.jpg", "a/b.jpg", "a/\uFF21.jpg", "a/Z.jpg")
                        .map(DataFilesTest::ofWindows)
                        .sorted(ImageFiles.ORDER)
                        .map(Path::toString))
                .isEqualTo(names);
        assertThat(names.stream().map(Path::of).sorted().map(Path::toString)).isEqualTo(names);
    }
}
