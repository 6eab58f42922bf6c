package org.coop4j.data.benchmark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.coop4j.data.DatasetException;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.PythonRandom;
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
 * The lists of a dataset as its authors publish them, in folders, text files or MATLAB files, divided by the
 * reference's rule. Of ImageNet and its four shifted versions see {@link ImageNetFolders}.
 */
final class PublishedLists {

    private static final Pattern CAPITALISED_WORD = Pattern.compile("[A-Z][^A-Z]*");

    private PublishedLists() {}

    /** A line of a list as an image. */
    @FunctionalInterface
    private interface LineReader {
        LabelledImage read(BenchmarkFolder.Line line) throws IOException;
    }

    private static List<LabelledImage> images(BenchmarkFolder folder, String list, LineReader reader)
            throws IOException {
        List<LabelledImage> images = new ArrayList<>();
        for (BenchmarkFolder.Line line : folder.lines(list)) {
            images.add(reader.read(line));
        }
        return images;
    }

    /**
     * Caltech101, Food101, Describable Textures and EuroSAT: a folder per class, labels in sorted order of the
     * folders, some folders skipped and some classes renamed, each class split 50/20/30.
     */
    static ImageDataset classFolders(BenchmarkFolder folder, PythonRandom random) throws IOException {
        List<List<LabelledImage>> classes = new ArrayList<>();
        for (Path classFolder : folder.classFolders(folder.imageRoot())) {
            String name = classFolder.getFileName().toString();
            String className = folder.benchmark().renamed().getOrDefault(name, name);
            classes.add(folder.imagesIn(classFolder, classes.size(), className));
        }
        return SplitRules.halfFifthRest(folder.name(), classes, random);
    }

    /**
     * Oxford-IIIT Pets: lines "image class species breed" of two annotation lists. The class name is the image's name
     * without the number after it, in lower case.
     */
    static ImageDataset oxfordPets(BenchmarkFolder folder, PythonRandom random) throws IOException {
        LineReader reader = line -> {
            String wanted = "'image_number class species breed'";
            List<String> words = line.words(4, wanted);
            String stem = words.get(0);
            int number = stem.lastIndexOf('_');
            if (number < 1) {
                throw line.refused(wanted);
            }
            return new LabelledImage(
                    folder.image(folder.imageRoot(), stem + ".jpg"),
                    line.label(words.get(1)),
                    stem.substring(0, number).toLowerCase(Locale.ROOT));
        };
        return SplitRules.fifthToVal(
                folder.name(),
                images(folder, "annotations/trainval.txt", reader),
                images(folder, "annotations/test.txt", reader),
                random);
    }

    /**
     * FGVC Aircraft: classes are the lines of variants.txt in file order; lines "id variant name" of the three
     * official lists.
     */
    static ImageDataset fgvcAircraft(BenchmarkFolder folder) throws IOException {
        Map<String, Integer> labels = new LinkedHashMap<>();
        for (BenchmarkFolder.Line line : folder.lines("variants.txt")) {
            if (labels.put(line.text(), labels.size()) != null) {
                throw line.refused("each variant once");
            }
        }
        LineReader reader = line -> {
            List<String> words = line.words(2, "'id variant'");
            String variant = String.join(" ", words.subList(1, words.size()));
            Integer label = labels.get(variant);
            if (label == null) {
                throw new DatasetException("%s line %d has the variant '%s', which variants.txt does not have"
                        .formatted(line.file(), line.number(), variant));
            }
            return new LabelledImage(folder.image(folder.imageRoot(), words.get(0) + ".jpg"), label, variant);
        };
        return ImageDataset.fromImages(
                folder.name(),
                images(folder, "images_variant_train.txt", reader),
                images(folder, "images_variant_val.txt", reader),
                images(folder, "images_variant_test.txt", reader));
    }

    /**
     * SUN397, partition 01: lines "/a/apse/indoor/sun_….jpg". Labels follow ClassName.txt; the class name drops the
     * letter and reverses the rest ("indoor apse").
     */
    static ImageDataset sun397(BenchmarkFolder folder, PythonRandom random) throws IOException {
        Map<String, Integer> labels = new HashMap<>();
        for (BenchmarkFolder.Line line : folder.lines("ClassName.txt")) {
            labels.put(withoutSlash(line), labels.size());
        }
        LineReader reader = line -> {
            String file = withoutSlash(line);
            String category = file.substring(0, Math.max(file.lastIndexOf('/'), 0));
            Integer label = labels.get(category);
            if (label == null) {
                throw new DatasetException("%s line %d has the class '/%s', which ClassName.txt does not have"
                        .formatted(line.file(), line.number(), category));
            }
            List<String> parts = new ArrayList<>(List.of(category.split("/", -1)));
            parts.remove(0);
            if (parts.isEmpty()) {
                throw line.refused("'/letter/class/image'");
            }
            Collections.reverse(parts);
            return new LabelledImage(folder.image(folder.imageRoot(), file), label, String.join(" ", parts));
        };
        return SplitRules.fifthToVal(
                folder.name(),
                images(folder, "Training_01.txt", reader),
                images(folder, "Testing_01.txt", reader),
                random);
    }

    private static String withoutSlash(BenchmarkFolder.Line line) throws DatasetException {
        if (!line.text().startsWith("/")) {
            throw line.refused("a path that begins with '/'");
        }
        return line.text().substring(1);
    }

    /**
     * UCF101, split 01: lines "ApplyEyeMakeup/v_….avi 1", each standing for the video's middle frame. The words of the
     * action, joined by "_", name the folder and the class.
     */
    static ImageDataset ucf101(BenchmarkFolder folder, PythonRandom random) throws IOException {
        String lists = "ucfTrainTestlist/";
        Map<String, Integer> labels = new HashMap<>();
        for (BenchmarkFolder.Line line : folder.lines(lists + "classInd.txt")) {
            List<String> words = line.words(2, "'number Action'");
            labels.put(words.get(1), line.label(words.get(0)));
        }
        LineReader reader = line -> {
            String video = line.words(1, "'Action/video.avi'").get(0);
            int slash = video.indexOf('/');
            Integer label = labels.get(video.substring(0, Math.max(slash, 0)));
            if (label == null) {
                throw new DatasetException("%s line %d, '%s', has an action that classInd.txt does not have"
                        .formatted(line.file(), line.number(), line.text()));
            }
            String action = CAPITALISED_WORD
                    .matcher(video.substring(0, slash))
                    .results()
                    .map(MatchResult::group)
                    .collect(Collectors.joining("_"));
            String frame = video.substring(slash + 1).replace(".avi", ".jpg");
            return new LabelledImage(folder.image(folder.imageRoot(), action + "/" + frame), label, action);
        };
        return SplitRules.fifthToVal(
                folder.name(),
                images(folder, lists + "trainlist01.txt", reader),
                images(folder, lists + "testlist01.txt", reader),
                random);
    }

    /**
     * Stanford Cars: MATLAB structures with a file name and a class each. The year moves from the end of the class
     * name to its front: "2012 Tesla Model S Sedan".
     */
    static ImageDataset stanfordCars(BenchmarkFolder folder, PythonRandom random) throws IOException {
        List<String> names = readMatlab(folder.file("devkit/cars_meta.mat"), mat -> {
            Cell cells = mat.getCell("class_names");
            List<String> classNames = new ArrayList<>();
            for (int i = 0; i < cells.getNumElements(); i++) {
                classNames.add(yearFirst(((Char) cells.get(i)).getString()));
            }
            return classNames;
        });
        return SplitRules.fifthToVal(
                folder.name(),
                cars(folder, "devkit/cars_train_annos.mat", "cars_train", names),
                cars(folder, "cars_test_annos_withlabels.mat", "cars_test", names),
                random);
    }

    private static List<LabelledImage> cars(BenchmarkFolder folder, String list, String imageFolder, List<String> names)
            throws IOException {
        Path file = folder.file(list);
        return readMatlab(file, mat -> {
            Struct annotations = mat.getStruct("annotations");
            List<LabelledImage> images = new ArrayList<>();
            for (int i = 0; i < annotations.getNumElements(); i++) {
                int label = annotations.getMatrix("class", i).getInt(0) - 1;
                if (label < 0 || label >= names.size()) {
                    throw new DatasetException(
                            "%s has the class %d, and cars_meta.mat %d names".formatted(file, label + 1, names.size()));
                }
                String image = annotations.getChar("fname", i).getString();
                Path path = folder.image(folder.directory().resolve(imageFolder), image);
                images.add(new LabelledImage(path, label, names.get(label)));
            }
            return images;
        });
    }

    private static String yearFirst(String name) {
        int space = name.lastIndexOf(' ');
        return space < 0 ? name : name.substring(space + 1) + " " + name.substring(0, space);
    }

    /**
     * Oxford Flowers: image_00001.jpg and so on, their labels in imagelabels.mat and the labels' names in
     * cat_to_name.json, both counted from 1. Split 50/20/30 (not by the official split), classes in order of first
     * appearance.
     */
    static ImageDataset oxfordFlowers(BenchmarkFolder folder, PythonRandom random) throws IOException {
        Path nameFile = folder.file("cat_to_name.json");
        Map<String, String> names;
        try {
            names = new JsonMapper().readValue(Files.readAllBytes(nameFile), new TypeReference<>() {});
        } catch (JsonProcessingException e) {
            throw new DatasetException(nameFile + " is not an object of names: " + e.getOriginalMessage(), e);
        }
        List<LabelledImage> images = readMatlab(folder.file("imagelabels.mat"), mat -> {
            Matrix labels = mat.getMatrix("labels");
            List<LabelledImage> all = new ArrayList<>();
            for (int i = 0; i < labels.getNumElements(); i++) {
                int label = labels.getInt(i);
                String name = names.get(Integer.toString(label));
                if (name == null || label < 1) {
                    throw new DatasetException(
                            "%s has no name for the label %d of imagelabels.mat".formatted(nameFile, label));
                }
                Path image = folder.imageRoot().resolve("image_%05d.jpg".formatted(i + 1));
                all.add(new LabelledImage(image, label - 1, name));
            }
            return all;
        });
        return SplitRules.halfFifthRest(folder.name(), SplitRules.byFirstAppearance(images), random);
    }

    /** Values out of an open MATLAB file. */
    @FunctionalInterface
    private interface MatlabReader<T> {
        T read(MatFile content) throws IOException;
    }

    /** Reads values out of a MATLAB 5 file, and says which file is at fault when it cannot. */
    private static <T> T readMatlab(Path file, MatlabReader<T> reader) throws IOException {
        try (Source source = Sources.openFile(file.toFile())) {
            return reader.read(Mat5.newReader(source).readMat());
        } catch (DatasetException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The library reports a file that is not as expected by whatever it stumbles over.
            throw new DatasetException(
                    "%s is not the MATLAB file that was expected (%s): fetch it again".formatted(file, e.getMessage()),
                    e);
        }
    }
}
