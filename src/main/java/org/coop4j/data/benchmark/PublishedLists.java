package org.coop4j.data.benchmark;

import static org.coop4j.base.InputException.require;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction;
import org.coop4j.base.OpenFile;
import org.coop4j.base.TextFile;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageFiles;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.SplitRules;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.types.Cell;
import us.hebi.matlab.mat.types.Char;
import us.hebi.matlab.mat.types.MatFile;
import us.hebi.matlab.mat.types.Matrix;
import us.hebi.matlab.mat.types.Source;
import us.hebi.matlab.mat.types.Sources;
import us.hebi.matlab.mat.types.Struct;

/**
 * The lists of a dataset as its authors publish them, in folders, text files or MATLAB files, split by the reference's
 * rule.
 *
 * @param source the dataset
 * @param counted receives the number of images found in each class folder
 */
record PublishedLists(BenchmarkSource source, IntConsumer counted) {

    /** Far larger than any MATLAB file of a dataset. */
    private static final long LARGEST = 64L << 20;

    ImageDataset read() throws IOException {
        return switch (benchmark().rule()) {
            case CLASS_FOLDERS -> classFolders();
            case OXFORD_PETS -> oxfordPets();
            case STANFORD_CARS -> stanfordCars();
            case OXFORD_FLOWERS -> oxfordFlowers();
            case FGVC_AIRCRAFT -> fgvcAircraft();
            case SUN397 -> sun397();
            case UCF101 -> ucf101();
            case IMAGENET -> imageNet();
            case NUMBERED_FOLDERS -> numberedFolders();
            case WNID_FOLDERS -> wnidFolders();
        };
    }

    private Benchmark benchmark() {
        return source.benchmark();
    }

    private String name() {
        return benchmark().name();
    }

    /** Returns a file of the dataset, refusing one that is missing. */
    private Path file(String relative) throws InputException {
        Path file = source.directory().resolve(relative);
        require(Files.isRegularFile(file), "%s needs the file %s, which does not exist", name(), file);
        return file;
    }

    /** Lists the class folders in a folder of this dataset, sorted by name. */
    private List<Path> folders(Path parent) throws IOException {
        List<Path> folders = !Files.isDirectory(parent)
                ? List.of()
                : new ImageFiles()
                        .folders(parent).stream()
                                .filter(f -> !benchmark().skipped().contains(nameOf(f)))
                                .toList();
        require(!folders.isEmpty(), "%s needs one folder per class in %s and finds none", name(), parent);
        return folders;
    }

    private static String nameOf(Path folder) {
        return folder.getFileName().toString();
    }

    /** Lists the images in a class's folder, which must not be empty. */
    private List<LabelledImage> imagesIn(Path folder, int label, String className) throws IOException {
        List<LabelledImage> images = new ImageFiles()
                .images(folder).stream()
                        .map(file -> new LabelledImage(file, label, className))
                        .toList();
        require(!images.isEmpty(), "class folder %s of %s has no images: extract the archive again", folder, name());
        counted.accept(images.size());
        return images;
    }

    /** Reads a line of a file; null if it is not as expected. */
    private interface LineReader<T> {
        T read(Matcher line, Path file) throws IOException;
    }

    /**
     * Reads the lines of a text list, each stripped, without the empty ones.
     *
     * @param pattern of a line
     * @param expected the same for people
     */
    private <T> List<T> lines(String list, String pattern, String expected, LineReader<T> reader) throws IOException {
        Path file = file(list);
        Pattern form = Pattern.compile(pattern);
        List<T> values = new ArrayList<>();
        int number = 0;
        for (String text : TextFile.lines(file)) {
            number++;
            if (!text.isBlank()) {
                Matcher line = form.matcher(text.strip());
                T value = line.matches() ? reader.read(line, file) : null;
                require(value != null, "%s line %d: expected %s, got '%s'", file, number, expected, text.strip());
                values.add(value);
            }
        }
        return values;
    }

    /** Returns the labels of the classes that a text list names, one per line, in its order. */
    private Map<String, Integer> labels(String list, String pattern, String expected) throws IOException {
        Map<String, Integer> labels = new HashMap<>();
        lines(
                list,
                pattern,
                expected,
                (line, file) -> labels.putIfAbsent(line.group(1), labels.size()) == null ? line : null);
        return labels;
    }

    /** Returns an image that a list names, which must lie below the image root; null for an unknown label. */
    private LabelledImage image(Path list, String path, Integer label, String className) throws InputException {
        return label == null
                ? null
                : new LabelledImage(ImageFiles.resolve(source.imageRoot(), path, list), label, className);
    }

    /** Converts a label that a file counts from 1 to one counted from 0. */
    private static int label(String number) {
        return Integer.parseInt(number) - 1;
    }

    private ImageDataset fifthToVal(
            String trainList, String testList, String pattern, String expected, LineReader<LabelledImage> reader)
            throws IOException {
        return SplitRules.fifthToVal(
                name(),
                lines(trainList, pattern, expected, reader),
                lines(testList, pattern, expected, reader),
                source.splitSeed());
    }

    /**
     * Reads Caltech101, Food101, Describable Textures and EuroSAT: one folder per class, labels in sorted order of the
     * folders, some folders skipped and some classes renamed, each class split 50/20/30.
     */
    private ImageDataset classFolders() throws IOException {
        List<List<LabelledImage>> classes = new ArrayList<>();
        for (Path folder : folders(source.imageRoot())) {
            String className = benchmark().renamed().getOrDefault(nameOf(folder), nameOf(folder));
            classes.add(imagesIn(folder, classes.size(), className));
        }
        return SplitRules.split(name(), classes, Optional.empty(), source.splitSeed());
    }

    /** Reads Oxford-IIIT Pets: the class name is the image's name without the number after it, in lower case. */
    private ImageDataset oxfordPets() throws IOException {
        return fifthToVal(
                "annotations/trainval.txt",
                "annotations/test.txt",
                "(([^ ]+)_[^_ ]*) +([1-9]\\d{0,5}) +[^ ]+ +[^ ]+.*",
                "'image_number class species breed', with a class number from 1",
                (line, file) -> image(
                        file,
                        line.group(1) + ".jpg",
                        label(line.group(3)),
                        line.group(2).toLowerCase(Locale.ROOT)));
    }

    /** Reads FGVC Aircraft: classes in the order of variants.txt, and three official lists. */
    private ImageDataset fgvcAircraft() throws IOException {
        Map<String, Integer> labels = labels("variants.txt", "(.+)", "each variant once");
        List<List<LabelledImage>> parts = new ArrayList<>();
        for (String part : List.of("train", "val", "test")) {
            parts.add(lines(
                    "images_variant_" + part + ".txt",
                    "([^ ]+) +(.+)",
                    "'id variant', with a variant of variants.txt",
                    (line, file) -> image(file, line.group(1) + ".jpg", labels.get(line.group(2)), line.group(2))));
        }
        return ImageDataset.fromImages(name(), parts.get(0), parts.get(1), parts.get(2));
    }

    /**
     * Reads SUN397, partition 01: lines "/a/apse/indoor/sun_….jpg". Labels follow ClassName.txt; the class name drops
     * the letter and reverses the rest ("indoor apse").
     */
    private ImageDataset sun397() throws IOException {
        Map<String, Integer> labels = labels("ClassName.txt", "/(.+)", "each class once, beginning with '/'");
        return fifthToVal(
                "Training_01.txt",
                "Testing_01.txt",
                "/(([^/]+/(.+))/[^/]+)",
                "'/letter/class/image', with a class of ClassName.txt",
                (line, file) -> {
                    List<String> words = Arrays.asList(line.group(3).split("/", -1));
                    Collections.reverse(words);
                    return image(file, line.group(1), labels.get(line.group(2)), String.join(" ", words));
                });
    }

    /**
     * Reads UCF101, split 01: lines "ApplyEyeMakeup/v_….avi 1", each standing for the video's middle frame. The words of
     * the action, joined by "_", are the names of the folder and the class.
     */
    private ImageDataset ucf101() throws IOException {
        Map<String, Integer> labels = new HashMap<>();
        lines("ucfTrainTestlist/classInd.txt", "([1-9]\\d{0,5}) +([^ ]+).*", "'number Action'", (line, file) -> {
            labels.put(line.group(2), label(line.group(1)));
            return line;
        });
        return fifthToVal(
                "ucfTrainTestlist/trainlist01.txt",
                "ucfTrainTestlist/testlist01.txt",
                "([^/ ]+)/([^ ]+)\\.avi.*",
                "'Action/video.avi', with an action of classInd.txt",
                (line, file) -> {
                    String action = String.join("_", line.group(1).split("(?=[A-Z])", -1));
                    return image(file, action + "/" + line.group(2) + ".jpg", labels.get(line.group(1)), action);
                });
    }

    /**
     * Reads ImageNet: folders named by WordNet id, class names from classnames.txt, labels in sorted order of the existing
     * folders. The 50,000 validation images are both the val and the test list.
     *
     * <p>Images of a class are sorted by name; the reference takes them in the order of the file system, so that its
     * few-shot samples of ImageNet cannot be replayed.
     */
    private ImageDataset imageNet() throws IOException {
        Path train = source.imageRoot().resolve("train");
        List<LabelledImage> val = wnidImages(source.imageRoot().resolve("val"), train);
        return ImageDataset.fromImages(name(), wnidImages(train, train), val, val);
    }

    /** Reads ImageNet-Sketch, -A and -R. The last two have 200 folders and are scored among those classes alone. */
    private ImageDataset wnidFolders() throws IOException {
        return ImageDataset.fromImages(
                name(), List.of(), List.of(), wnidImages(source.imageRoot(), source.imageRoot()));
    }

    /** Lists the images of the class folders in a folder; labels are places among those of another. */
    private List<LabelledImage> wnidImages(Path parent, Path labelled) throws IOException {
        Map<String, String> names = wnidNames();
        List<String> wnids =
                folders(labelled).stream().map(PublishedLists::nameOf).toList();
        List<LabelledImage> images = new ArrayList<>();
        for (Path folder : folders(parent)) {
            int label = wnids.indexOf(nameOf(folder));
            String className = names.get(nameOf(folder));
            require(
                    label >= 0 && className != null,
                    "%s is not a class of %s: remove it",
                    folder,
                    label < 0 ? "train" : "classnames.txt");
            images.addAll(imagesIn(folder, label, className));
        }
        return images;
    }

    /** Reads ImageNetV2: folder k is class k of classnames.txt, counted from 0. */
    private ImageDataset numberedFolders() throws IOException {
        List<String> names = List.copyOf(wnidNames().values());
        List<Path> folders = folders(source.imageRoot());
        require(
                folders.size() <= names.size(),
                "%s has %d class folders, but classnames.txt has %d names",
                name(),
                folders.size(),
                names.size());
        List<LabelledImage> test = new ArrayList<>();
        for (int label = 0; label < folders.size(); label++) {
            Path folder = source.imageRoot().resolve(Integer.toString(label));
            require(folders.contains(folder), "%s needs the folder %s, which does not exist", name(), folder);
            test.addAll(imagesIn(folder, label, names.get(label)));
        }
        return ImageDataset.fromImages(name(), List.of(), List.of(), test);
    }

    /** Returns ImageNet's class names by WordNet id, in the order of the file. */
    private Map<String, String> wnidNames() throws IOException {
        Map<String, String> names = new LinkedHashMap<>();
        lines("classnames.txt", "([^ ]+) +(.+)", "'wnid name'", (line, file) -> {
            names.put(line.group(1), line.group(2));
            return line;
        });
        return names;
    }

    /**
     * Reads Stanford Cars: MATLAB structures that hold file names and classes. The year moves from the end of the class
     * name to its front: "2012 Tesla Model S Sedan".
     */
    private ImageDataset stanfordCars() throws IOException {
        List<String> names = matlab("devkit/cars_meta.mat", mat -> {
            Cell cells = mat.getCell("class_names");
            List<String> classNames = new ArrayList<>();
            for (int i = 0; i < cells.getNumElements(); i++) {
                classNames.add(((Char) cells.get(i)).getString().replaceFirst("^(.*) ([^ ]*)$", "$2 $1"));
            }
            return classNames;
        });
        return SplitRules.fifthToVal(
                name(),
                cars("devkit/cars_train_annos.mat", "cars_train", names),
                cars("cars_test_annos_withlabels.mat", "cars_test", names),
                source.splitSeed());
    }

    private List<LabelledImage> cars(String list, String imageFolder, List<String> names) throws IOException {
        return matlab(list, mat -> {
            Struct annotations = mat.getStruct("annotations");
            List<LabelledImage> images = new ArrayList<>();
            for (int i = 0; i < annotations.getNumElements(); i++) {
                int number = annotations.getMatrix("class", i).getInt(0);
                require(
                        number >= 1 && number <= names.size(),
                        "%s has the class %d: expected 1 to %d, as in cars_meta.mat",
                        source.directory().resolve(list),
                        number,
                        names.size());
                String image = annotations.getChar("fname", i).getString();
                Path path = ImageFiles.resolve(source.directory().resolve(imageFolder), image, Path.of(list));
                images.add(new LabelledImage(path, number - 1, names.get(number - 1)));
            }
            return images;
        });
    }

    /**
     * Reads Oxford Flowers: image_00001.jpg and so on, their labels in imagelabels.mat and the labels' names in
     * cat_to_name.json, both counted from 1. Split 50/20/30 (not by the official split), classes in order of first
     * appearance.
     */
    private ImageDataset oxfordFlowers() throws IOException {
        Path nameFile = file("cat_to_name.json");
        Map<String, String> names;
        try {
            names = new JsonMapper().readValue(TextFile.read(nameFile), new TypeReference<>() {});
        } catch (JsonProcessingException e) {
            throw new InputException(nameFile + " is not an object of names: " + e.getOriginalMessage(), e);
        }
        List<LabelledImage> images = matlab("imagelabels.mat", mat -> {
            Matrix labels = mat.getMatrix("labels");
            List<LabelledImage> all = new ArrayList<>();
            for (int i = 0; i < labels.getNumElements(); i++) {
                int number = labels.getInt(i);
                String name = names.get(Integer.toString(number));
                require(
                        name != null && number >= 1,
                        "%s has no name for the label %d of imagelabels.mat",
                        nameFile,
                        number);
                Path image = source.imageRoot().resolve("image_%05d.jpg".formatted(i + 1));
                all.add(new LabelledImage(image, number - 1, name));
            }
            return all;
        });
        return SplitRules.split(name(), SplitRules.byFirstAppearance(images), Optional.empty(), source.splitSeed());
    }

    /** Reads values from a MATLAB 5 file of the dataset, naming it if that fails. */
    private <T> T matlab(String list, IoFunction<MatFile, T> reader) throws IOException {
        Path file = file(list);
        try (Source source = Sources.wrap(OpenFile.read(file, LARGEST))) {
            return reader.apply(Mat5.newReader(source).readMat());
        } catch (InputException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The library reports an unexpected file by any kind of exception.
            throw new InputException(
                    "%s is not the expected MATLAB file (%s): download it again".formatted(file, e.getMessage()), e);
        }
    }
}
