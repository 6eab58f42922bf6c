package org.coop4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.base.InputException;
import org.coop4j.image.ExifOrientation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CsvListTest {
    @TempDir
    Path root;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "path,label,split;a.jpg,cat,train;b.jpg,dog,train;c.jpg,dog,test;",
                "a.jpg,cat,train;b.jpg,dog,Training;;c.jpg,dog,test",
                "split,label,path;train,cat,a.jpg;train,dog,b.jpg;test,dog,c.jpg;",
                "\uFEFFPath,Label,Split\r;" + "a.jpg,cat,train\r;" + "\"b.jpg\",\"dog\",train\r;" + "c.jpg,dog,test\r;",
            })
    void readsRowsWithAndWithoutHeader(String text) throws IOException {
        ImageDataset dataset = load(text, 3);

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
        ImageDataset dataset = load(
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
        ImageDataset dataset = load(text.toString(), 20);

        assertThat(dataset.classNames()).containsExactly("9", "10");
        assertThat(dataset.train()).hasSize(10);
        assertThat(dataset.val()).hasSize(4);
        assertThat(dataset.test()).hasSize(6);
    }

    @Test
    void orderOfTheLinesDoesNotChangeTheSplit() throws IOException {
        String forward = "a.jpg,x\nb.jpg,x\nc.jpg,x\nd.jpg,x\ne.jpg,y\nf.jpg,y\ng.jpg,y\nh.jpg,y\n";
        String backward = "h.jpg,y\ng.jpg,y\nf.jpg,y\ne.jpg,y\nd.jpg,x\nc.jpg,x\nb.jpg,x\na.jpg,x\n";

        assertThat(load(forward, 8)).isEqualTo(load(backward, 8));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a.jpg | needs 2",
                "a.jpg,cat,train;b.jpg,dog | needs 3",
                "a.jpg,cat,train;b.jpg,dog,maybe | 'maybe'",
                "a.jpg,cat;a.jpg,dog | twice",
                "a.jpg, | label of a.jpg",
                "../a.jpg,cat | leads out",
                "/a.jpg,cat | not relative",
                "a.jpg,cat;b.jpg,Cat | same prompt",
                "a.jpg,cat | 1 class:",
                "path,label | no images",
                "a.jpg,cat,train;b.jpg,dog,train;c.jpg,emu,test | 'emu'",
                "a.jpg,cat,train;b.jpg,dog,train | only training images",
                "a.jpg,cat,train;b.jpg,dog,train;z.jpg,dog,test | 1 image file of",
                "a.jpg,\"cat | Missing closing quote"
            })
    void invalidListsAreRefusedWithTheReason(String text, String message) {
        assertThrown(InputException.class, () -> load(text, 3), message);
    }

    @Test
    void otherEncodingsAreRefused() throws IOException {
        Path csv = root.resolve("list.csv");
        Files.write(csv, "a.jpg,café\n".getBytes(StandardCharsets.ISO_8859_1));

        assertThrown(IOException.class, () -> DataSpec.of(csv).load(1), csv.toString(), "UTF-8");
        assertThrown(
                IOException.class,
                () -> DataSpec.of(root.resolve("no.csv")).load(1),
                root.resolve("no.csv").toString());
    }

    /** Loads a list, with ';' for line ends, beside image files a.jpg, b.jpg and so on. */
    private ImageDataset load(String text, int images) throws IOException {
        for (int i = 0; i < images; i++) {
            Files.write(root.resolve((char) ('a' + i) + ".jpg"), new byte[0]);
        }
        Path csv = Files.writeString(root.resolve("list.csv"), text.replace(';', '\n'));
        return DataSpec.of(csv).load(1);
    }

    private LabelledImage image(String path, int label, String name) {
        return new LabelledImage(root.resolve(path), label, name, ExifOrientation.APPLY);
    }
}
