package org.coop4j.data;

import static org.coop4j.base.InputException.require;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.OpenFile;
import org.coop4j.base.SafeXml;
import org.coop4j.base.TextFile;
import org.coop4j.data.DataSpec.SetChoice;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.eval.Labels;
import org.coop4j.image.Keywords;

/**
 * Images with sets of labels, as lists have them. What cannot be used is passed over where that is safe, and reported with
 * its number and the first few.
 */
final class LabelLists {

    /** Enough for some millions of images. */
    private static final int MOST_IMAGES = 10_000_000;

    /** More than a collection has, and few enough to be classes. */
    private static final int MOST_KEYWORDS = 50_000;

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(1 << 20)
                            .maxNestingDepth(64)
                            .build())
                    .build())
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .build();

    /** First keys of an object that is a list of COCO. */
    private static final Set<String> COCO = Set.of("info", "licenses", "images", "annotations", "categories", "type");

    private final Path list;
    private final Path root;
    private final Consumer<String> notes;
    private final Map<Path, Tagged> images = new LinkedHashMap<>();
    private final Map<String, List<String>> passedOver = new TreeMap<>(); // examples by reason
    private Collection<String> classes = List.of(); // those that the list declares, in its order

    /** An image in a list; the split is null if the list has none. */
    record Tagged(Set<String> labels, Set<String> unknown, Split split) {}

    /**
     * Images in lists with their labels.
     *
     * @param splits split of each; null if the list has none
     */
    record Listed(List<String> classNames, List<Path> paths, List<Labels> labels, List<Split> splits) {}

    /**
     * Prepares reading.
     *
     * @param root the folder that paths are relative to
     */
    LabelLists(Path list, Path root, Consumer<String> notes) {
        this.list = list;
        this.root = root;
        this.notes = notes;
    }

    private void passOver(String reason, Object example) {
        List<String> examples = passedOver.computeIfAbsent(reason, r -> new ArrayList<>());
        examples.add(examples.size() < 5 ? String.valueOf(example) : "");
    }

    private void add(String place, String path, Collection<String> labels, Collection<String> unknown, Split split)
            throws InputException {
        Path image = ImageFiles.resolve(root, path.strip(), list);
        Tagged tagged = new Tagged(words(labels), words(unknown), split);
        boolean first = !images.containsKey(image);
        Tagged other = images.get(image); // null after a contradiction
        images.put(image, first || tagged.equals(other) ? tagged : null);
        require(images.size() <= MOST_IMAGES, "%s has more than %d images", list, MOST_IMAGES);
        Optional<String> both =
                tagged.labels.stream().filter(tagged.unknown::contains).findFirst();
        if (both.isPresent()) {
            passOver("contradicting labels", "%s (%s both present and unknown)".formatted(place, both.get()));
            images.put(image, null);
        } else if (tagged.equals(other)) {
            passOver("repeated lines", place);
        } else if (!first) {
            passOver("contradicting labels", place + " (listed before with others)");
        }
    }

    private static Set<String> words(Collection<String> labels) {
        return labels.stream()
                .map(String::strip)
                .filter(label -> !label.isEmpty())
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private Split split(String place, String name) throws InputException {
        return Split.named(name)
                .orElseThrow(() ->
                        new InputException("%s: the split '%s' is not train, val or test".formatted(place, name)));
    }

    // CSV

    /** Returns true if the header is that of a list of sets. */
    static boolean isHeader(List<String> columns) {
        return columns.contains("path") && !columns.contains("label");
    }

    /** Reads {@code path,labels[,unknown][,split]}, or one column per class with 1, 0, and empty or -1 for unknown. */
    void csv(List<String> header, List<String> own, List<String[]> lines) throws InputException {
        int path = header.indexOf("path");
        int labels = header.indexOf("labels");
        int split = header.indexOf("split");
        int unknown = labels < 0 ? -1 : header.indexOf("unknown");
        List<Integer> others = IntStream.range(0, header.size())
                .filter(c -> c != path && c != labels && c != split && c != unknown)
                .boxed()
                .toList();
        if (labels >= 0) {
            others.forEach(c -> passOver("columns other than path, labels, unknown and split", own.get(c)));
        } else {
            classes = others.stream().map(own::get).map(String::strip).toList();
        }
        for (int i = 0; i < lines.size(); i++) {
            String[] cells = lines.get(i);
            String place = "%s line %d".formatted(list, i + 2);
            require(
                    cells.length == header.size(),
                    "%s has %d cells: expected %d, %s",
                    place,
                    cells.length,
                    header.size(),
                    String.join(",", header));
            Set<String> shown = new LinkedHashSet<>();
            Set<String> open = new LinkedHashSet<>();
            if (labels >= 0) {
                shown.addAll(List.of(cells[labels].split(";")));
                open.addAll(unknown < 0 ? List.of() : List.of(cells[unknown].split(";")));
            } else {
                for (int c : others) {
                    switch (cells[c].strip()) {
                        case "1" -> shown.add(own.get(c));
                        case "0" -> {}
                        case "", "-1" -> open.add(own.get(c));
                        default ->
                            throw new InputException(
                                    "%s: '%s' in column %s: expected 1 (shown), 0 (not), empty or -1 (unknown); or name a column label or labels"
                                            .formatted(place, cells[c], own.get(c)));
                    }
                }
            }
            add(place, cells[path], shown, open, split < 0 ? null : split(place, cells[split]));
        }
    }

    // JSON

    /** A line of a JSONL list. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Line(String path, List<String> labels, List<String> unknown, String split) {}

    void jsonLines() throws IOException {
        try (InputStream bytes = open(list);
                MappingIterator<Line> lines = JSON.readerFor(Line.class).readValues(bytes)) {
            while (lines.hasNextValue()) {
                Line line = lines.nextValue();
                String place =
                        "%s line %d".formatted(list, lines.getCurrentLocation().getLineNr());
                List<String> unknown = line == null || line.unknown == null ? List.of() : line.unknown;
                require(
                        line != null
                                && line.path != null
                                && line.labels != null
                                && Stream.of(line.labels, unknown)
                                        .flatMap(List::stream)
                                        .allMatch(Objects::nonNull),
                        "%s: expected an object with path and labels, an array of texts",
                        place);
                add(place, line.path, line.labels, unknown, line.split == null ? null : split(place, line.split));
            }
        } catch (JsonProcessingException e) {
            throw broken(e);
        }
    }

    private static InputStream open(Path list) throws IOException {
        return new BufferedInputStream(
                Channels.newInputStream(OpenFile.channel(list, StandardOpenOption.READ)), 1 << 16);
    }

    private InputException broken(JsonProcessingException e) {
        return new InputException(
                "%s line %d: %s"
                        .formatted(
                                list,
                                e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                                e.getOriginalMessage()),
                e);
    }

    /** Returns true if a JSON file is a list of COCO, and not a split file or missing. */
    static boolean isCoco(Path list) {
        try (InputStream bytes = open(list);
                JsonParser json = JSON.createParser(bytes)) {
            return json.nextToken() == JsonToken.START_OBJECT && COCO.contains(String.valueOf(json.nextFieldName()));
        } catch (IOException e) {
            return false; // the other reader reports it
        }
    }

    /** An object of COCO's lists; a crowd's annotation counts as any other. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    private record CocoItem(Long id, String fileName, String name, Long imageId, Long categoryId) {}

    /** Reads instances of COCO: an image has a class if any of its annotations has it. */
    void coco() throws IOException {
        Map<Long, String> files = new LinkedHashMap<>();
        NavigableMap<Long, String> categories = new TreeMap<>();
        Map<Long, Set<Long>> found = new HashMap<>(); // categories by image
        try (InputStream bytes = open(list);
                JsonParser json = JSON.createParser(bytes)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String key = json.currentName();
                if (json.nextToken() != JsonToken.START_ARRAY
                        || !List.of("images", "annotations", "categories").contains(key)) {
                    json.skipChildren();
                    continue;
                }
                for (int number = 1; json.nextToken() != JsonToken.END_ARRAY; number++) {
                    if (json.currentToken() != JsonToken.START_OBJECT) {
                        passOver(key + " that are not objects", "number " + number);
                        json.skipChildren();
                        continue;
                    }
                    CocoItem item = JSON.readValue(json, CocoItem.class);
                    boolean image = key.equals("images");
                    String name = image ? item.fileName : item.name;
                    if (key.equals("annotations")) {
                        require(
                                item.imageId != null && item.categoryId != null,
                                "%s: annotation %s has no image_id or no category_id",
                                list,
                                item.id);
                        found.computeIfAbsent(item.imageId, i -> new TreeSet<>())
                                .add(item.categoryId);
                    } else {
                        require(
                                item.id != null
                                        && name != null
                                        && (image ? files : categories).put(item.id, name) == null,
                                "%s: %s %s has no %s, or its id is missing or used twice",
                                list,
                                image ? "image" : "category",
                                item.id,
                                image ? "file_name" : "name");
                    }
                    require(
                            Math.max(files.size(), found.size()) <= MOST_IMAGES,
                            "%s: more than %d images",
                            list,
                            MOST_IMAGES);
                }
            }
        } catch (JsonProcessingException e) {
            throw broken(e);
        }
        classes = List.copyOf(categories.values());
        for (Map.Entry<Long, String> file : files.entrySet()) {
            Set<Long> shown = Objects.requireNonNullElse(found.remove(file.getKey()), Set.of());
            Set<String> names = new LinkedHashSet<>();
            shown.forEach(id -> {
                if (categories.containsKey(id)) {
                    names.add(categories.get(id));
                } else {
                    passOver("annotations with an unknown category", id);
                }
            });
            add(list + " image " + file.getKey(), file.getValue(), names, List.of(), null);
        }
        found.keySet().forEach(id -> passOver("annotations of images that it does not list", id));
    }

    // VOC

    /** Returns true if a folder has annotations as VOC does. */
    static boolean isVoc(Path folder) {
        return Files.isDirectory(folder.resolve("Annotations")) && Files.isDirectory(folder.resolve("ImageSets"));
    }

    /** Reads VOC: a class that only difficult objects have is unknown. */
    void voc() throws IOException {
        Map<String, Split> splits = vocSplits();
        List<Path> files;
        try (Stream<Path> all = Files.list(list.resolve("Annotations"))) {
            files = all.filter(file -> file.toString().endsWith(".xml"))
                    .sorted(ImageFiles.ORDER)
                    .toList();
        }
        for (Path file : files) {
            String stem = file.getFileName().toString().replaceFirst("\\.xml$", "");
            if (!splits.isEmpty() && !splits.containsKey(stem)) {
                passOver("annotations that are in no split", file.getFileName());
                continue;
            }
            try {
                vocImage(file, stem, splits.get(stem));
            } catch (IOException | XMLStreamException e) {
                passOver(
                        "annotations that cannot be read",
                        file.getFileName() + " (" + e.getMessage().replaceAll("\\s+", " ") + ")");
            }
        }
    }

    private void vocImage(Path file, String stem, Split split) throws IOException, XMLStreamException {
        XMLStreamReader xml = SafeXml.open(OpenFile.read(file, 16 << 20));
        Set<String> shown = new LinkedHashSet<>();
        Set<String> open = new LinkedHashSet<>();
        String image = stem + ".jpg";
        String name = null; // of an object, outside of its parts
        boolean difficult = false;
        List<String> path = new ArrayList<>();
        while (SafeXml.next(xml)) {
            if (xml.isEndElement()) {
                path.remove(path.size() - 1);
                if (path.size() == 1 && xml.getLocalName().equals("object") && name != null) {
                    (difficult ? open : shown).add(name.toLowerCase(Locale.ROOT));
                }
            } else if (xml.isStartElement()) {
                String element = xml.getLocalName();
                boolean inObject = path.size() == 2 && path.get(1).equals("object");
                if (path.size() == 1 && element.equals("object")) {
                    name = null;
                    difficult = false;
                }
                if (path.size() == 1 && element.equals("filename")) {
                    image = xml.getElementText().strip();
                } else if (inObject && element.equals("name")) {
                    name = xml.getElementText().strip();
                } else if (inObject && element.equals("difficult")) {
                    difficult = xml.getElementText().strip().equals("1");
                } else {
                    path.add(element);
                }
            }
        }
        open.removeAll(shown);
        add(file.toString(), image, shown, open, split);
    }

    private Map<String, Split> vocSplits() throws IOException {
        Map<String, Split> splits = new HashMap<>();
        for (String name : List.of("trainval", "train", "val", "test")) { // a later one counts
            Path file = list.resolve("ImageSets/Main").resolve(name + ".txt");
            if (Files.exists(file)) {
                Split split = Split.named(name).orElse(Split.TRAIN);
                TextFile.lines(file).forEach(line -> splits.put(line.strip(), split));
            }
        }
        if (Set.copyOf(splits.values()).equals(Set.of(Split.TRAIN))) {
            splits.replaceAll((stem, split) -> null);
            notes.accept(list + ": only a list of training images, whose pictures are split");
        }
        return splits;
    }

    // Keywords

    void keywords(List<Path> pictures) throws InputException {
        Map<String, String> known = new HashMap<>(); // each keyword is kept once
        for (Path picture : pictures) {
            Optional<List<String>> words = Keywords.of(picture, note -> passOver("blocks of metadata", note));
            if (words.isEmpty()) {
                passOver("pictures whose keywords nobody has set", picture.getFileName());
                continue;
            }
            List<String> own = words.get().stream()
                    .map(word -> known.computeIfAbsent(word, same -> same))
                    .toList();
            require(
                    known.size() <= MOST_KEYWORDS,
                    "%s: with its keywords there are %d in %s: expected at most %d, take such pictures away",
                    picture,
                    known.size(),
                    list,
                    MOST_KEYWORDS);
            images.put(picture, new Tagged(words(own), Set.of(), null));
        }
    }

    // Classes

    /** Returns the images with the chosen classes, after notes about all that was passed over. */
    Listed listed(SetChoice choice) throws InputException {
        images.values().removeIf(Objects::isNull);
        for (Path missing : images.keySet().stream().filter(Files::notExists).toList()) {
            passOver("pictures that are missing", missing);
            images.remove(missing);
        }
        List<String> names = names(choice);
        Map<String, Integer> numbers = new HashMap<>();
        names.forEach(name -> numbers.put(ClassNames.inPrompt(name), numbers.size()));
        List<Path> paths = new ArrayList<>();
        List<Labels> labels = new ArrayList<>();
        List<Split> splits = new ArrayList<>();
        images.forEach((path, tagged) -> {
            Set<Integer> shown = numbers(tagged.labels, numbers);
            Set<Integer> open = numbers(tagged.unknown, numbers);
            open.removeAll(shown);
            if (!choice.onlyLabelled() || !shown.isEmpty()) {
                paths.add(path);
                labels.add(Labels.of(array(shown), array(open)));
                splits.add(tagged.split);
            }
        });
        passedOver.forEach((reason, examples) -> notes.accept(
                "%s: passed over %d %s: %s".formatted(list, examples.size(), reason, Numbers.first(examples))));
        require(!paths.isEmpty(), "%s lists no pictures that can be used", list);
        long split = splits.stream().filter(Objects::nonNull).count();
        require(split == 0 || split == paths.size(), "%s has a split for some of its pictures only", list);
        return new Listed(names, paths, labels, split == 0 ? null : splits);
    }

    /** Returns the chosen classes; names that make the same prompt are one class. */
    private List<String> names(SetChoice choice) {
        Map<String, Integer> positives = new HashMap<>(); // by name in prompts
        images.values().forEach(tagged -> tagged.labels.stream()
                .map(ClassNames::inPrompt)
                .distinct()
                .forEach(name -> positives.merge(name, 1, Integer::sum)));
        Map<String, String> spelled = new LinkedHashMap<>();
        List<String> merged = new ArrayList<>();
        Stream<String> found = images.values().stream()
                .flatMap(tagged -> Stream.of(tagged.labels, tagged.unknown))
                .flatMap(Set::stream)
                .distinct()
                .sorted();
        (classes.isEmpty() ? found : classes.stream()).forEach(name -> {
            String other = spelled.putIfAbsent(ClassNames.inPrompt(name), name);
            if (other != null) {
                merged.add(name + " as " + other);
            }
        });
        note("counted as one class", merged);
        if (choice.labels() != null) {
            Set<String> wanted =
                    choice.labels().stream().map(ClassNames::inPrompt).collect(Collectors.toSet());
            note(
                    "no picture has these labels",
                    choice.labels().stream()
                            .filter(name -> !spelled.containsKey(ClassNames.inPrompt(name)))
                            .toList());
            spelled.keySet().retainAll(wanted);
        }
        spelled.keySet().removeIf(name -> positives.getOrDefault(name, 0) < choice.minPictures());
        note(
                "no picture shows these classes",
                spelled.keySet().stream()
                        .filter(name -> !positives.containsKey(name))
                        .map(spelled::get)
                        .toList());
        return List.copyOf(spelled.values());
    }

    private void note(String text, List<String> names) {
        if (!names.isEmpty()) {
            notes.accept("%s: %s: %s".formatted(list, text, Numbers.first(names)));
        }
    }

    private static int[] array(Set<Integer> numbers) {
        return numbers.stream().mapToInt(Integer::intValue).toArray();
    }

    private static Set<Integer> numbers(Set<String> labels, Map<String, Integer> numbers) {
        return labels.stream()
                .map(ClassNames::inPrompt)
                .map(numbers::get)
                .filter(Objects::nonNull)
                .collect(Collectors.toSet());
    }
}
