package org.coop4j.data;

import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.Log;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.SplitRules.SplitShares;
import org.slf4j.Logger;

/**
 * Labelled images, or their features, in any form that people have them in: a folder with one subfolder per class, a split
 * file (.json), a list of path and label (.csv), or a file of features.
 *
 * @param name the dataset's name
 * @param place the folder or file
 * @param imageRoot folder that the paths in a file are relative to
 * @param namesFile a file that renames the classes of a folder or of features, see {@link ClassNames#read}
 * @param splitSeed seed of the split, if the data has none
 * @param shares shares of the split, 50/20/30 if empty; must be empty if the data has a split
 * @param nested true if each folder with images is a class, named by its path such as {@code food/pizza}; otherwise class
 *     folders lie side by side
 */
record DataFiles(
        String name,
        Path place,
        Path imageRoot,
        Optional<Path> namesFile,
        long splitSeed,
        Optional<SplitShares> shares,
        boolean nested) {
    private static final Logger log = Log.of(DataFiles.class);

    /**
     * Reads the lists of images.
     *
     * @param notes receives a sentence about what is passed over
     */
    public ImageDataset load(Consumer<String> notes) throws IOException {
        if (Files.isDirectory(place)) {
            return new ImageFolder(this).load(notes);
        }
        require(Files.exists(place), "no such folder or file: %s", place);
        if (hasExtension(".json")) {
            SplitRules.requireNoShares(place, shares);
            return new SplitFile(name, place, imageRoot).load();
        }
        if (hasExtension(".csv")) {
            return new CsvList(this).load();
        }
        if (FeatureTensors.isNameOf(place)) {
            return new FeatureList(this).load();
        }
        throw new IOException(place
                + ": expected a folder of class folders, a split file (.json), a list of path,label (.csv), or features"
                + " (.safetensors, .npz, .pt)");
    }

    /** Returns true if the name of the file ends so, in any letter case. */
    private boolean hasExtension(String extension) {
        return place.toString().toLowerCase(Locale.ROOT).endsWith(extension);
    }

    /**
     * Makes a dataset of images that have a split, or splits each class by the shares.
     *
     * <p>Accepts train and test, with or without val; test alone, for evaluation; or train and val, in which case val is
     * also the test list, as in the reference's ImageNet. Refuses train alone.
     *
     * @param splits split of each image; null if the data has none
     */
    ImageDataset dataset(String title, List<String> classNames, List<LabelledImage> images, List<Split> splits)
            throws InputException {
        Map<Split, List<LabelledImage>> parts = new EnumMap<>(Split.class);
        if (splits == null) {
            Collection<List<LabelledImage>> classes = images.stream()
                    .collect(Collectors.groupingBy(LabelledImage::label, TreeMap::new, Collectors.toList()))
                    .values();
            if (classes.size() == classNames.size()) {
                return SplitRules.split(title, classes, shares, splitSeed);
            }
            parts.put(Split.TEST, images); // is refused, with the names of the classes without images
        } else {
            SplitRules.requireNoShares(place, shares);
            parts.putAll(IntStream.range(0, images.size())
                    .boxed()
                    .collect(Collectors.groupingBy(splits::get, Collectors.mapping(images::get, Collectors.toList()))));
        }
        List<LabelledImage> val = parts.getOrDefault(Split.VAL, List.of());
        List<LabelledImage> test = parts.getOrDefault(Split.TEST, List.of());
        if (test.isEmpty()) {
            require(
                    !val.isEmpty(),
                    "%s has only training images: add test images, or omit the split to have one made",
                    place);
            log.info("{} has no test images: the val images are also used for testing", place);
            test = val;
        }
        try {
            return new ImageDataset(title, classNames, parts.getOrDefault(Split.TRAIN, List.of()), val, test);
        } catch (IllegalArgumentException e) {
            throw new InputException(place + ": " + e.getMessage(), e);
        }
    }

    /** Returns the names of the classes, renamed by the file of names if there is one. */
    List<String> renamed(List<String> names) throws IOException {
        if (namesFile.isEmpty()) {
            return names;
        }
        Map<String, String> others = ClassNames.read(namesFile.get(), Set.copyOf(names));
        return names.stream().map(own -> others.getOrDefault(own, own)).toList();
    }
}
