package org.coop4j.data;

import org.coop4j.data.ImageDataset.Split;
import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.coop4j.base.AtomicFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A split file as the CoOp benchmarks publish it ({@code split_zhou_⟨dataset⟩.json}): an object
 * with the keys train, val and test, each a list of [path, label, class name].
 *
 * <p>The file is authoritative: its order, labels and names are taken as they are.
 *
 * @param name what to call the dataset
 * @param json the split file
 * @param imageRoot the folder that its paths are relative to
 */
public record SplitFile(String name, Path json, Path imageRoot) implements DatasetSource {
    private static final Logger log = LoggerFactory.getLogger(SplitFile.class);

    /** No path or class name of a published split has more than 100 characters. */
    private static final int LONGEST_STRING = 4096;

    /** Beside the three lists; the reference's reader passes over it. */
    private static final String MADE_BY = "made_by";

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(LONGEST_STRING)
                    .maxNestingDepth(8)
                    .maxNumberLength(20)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .build();

    /** Checks that nothing is null. */
    public SplitFile {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(json, "json");
        Objects.requireNonNull(imageRoot, "imageRoot");
    }

    /** Reads the split and refuses class names that make the same prompt, and missing images. */
    @Override
    public ImageDataset load() throws IOException {
        ImageDataset dataset = read();
        ClassNames.requireUsable(dataset.classNames(), json.toString());
        dataset.requireFiles();
        return dataset;
    }

    /** Reads the split as it stands, without looking for the images. */
    public ImageDataset read() throws IOException {
        return contents().dataset();
    }

    /**
     * What a split file says.
     *
     * @param dataset the lists
     * @param madeBy how the file was made, if this program made it; a published file does not say
     */
    public record Contents(ImageDataset dataset, Optional<String> madeBy) {}

    /** Reads the split as it stands, and how it was made. */
    public Contents contents() throws IOException {
        Contents contents = read(json, imageRoot, name);
        warnOfLeaks(contents.dataset());
        return contents;
    }

    /**
     * Writes a dataset's lists, byte for byte as the reference does, replacing the file at once or
     * not at all.
     *
     * @throws DatasetException if an image does not lie below the image root
     */
    public static void write(ImageDataset dataset, Path json, Path imageRoot) throws IOException {
        write(dataset, json, imageRoot, Optional.empty());
    }

    /**
     * Writes lists that were made here, with a note of it that the reference's reader passes over.
     *
     * @param madeBy how they were made
     */
    public static void write(ImageDataset dataset, Path json, Path imageRoot, String madeBy) throws IOException {
        write(dataset, json, imageRoot, Optional.of(madeBy));
    }

    private void warnOfLeaks(ImageDataset dataset) {
        Set<Path> train = new HashSet<>();
        dataset.train().forEach(image -> train.add(image.path()));
        List<Path> leaked = dataset.test().stream()
                .map(LabelledImage::path)
                .filter(train::contains)
                .toList();
        if (!leaked.isEmpty()) {
            log.warn("{}: {} images are in train and in test, {} for one", json, leaked.size(), leaked.get(0));
        }
    }

    private static Contents read(Path file, Path root, String name) throws IOException {
        try (InputStream in = Files.newInputStream(file);
                JsonParser parser = JSON.createParser(in)) {
            Reader reader = new Reader(parser, file, root);
            Map<Split, List<LabelledImage>> lists = reader.read();
            for (Split split : Split.values()) {
                if (!lists.containsKey(split)) {
                    throw new DatasetException(
                            "%s has no '%s': a split file has train, val and test".formatted(file, key(split)));
                }
            }
            return new Contents(dataset(file, name, lists), Optional.ofNullable(reader.madeBy));
        } catch (NoSuchFileException e) {
            throw new DatasetException("split file " + file + " does not exist", e);
        } catch (JsonProcessingException e) {
            throw new DatasetException(
                    "%s is not a whole split file: %s at line %d; fetch it again"
                            .formatted(
                                    file,
                                    e.getOriginalMessage(),
                                    e.getLocation() == null
                                            ? 0
                                            : e.getLocation().getLineNr()),
                    e);
        }
    }

    private static ImageDataset dataset(Path file, String name, Map<Split, List<LabelledImage>> lists)
            throws DatasetException {
        try {
            return ImageDataset.fromImages(name, lists.get(Split.TRAIN), lists.get(Split.VAL), lists.get(Split.TEST));
        } catch (DatasetException e) {
            throw new DatasetException(file + ": " + e.getMessage(), e);
        }
    }

    private static void write(ImageDataset dataset, Path file, Path imageRoot, Optional<String> madeBy)
            throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes, JsonEncoding.UTF8)) {
            json.setPrettyPrinter(asPythonPrints());
            json.writeStartObject();
            if (madeBy.isPresent()) {
                json.writeStringField(MADE_BY, madeBy.get());
            }
            for (Split split : Split.values()) {
                json.writeArrayFieldStart(key(split));
                for (LabelledImage image : dataset.images(split)) {
                    writeItem(json, image, imageRoot);
                }
                json.writeEndArray();
            }
            json.writeEndObject();
        }
        AtomicFile.write(file, bytes.toByteArray());
    }

    private static void writeItem(JsonGenerator json, LabelledImage image, Path imageRoot) throws IOException {
        if (!image.path().startsWith(imageRoot)) {
            throw new DatasetException("%s does not lie below %s, which the split's paths are relative to"
                    .formatted(image.path(), imageRoot));
        }
        String relative = imageRoot.relativize(image.path()).toString().replace('\\', '/');
        json.writeStartArray();
        json.writeString(relative);
        json.writeNumber(image.label());
        json.writeString(image.className());
        json.writeEndArray();
    }

    /** json.dump(…, indent=4, separators=(",", ": ")). */
    private static DefaultPrettyPrinter asPythonPrints() {
        DefaultIndenter fourSpaces = new DefaultIndenter("    ", "\n");
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter(Separators.createDefaultInstance()
                .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                .withArrayEmptySeparator(""));
        printer.indentArraysWith(fourSpaces);
        printer.indentObjectsWith(fourSpaces);
        return printer;
    }

    private static String key(Split split) {
        return switch (split) {
            case TRAIN -> "train";
            case VAL -> "val";
            case TEST -> "test";
        };
    }

    /** Walks the tokens of one file. */
    private static final class Reader {
        private final JsonParser parser;
        private final Path file;
        private final Path root;
        private String madeBy;

        Reader(JsonParser parser, Path file, Path root) {
            this.parser = parser;
            this.file = file;
            this.root = root;
        }

        Map<Split, List<LabelledImage>> read() throws IOException {
            Map<Split, List<LabelledImage>> lists = new EnumMap<>(Split.class);
            require(parser.nextToken() == JsonToken.START_OBJECT, "the file must be an object");
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                Split split = keyed(name);
                if (split != null) {
                    lists.put(split, list(name));
                } else if (name.equals(MADE_BY) && parser.currentToken() == JsonToken.VALUE_STRING) {
                    // Shown to the user, so no control sequences for the terminal.
                    madeBy = parser.getText().replaceAll("\\p{Cntrl}", "?");
                } else {
                    parser.skipChildren();
                }
            }
            require(parser.nextToken() == null, "there is more after the object");
            return lists;
        }

        private List<LabelledImage> list(String name) throws IOException {
            require(parser.currentToken() == JsonToken.START_ARRAY, "'" + name + "' must be a list");
            List<LabelledImage> images = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                images.add(item());
            }
            return images;
        }

        private LabelledImage item() throws IOException {
            boolean whole = parser.currentToken() == JsonToken.START_ARRAY;
            whole = whole && parser.nextToken() == JsonToken.VALUE_STRING;
            String path = whole ? parser.getText() : "";
            whole = whole && parser.nextToken() == JsonToken.VALUE_NUMBER_INT;
            long label = whole ? parser.getLongValue() : 0;
            whole = whole && parser.nextToken() == JsonToken.VALUE_STRING;
            String className = whole ? parser.getText() : "";
            whole = whole && parser.nextToken() == JsonToken.END_ARRAY;
            require(whole, "an item must be [path, label, class name]");
            require(
                    label >= 0 && label <= Integer.MAX_VALUE && !className.isBlank(),
                    "label %d and class name '%s' of '%s' are not usable".formatted(label, className, path));
            return new LabelledImage(ImageFiles.resolve(root, path, file), (int) label, className);
        }

        private void require(boolean met, String wanted) throws DatasetException {
            if (!met) {
                throw new DatasetException("%s line %d: %s"
                        .formatted(file, parser.currentLocation().getLineNr(), wanted));
            }
        }

        private static Split keyed(String name) {
            for (Split split : Split.values()) {
                if (key(split).equals(name)) {
                    return split;
                }
            }
            return null;
        }
    }
}
