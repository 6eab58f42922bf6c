package org.coop4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.coop4j.data.ImageFiles;
import org.coop4j.demo.DemoPictures;

/** The shipped photographs: a few of them, of a few classes, as files and as rows. */
final class Photographs {

    static final List<String> CLASSES = List.of("butterfly", "elephant", "pizza", "umbrella");

    private Photographs() {}

    /** Returns some files of each class, in the order of their paths. */
    static List<Path> files(String split, int each) throws IOException {
        Path folder = DemoPictures.unpack(TestCluster.folder()).folder().resolve("photographs");
        List<Path> files = new ArrayList<>();
        for (String name : CLASSES) {
            files.addAll(ImageFiles.in(folder.resolve(split).resolve(name)).subList(0, each));
        }
        return files;
    }

    /** Makes a folder with {@code train} and {@code test}, each with one subfolder per class. */
    static Path divided(int each) throws IOException {
        Path folder = TestCluster.folder().resolve("photographs-" + each);
        for (String split : List.of("train", "test")) {
            for (Path file : files(split, each)) {
                Path target = folder.resolve(split)
                        .resolve(file.getParent().getFileName())
                        .resolve(file.getFileName());
                if (!Files.exists(target)) {
                    Files.createDirectories(target.getParent());
                    Files.copy(file, target);
                }
            }
        }
        return folder;
    }

    /** Returns rows of {@code path}, {@code content} and {@code label}, the class's name. */
    static Dataset<Row> rows(SparkSession spark, String split, int each, int partitions) throws IOException {
        return spark.read()
                .format("binaryFile")
                .option("recursiveFileLookup", "true")
                .load(divided(each).resolve(split).toString())
                .select("path", "content")
                .withColumn("label", functions.regexp_extract(functions.col("path"), "([^/]+)/[^/]+$", 1))
                .repartition(partitions);
    }

    /** Returns a file's class and name, since several classes have files of the same name. */
    static String key(Path file) {
        return file.getParent().getFileName() + "/" + file.getFileName();
    }

    /** Makes a folder with some of the files as PNG, which all decoders read alike. */
    static Path asPng() throws IOException {
        Path folder = Files.createDirectories(TestCluster.folder().resolve("png/all"));
        for (Path file : files("test", 1)) {
            String name = file.getParent().getFileName() + ".png";
            ImageIO.write(
                    ImageIO.read(file.toFile()), "png", folder.resolve(name).toFile());
        }
        return folder;
    }

    /** Returns the file of a row's path. */
    static Path file(String path) {
        return Path.of(URI.create(path).getPath());
    }

    /** Writes a truncated picture file. */
    static Path damaged() {
        Path file = TestCluster.folder().resolve("damaged.jpg");
        try {
            byte[] whole = Files.readAllBytes(files("test", 1).get(0));
            return Files.write(file, java.util.Arrays.copyOf(whole, whole.length / 2));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
