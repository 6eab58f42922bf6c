package org.coop4j.data;

import static org.coop4j.base.InputException.require;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.InputException;
import org.coop4j.base.Log;
import org.coop4j.base.OpenFile;
import org.slf4j.Logger;

/**
 * A split file in the format of the CoOp benchmarks ({@code split_zhou_⟨dataset⟩.json}): an object with the keys train,
 * val and test, each a list of [path, label, class name].
 *
 * <p>The file is authoritative: its order, labels and names are used unchanged.
 *
 * @param name the dataset's name
 * @param json the split file
 * @param imageRoot the folder that its paths are relative to
 */
public record SplitFile(String name, Path json, Path imageRoot) {
    private static final Logger log = Log.of(SplitFile.class);

    /** Enough for some millions of images. */
    private static final long MOST_BYTES = 512L << 20;

    /** No path or class name of a published split has more than 100 characters. */
    private static final int LONGEST_STRING = 4096;

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(LONGEST_STRING)
                            .maxNestingDepth(8)
                            .maxNumberLength(20)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** The file's contents; the reference's reader ignores the note. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonIgnoreProperties(ignoreUnknown = true)
    record SplitJson(@JsonProperty("made_by") Object madeBy, List<Object> train, List<Object> val, List<Object> test) {}

    /**
     * The contents of a split file.
     *
     * @param madeBy how the file was made, if this program made it; published files do not say
     */
    public record Contents(ImageDataset dataset, Optional<String> madeBy) {}

    /** Reads the split unchanged, without looking for the images. */
    public Contents read() throws IOException {
        SplitJson lists = lists();
        List<LabelledImage> train = images("train", lists.train);
        List<LabelledImage> val = images("val", lists.val);
        List<LabelledImage> test = images("test", lists.test);
        try {
            ImageDataset dataset = ImageDataset.fromImages(name, train, val, test);
            warnOfLeaks(train, test);
            // The note is shown to the user: no control sequences for the terminal.
            return new Contents(
                    dataset,
                    Optional.ofNullable(lists.madeBy)
                            .filter(String.class::isInstance)
                            .map(note -> note.toString().replaceAll("\\p{Cntrl}", "?")));
        } catch (InputException e) {
            throw new InputException(json + ": " + e.getMessage(), e);
        }
    }

    private SplitJson lists() throws IOException {
        try {
            SplitJson lists = JSON.readValue(OpenFile.read(json, MOST_BYTES), SplitJson.class);
            return lists == null ? new SplitJson(null, null, null, null) : lists;
        } catch (JsonProcessingException e) {
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            throw new InputException(
                    e instanceof MismatchedInputException
                            ? "%s line %d: expected train, val and test, each a list of [path, label, class name]"
                                    .formatted(json, line)
                            : "%s is not a whole split file: %s at line %d; download it again"
                                    .formatted(json, e.getOriginalMessage(), line),
                    e);
        }
    }

    private List<LabelledImage> images(String key, List<Object> items) throws InputException {
        require(items != null, "%s has no '%s': a split file has train, val and test", json, key);
        List<LabelledImage> images = new ArrayList<>();
        for (Object item : items) {
            if (!(item instanceof List<?> parts
                    && parts.size() == 3
                    && parts.get(0) instanceof String path
                    && parts.get(1) instanceof Integer label
                    && parts.get(2) instanceof String className
                    && label >= 0
                    && !className.isBlank())) {
                throw new InputException("%s: expected [path, label, class name] as item %d of '%s'"
                        .formatted(json, images.size(), key));
            }
            images.add(new LabelledImage(ImageFiles.resolve(imageRoot, path, json), label, className));
        }
        return images;
    }

    private void warnOfLeaks(List<LabelledImage> train, List<LabelledImage> test) {
        Set<Path> known = train.stream().map(LabelledImage::path).collect(Collectors.toSet());
        List<Path> leaked =
                test.stream().map(LabelledImage::path).filter(known::contains).toList();
        if (!leaked.isEmpty()) {
            log.warn("{}: {} images are in both train and test, such as {}", json, leaked.size(), leaked.get(0));
        }
    }

    /**
     * Writes a dataset's lists, byte for byte as the reference does, replacing the file at once or not at all.
     *
     * @param madeBy how lists that were made here were made, a note which the reference's reader ignores
     * @throws InputException if an image does not lie below the image root
     */
    public static void write(ImageDataset dataset, Path json, Path imageRoot, Optional<String> madeBy)
            throws IOException {
        SplitJson lists = new SplitJson(
                madeBy.orElse(null),
                items(dataset.train(), imageRoot),
                items(dataset.val(), imageRoot),
                items(dataset.test(), imageRoot));
        // json.dump(…, indent=4, separators=(",", ": "))
        DefaultIndenter fourSpaces = new DefaultIndenter("    ", "\n");
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter(Separators.createDefaultInstance()
                .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                .withArrayEmptySeparator(""));
        printer.indentArraysWith(fourSpaces);
        printer.indentObjectsWith(fourSpaces);
        AtomicFile.write(json, JSON.writer(printer).writeValueAsBytes(lists));
    }

    private static List<Object> items(List<LabelledImage> images, Path imageRoot) throws InputException {
        List<Object> items = new ArrayList<>();
        for (LabelledImage image : images) {
            require(
                    image.path().startsWith(imageRoot),
                    "%s does not lie below %s, the root of the split's paths",
                    image.path(),
                    imageRoot);
            String path = imageRoot.relativize(image.path()).toString().replace('\\', '/');
            items.add(List.of(path, image.label(), image.className()));
        }
        return items;
    }
}
