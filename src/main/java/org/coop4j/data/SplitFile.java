package org.coop4j.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
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
        SplitJson.Lists lists = SplitJson.read(json, new ImageRoot(imageRoot));
        ImageDataset dataset;
        try {
            dataset = ImageDataset.fromImages(name, lists.train(), lists.val(), lists.test());
        } catch (DatasetException e) {
            throw new DatasetException(json + ": " + e.getMessage(), e);
        }
        warnOfLeaks(dataset);
        return new Contents(dataset, lists.madeBy());
    }

    /**
     * Writes a dataset's lists, byte for byte as the reference does, replacing the file at once or
     * not at all.
     *
     * @throws DatasetException if an image does not lie below the image root
     */
    public static void write(ImageDataset dataset, Path json, Path imageRoot) throws IOException {
        SplitJson.write(dataset, json, imageRoot, Optional.empty());
    }

    /**
     * Writes lists that were made here, with a note of it that the reference's reader passes over.
     *
     * @param madeBy how they were made
     */
    public static void write(ImageDataset dataset, Path json, Path imageRoot, String madeBy)
            throws IOException {
        SplitJson.write(dataset, json, imageRoot, Optional.of(madeBy));
    }

    private void warnOfLeaks(ImageDataset dataset) {
        Set<Path> train = new HashSet<>();
        dataset.train().forEach(image -> train.add(image.path()));
        List<Path> leaked =
                dataset.test().stream().map(LabelledImage::path).filter(train::contains).toList();
        if (!leaked.isEmpty()) {
            log.warn(
                    "{}: {} images are in train and in test, {} for one",
                    json,
                    leaked.size(),
                    leaked.get(0));
        }
    }
}
