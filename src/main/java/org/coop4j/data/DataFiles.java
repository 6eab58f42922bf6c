package org.coop4j.data;

import static org.coop4j.base.InputException.require;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.base.Log;
import org.coop4j.base.Numbers;
import org.coop4j.base.TextFile;
import org.coop4j.data.DataSpec.SetChoice;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.SplitRules.SplitShares;
import org.coop4j.eval.Labels;
import org.coop4j.image.ExifOrientation;
import org.slf4j.Logger;

/**
 * Labelled images, or their features, in any form that people have them in:
 *
 * <ul>
 *   <li>A folder with one subfolder per class, or with train/, val/ and test/ that each have one per class. These three are
 *       recognised (also as training, valid, validation, dev, testing) if the root has no other folders. Classes are
 *       sorted by name.
 *   <li>A CSV file with one line per image: path, label and, optionally, split (train, val or test); UTF-8, separated by
 *       commas, quoted with double quotes. An optional header names the columns. The label is the class's name; classes
 *       are sorted by name, or by number if every label is one.
 *   <li>Lists of images with sets of labels, see {@link LabelLists}: CSV with a column labels or one column per class, JSON
 *       lines (.jsonl), instances of COCO (.json), the folder of VOC, and the keywords inside pictures of a folder.
 *   <li>A split file (.json), see {@link SplitFile}.
 *   <li>A file of features such as {@code coop embed --data} writes: {@code features} [images, width], {@code labels}
 *       [images] and, optionally, {@code split} [images] (0 train, 1 val, 2 test), with the class names in the metadata.
 *       Without names the labels are the names.
 * </ul>
 *
 * <p>Without a split each class is split by {@link SplitShares}. The EXIF orientation of images is
 * applied, but those of split files are kept as they are stored.
 *
 * @param data where they are, and how they are read
 * @param seed seed of the split, if the data has none
 */
record DataFiles(DataSpec data, long seed) {
    private static final Logger log = Log.of(DataFiles.class);

    /** Enough for some millions of images. */
    private static final int MOST_BYTES = 512 << 20;

    private static final Path NOWHERE = Path.of("#");
    private static final Set<String> NO_NAMES = Set.of("", ".", "..");

    /** An image in a folder or list; the split is null if the data has none. */
    private record Listed(Path path, String className, Split split) {}

    /**
     * Reads the lists of images.
     *
     * @param notes receives a sentence about what is passed over
     */
    ImageDataset load(Consumer<String> notes) throws IOException {
        Path place = place();
        LabelLists lists = new LabelLists(place, imageRoot(), notes);
        if (choice().keywords()) {
            require(Files.isDirectory(place), "%s is not a folder of pictures with keywords", place);
            lists.keywords(ImageFiles.in(place));
            return sets(lists);
        }
        if (LabelLists.isVoc(place)) {
            lists.voc();
            return sets(lists);
        }
        if (data.hasExtension(".jsonl")) {
            lists.jsonLines();
            return sets(lists);
        }
        if (data.isCoco()) {
            lists.coco();
            return sets(lists);
        }
        if (data.hasExtension(".csv") && Files.isRegularFile(place)) {
            List<String[]> lines = cells();
            List<String> header = header(lines);
            require(
                    !PoolAnswer.isHeaderOfSorted(header),
                    "%s has the labels of a classifier: give pictures that people have labelled, and this table beside them",
                    place);
            if (LabelLists.isHeader(header)) {
                lists.csv(header, List.of(lines.get(0)), lines.subList(1, lines.size()));
                return sets(lists);
            }
        }
        require(data.sets() == null, "%s has no sets of labels: there are no classes to choose among", place);
        return single(place, notes);
    }

    private SetChoice choice() {
        return data.sets() == null ? SetChoice.ALL : data.sets();
    }

    private ImageDataset sets(LabelLists lists) throws IOException {
        LabelLists.Listed listed = lists.listed(choice());
        ClassNames.requireUsable(listed.classNames(), data.path());
        return dataset(
                listed.classNames(),
                IntStream.range(0, listed.paths().size())
                        .mapToObj(i -> LabelledImage.of(
                                listed.paths().get(i),
                                listed.labels().get(i),
                                listed.classNames(),
                                data.orientation(),
                                null))
                        .toList(),
                listed.splits());
    }

    private ImageDataset single(Path place, Consumer<String> notes) throws IOException {
        if (Files.isDirectory(place)) {
            return dataset(folder(notes), Comparator.naturalOrder());
        }
        require(Files.exists(place), "no such folder or file: %s", place);
        if (data.hasExtension(".json")) {
            SplitRules.requireNoShares(place, data.shares());
            ImageDataset dataset =
                    new SplitFile(data.name(), place, imageRoot()).read().dataset();
            ClassNames.requireUsable(dataset.classNames(), data.path());
            return existing(dataset);
        }
        if (data.hasExtension(".csv")) {
            return existing(csv(cells()));
        }
        if (FeatureTensors.isNameOf(place)) {
            return features();
        }
        throw new IOException(place
                + ": expected a folder of class folders, a split file or COCO list (.json), a list of path,label or"
                + " path,labels (.csv, .jsonl), or features (.safetensors, .npz, .pt)");
    }

    private static ImageDataset existing(ImageDataset dataset) throws InputException {
        dataset.requireFiles();
        return dataset;
    }

    private Path place() {
        return Path.of(data.path());
    }

    /** Returns the dataset's name; a folder keeps its own under another title. */
    private String name() {
        return Files.isDirectory(place()) ? DataSpec.of(place()).name() : data.name();
    }

    private Path imageRoot() {
        if (data.imageRoot() != null) {
            return Path.of(data.imageRoot());
        }
        Path inVoc = place().resolve("JPEGImages");
        return LabelLists.isVoc(place())
                ? Files.isDirectory(inVoc) ? inVoc : place()
                : place().toAbsolutePath().getParent();
    }

    /** Makes a dataset whose classes are those of its training images, or else of its test images. */
    private ImageDataset dataset(List<Listed> rows, Comparator<String> order) throws IOException {
        Set<Split> splits = rows.stream().map(Listed::split).collect(Collectors.toSet());
        Split defining = Stream.of(Split.TRAIN, Split.TEST, Split.VAL)
                .filter(splits::contains)
                .findFirst()
                .orElse(null);
        List<String> classes = rows.stream()
                .filter(row -> row.split == defining)
                .map(Listed::className)
                .distinct()
                .sorted(order)
                .toList();
        List<String> names = renamed(classes);
        ClassNames.requireUsable(names, data.path());
        Map<String, Integer> labels = new HashMap<>();
        classes.forEach(name -> labels.put(name, labels.size()));
        List<LabelledImage> images = new ArrayList<>();
        for (Listed row : rows) {
            Integer label = labels.get(row.className);
            require(
                    label != null,
                    "%s has the class '%s', which no training image has: remove it or add training images",
                    row.path,
                    row.className);
            images.add(new LabelledImage(row.path, label, names.get(label), ExifOrientation.APPLY));
        }
        return dataset(
                names,
                images,
                defining == null ? null : rows.stream().map(Listed::split).toList());
    }

    /**
     * Makes a dataset of images that have a split, or splits each class by the shares.
     *
     * <p>Accepts train and test, with or without val; test alone, for evaluation; or train and val, in which case val is
     * also the test list, as in the reference's ImageNet. Refuses train alone.
     *
     * @param splits split of each image; null if the data has none
     */
    private ImageDataset dataset(List<String> classNames, List<LabelledImage> images, List<Split> splits)
            throws InputException {
        Map<Split, List<LabelledImage>> parts = new EnumMap<>(Split.class);
        if (splits == null) {
            if (images.stream().anyMatch(image -> !image.labels().isSingle())) {
                return SplitRules.ofSets(name(), classNames, images, data.shares(), seed);
            }
            Collection<List<LabelledImage>> classes = images.stream()
                    .collect(Collectors.groupingBy(LabelledImage::label, TreeMap::new, Collectors.toList()))
                    .values();
            if (classes.size() == classNames.size()) {
                return SplitRules.split(name(), classes, data.shares(), seed);
            }
            parts.put(Split.TEST, images); // is refused, with the names of the classes without images
        } else {
            SplitRules.requireNoShares(place(), data.shares());
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
                    data.path());
            log.info("{} has no test images: the val images are also used for testing", data.path());
            test = val;
        }
        try {
            return new ImageDataset(name(), classNames, parts.getOrDefault(Split.TRAIN, List.of()), val, test);
        } catch (IllegalArgumentException e) {
            throw new InputException(data.path() + ": " + e.getMessage(), e);
        }
    }

    /** Returns the names of the classes, renamed by the file of names if there is one. */
    private List<String> renamed(List<String> names) throws IOException {
        if (data.namesFile() == null) {
            return names;
        }
        Map<String, String> others = ClassNames.read(Path.of(data.namesFile()), Set.copyOf(names));
        return names.stream().map(own -> others.getOrDefault(own, own)).toList();
    }

    private List<Listed> folder(Consumer<String> notes) throws IOException {
        Path root = place();
        require(Files.isDirectory(root), "%s is not a folder: give a folder that has one subfolder per class", root);
        ImageFiles files = new ImageFiles();
        List<Path> folders = files.folders(root);
        require(!folders.isEmpty(), "%s has no subfolders: make one for each class, with its images in it", root);
        List<Listed> rows = new ArrayList<>();
        Map<Split, Path> splits = splitFolders(folders);
        for (Map.Entry<Split, Path> part : splits.entrySet()) {
            addClasses(files, part.getValue(), part.getKey(), rows, notes);
        }
        if (splits.isEmpty()) {
            addClasses(files, root, null, rows, notes);
        }
        files.report(root, notes);
        return rows;
    }

    /**
     * Adds the images of each class folder and of the folders in it; the class is its name or, if nested, the path below the
     * parent.
     */
    private void addClasses(ImageFiles files, Path parent, Split split, List<Listed> rows, Consumer<String> notes)
            throws IOException {
        for (Path folder : files.folders(parent)) {
            List<Path> images = files.images(folder);
            require(!images.isEmpty(), "class folder %s has no images: add some or remove the folder", folder);
            SortedMap<String, List<Path>> byPath = images.stream()
                    .collect(Collectors.groupingBy(
                            image -> parent.relativize(image.getParent())
                                    .toString()
                                    .replace('\\', '/'),
                            TreeMap::new,
                            Collectors.toList()));
            String name = folder.getFileName().toString();
            if (Boolean.TRUE.equals(data.nested())) {
                byPath.forEach((path, some) -> some.forEach(image -> rows.add(new Listed(image, path, split))));
                continue;
            }
            images.forEach(image -> rows.add(new Listed(image, name, split)));
            if (!byPath.containsKey(name)) {
                List<String> found = byPath.entrySet().stream()
                        .map(one -> one.getKey() + " with "
                                + Numbers.count(one.getValue().size(), "image"))
                        .toList();
                notes.accept(
                        "%s has no images of its own, only %s: they are one class, %s, unless nested classes are read"
                                .formatted(folder, Numbers.first(found), name));
            }
        }
    }

    /** Returns the folders that are splits; empty if the folders are classes. */
    private static Map<Split, Path> splitFolders(List<Path> folders) throws InputException {
        Map<Split, Path> splits = new EnumMap<>(Split.class);
        for (Path folder : folders) {
            Optional<Split> split = Split.named(folder.getFileName().toString());
            if (split.isEmpty()) {
                return Map.of();
            }
            Path other = splits.put(split.get(), folder);
            require(other == null, "%s and %s are the same split: keep one", other, folder);
        }
        require(
                !splits.keySet().equals(Set.of(Split.VAL)),
                "%s has no train or test folder next to it: add one",
                splits.get(Split.VAL));
        return splits;
    }

    private static List<String> header(List<String[]> lines) {
        return lines.isEmpty()
                ? List.of()
                : Arrays.stream(lines.get(0))
                        .map(cell -> cell.strip().toLowerCase(Locale.ROOT))
                        .toList();
    }

    private ImageDataset csv(List<String[]> lines) throws IOException {
        List<String> header = header(lines);
        boolean hasHeader = header.contains("path") && header.contains("label");
        List<String> columns =
                hasHeader ? header : List.of("path", "label", "split").subList(0, header.size() > 2 ? 3 : 2);
        List<Listed> rows = new ArrayList<>();
        Set<Path> seen = new HashSet<>();
        for (String[] cells : lines.subList(hasHeader ? 1 : 0, lines.size())) {
            Listed row = row(cells, columns);
            require(seen.add(row.path), "%s lists %s twice", data.path(), row.path);
            rows.add(row);
        }
        require(!rows.isEmpty(), "%s lists no images", data.path());
        if (!columns.contains("split")) {
            rows.sort(Comparator.comparing(
                    Listed::path, ImageFiles.ORDER)); // the split does not depend on the order of the lines
        }
        boolean numbered = rows.stream().allMatch(row -> row.className.matches("\\d{1,9}"));
        return dataset(rows, numbered ? Comparator.comparingInt(Integer::parseInt) : Comparator.naturalOrder());
    }

    private Listed row(String[] cells, List<String> columns) throws InputException {
        int pathColumn = columns.indexOf("path");
        int labelColumn = columns.indexOf("label");
        int splitColumn = columns.indexOf("split"); // −1 if there is none
        int needed = Math.max(Math.max(pathColumn, labelColumn), splitColumn) + 1;
        require(
                cells.length >= needed,
                "%s: the line '%s' has %d cells and needs %d: path,label%s",
                data.path(),
                String.join(",", cells),
                cells.length,
                needed,
                splitColumn < 0 ? "" : ",split");
        String label = cells[labelColumn].strip();
        require(!label.isEmpty(), "%s: the label of %s is empty", data.path(), cells[pathColumn]);
        Path path = ImageFiles.resolve(imageRoot(), cells[pathColumn].strip(), place());
        Optional<Split> split = splitColumn < 0 ? Optional.empty() : Split.named(cells[splitColumn]);
        if (splitColumn >= 0 && split.isEmpty()) {
            throw new InputException("%s: the split '%s' of %s is not train, val or test"
                    .formatted(data.path(), cells[splitColumn], path));
        }
        return new Listed(path, label, split.orElse(null));
    }

    private List<String[]> cells() throws IOException {
        CsvMapper mapper = CsvMapper.builder()
                .enable(CsvParser.Feature.WRAP_AS_ARRAY)
                .enable(CsvParser.Feature.SKIP_EMPTY_LINES)
                .build();
        try (MappingIterator<String[]> lines =
                mapper.readerFor(String[].class).readValues(TextFile.read(place(), MOST_BYTES))) {
            return lines.readAll();
        } catch (JsonProcessingException e) {
            throw new InputException(data.path() + ": " + e.getOriginalMessage(), e);
        }
    }

    private ImageDataset features() throws IOException {
        try (FeatureTensors tensors = FeatureTensors.open(place())) {
            StoredFeatures features = tensors.features();
            int rows = features.rows().count();
            List<String> own = tensors.classNames();
            List<Labels> labels = tensors.labels(rows, own.size());
            List<String> names = renamed(own);
            List<String> inputs = tensors.inputs(rows);
            List<LabelledImage> images = IntStream.range(0, rows)
                    .parallel()
                    .mapToObj(i -> LabelledImage.of(
                            inputs == null ? NOWHERE.resolve("row " + i) : harmless(inputs.get(i)),
                            labels.get(i),
                            names,
                            ExifOrientation.KEEP,
                            new StoredFeatures.Row(features, i)))
                    .toList();
            return dataset(names, images, tensors.splits(rows));
        } catch (IllegalArgumentException e) {
            throw new InputException(data.path() + ": " + e.getMessage(), e);
        }
    }

    /** A description of a file of features without its rows, and the names of the classes. */
    record Described(StoredFeatures features, List<String> classNames) {}

    /** Reads the description of a file of features. */
    Described described() throws IOException {
        try (FeatureTensors tensors = FeatureTensors.open(place())) {
            return new Described(tensors.described(), renamed(tensors.classNames()));
        } catch (IllegalArgumentException e) {
            throw new InputException(data.path() + ": " + e.getMessage(), e);
        }
    }

    /** Returns a path that leads nowhere: no image is looked for where a file of features says. */
    private static Path harmless(String input) {
        Path name = NOWHERE;
        for (Path segment : Path.of(input)) {
            if (!NO_NAMES.contains(segment.toString())) {
                name = name.resolve(segment);
            }
        }
        return name;
    }
}
