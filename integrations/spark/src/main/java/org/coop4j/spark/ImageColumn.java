package org.coop4j.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.image.ImageSchema;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.Preprocessing.PixelReader;
import org.coop4j.image.RgbImage;

/**
 * A column of images: contents of files, paths of files, or images decoded by Spark.
 *
 * @param kind the representation of images
 * @param column its position
 * @param origin position of the column {@code path}, which names contents in messages; -1 if there is none
 * @param hadoop configuration of executors' access to other file systems
 */
record ImageColumn(Kind kind, int column, int origin, SerializableConfiguration hadoop) implements Serializable {

    /** A representation of images. */
    enum Kind {
        /** Bytes of a JPEG, PNG, GIF, BMP, WebP or TIFF file. */
        CONTENT,
        /** Path of such a file. */
        PATH,
        /** Spark's image struct: decoded, in OpenCV's order of channels. */
        STRUCT
    }

    /** OpenCV's modes of 8-bit samples in 1, 3 and 4 channels. */
    private static final int GREY = 0;

    private static final int BGR = 16;
    private static final int BGRA = 24;

    /**
     * Finds a column.
     *
     * @throws IllegalArgumentException if it does not exist or has no images
     */
    static ImageColumn of(Dataset<?> rows, String name) {
        StructType schema = rows.schema();
        SerializableConfiguration hadoop =
                new SerializableConfiguration(rows.sparkSession().sessionState().newHadoopConf());
        int column = schema.fieldIndex(name);
        boolean named = Arrays.asList(schema.fieldNames()).contains("path")
                && schema.apply("path").dataType().equals(DataTypes.StringType);
        return new ImageColumn(kind(schema, name), column, named ? schema.fieldIndex("path") : -1, hadoop);
    }

    /**
     * Returns the representation of images in a column.
     *
     * @throws IllegalArgumentException if it does not exist or has no images
     */
    static Kind kind(StructType schema, String name) {
        DataType type = schema.apply(name).dataType();
        if (type.equals(DataTypes.BinaryType)) {
            return Kind.CONTENT;
        }
        if (type.equals(DataTypes.StringType)) {
            return Kind.PATH;
        }
        require(
                schema,
                name,
                other -> DataType.equalsIgnoreNullability(other, ImageSchema.columnSchema()),
                "the contents of image files (binary), their paths (string) or Spark's image struct");
        return Kind.STRUCT;
    }

    /** Refuses a column of an unexpected type, or one that does not exist. */
    static void require(StructType schema, String name, Predicate<DataType> allowed, String expected) {
        DataType type = schema.apply(name).dataType();
        if (!allowed.test(type)) {
            throw new IllegalArgumentException(
                    "column \"%s\" holds %s: expected %s".formatted(name, type.simpleString(), expected));
        }
    }

    /** Writes the pixels of a row's image. */
    void read(Row row, PixelReader reader, FloatBuffer target, int offset) throws IOException {
        if (row.isNullAt(column)) {
            throw new IOException("the image is null");
        }
        switch (kind) {
            case CONTENT -> {
                byte[] content = row.getAs(column);
                reader.read(content, name(row, content.length), target, offset);
            }
            case PATH -> {
                String path = row.getString(column);
                reader.read(content(path), path, target, offset);
            }
            case STRUCT -> {
                Row image = row.getStruct(column);
                String name = String.valueOf(ImageSchema.getOrigin(image));
                reader.read(rgb(image, name), name, target, offset);
            }
        }
    }

    private String name(Row row, int bytes) {
        return origin < 0 || row.isNullAt(origin) ? "of " + bytes + " bytes" : row.getString(origin);
    }

    private byte[] content(String name) throws IOException {
        Path path = path(name);
        FileSystem files = path.getFileSystem(hadoop.value());
        try (InputStream in = files.open(path)) {
            return in.readNBytes(ImageDecoder.MAX_FILE_BYTES + 1);
        } catch (FileNotFoundException e) {
            throw new IOException("image " + name + " cannot be read: " + e.getMessage(), e);
        } catch (IOException e) {
            // The fault of the file system: the task fails, and Spark tries it again.
            throw new UncheckedIOException("image " + name + " cannot be read", e);
        }
    }

    private static Path path(String name) throws IOException {
        try {
            return new Path(name);
        } catch (IllegalArgumentException e) {
            throw new IOException("\"" + name + "\" is not a path: " + e.getMessage(), e);
        }
    }

    private static RgbImage rgb(Row image, String name) throws IOException {
        int width = ImageSchema.getWidth(image);
        int height = ImageSchema.getHeight(image);
        int mode = ImageSchema.getMode(image);
        byte[] data = ImageSchema.getData(image);
        int channels =
                switch (mode) {
                    case GREY -> 1;
                    case BGR -> 3;
                    case BGRA -> 4;
                    default ->
                        throw new IOException(
                                "image %s has OpenCV's mode %d: expected 0 (grey), 16 (BGR) or 24 (BGRA), 8 bits a sample"
                                        .formatted(name, mode));
                };
        if (width < 1 || height < 1 || data == null || data.length != (long) width * height * channels) {
            throw new IOException("image %s is damaged: %s bytes for %d x %d pixels of %d channels"
                    .formatted(name, data == null ? "no" : data.length, width, height, channels));
        }
        byte[] samples = new byte[Math.multiplyExact(3, width * height)];
        for (int from = 0, to = 0; from < data.length; from += channels, to += 3) {
            samples[to] = data[channels == 1 ? from : from + 2];
            samples[to + 1] = data[channels == 1 ? from : from + 1];
            samples[to + 2] = data[from];
        }
        return new RgbImage(width, height, samples);
    }
}
