package org.coop4j.data.benchmark;

import static org.coop4j.base.InputException.require;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction;
import org.coop4j.base.OpenFile;
import org.coop4j.base.TextFile;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageFiles;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.SplitRules;
import org.coop4j.data.benchmark.BenchmarkFolder.Line;
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
 * rule. {@link ImageNetFolders} reads ImageNet and its four shifted versions.
 *
 * @param folder the dataset's folder
 * @param seed seed of the split
 */
record PublishedLists(BenchmarkFolder folder, long seed) {

    /** Far larger than any MATLAB file of a dataset. */
    private static final long LARGEST = 64L << 20;

    ImageDataset read() throws IOException {
        return switch (folder.benchmark().rule()) {
            case CLASS_FOLDERS -> classFolders();
            case OXFORD_PETS -> oxfordPets();
            case STANFORD_CARS -> stanfordCars();
            case OXFORD_FLOWERS -> oxfordFlowers();
            case FGVC_AIRCRAFT -> fgvcAircraft();
            case SUN397 -> sun397();
            case UCF101 -> ucf101();
            case IMAGENET -> new ImageNetFolders(folder).read();
            case NUMBERED_FOLDERS -> new ImageNetFolders(folder).readNumbered();
            case WNID_FOLDERS -> new ImageNetFolders(folder).readTestOnly();
        };
    }

    private List<LabelledImage> images(String list, IoFunction<Line, LabelledImage> reader) throws IOException {
        List<LabelledImage> images = new ArrayList<>();
        for (Line line : folder.lines(list)) {
            images.add(reader.apply(line));
        }
        return images;
    }

    private ImageDataset fifthToVal(String trainList, String testList, IoFunction<Line, LabelledImage> reader)
            throws IOException {
        return SplitRules.fifthToVal(folder.name(), images(trainList, reader), images(testList, reader), seed);
    }

    /**
     * Reads Caltech101, Food101, Describable Textures and EuroSAT: one folder per class, labels in sorted order of the
     * folders, some folders skipped and some classes renamed, each class split 50/20/30.
     */
    private ImageDataset classFolders() throws IOException {
        List<List<LabelledImage>> classes = new ArrayList<>();
        for (Path classFolder : folder.classFolders(folder.imageRoot())) {
            String name = classFolder.getFileName().toString();
            String className = folder.benchmark().renamed().getOrDefault(name, name);
            classes.add(folder.imagesIn(classFolder, classes.size(), className));
        }
        return SplitRules.split(folder.name(), classes, Optional.empty(), seed);
    }

    /**
     * Reads Oxford-IIIT Pets: lines "image class species breed" of two annotation lists. The class name is the image's
     * name without the number after it, in lower case.
     */
    private ImageDataset oxfordPets() throws IOException {
        return fifthToVal("annotations/trainval.txt", "annotations/test.txt", line -> {
            String expected = "'image_number class species breed'";
            List<String> words = line.words(4, expected);
            String image = words.get(0);
            int end = image.lastIndexOf('_');
            if (end < 1) {
                throw line.refused(expected);
            }
            String className = image.substring(0, end).toLowerCase(Locale.ROOT);
            return line.image(folder.imageRoot(), image + ".jpg", line.label(words.get(1)), className);
        });
    }

    /** Reads FGVC Aircraft: classes in the order of variants.txt, and lines "id variant name" of three official lists. */
    private ImageDataset fgvcAircraft() throws IOException {
        Map<String, Integer> labels = new HashMap<>();
        for (Line line : folder.lines("variants.txt")) {
            if (labels.put(line.text(), labels.size()) != null) {
                throw line.refused("each variant once");
            }
        }
        IoFunction<Line, LabelledImage> reader = line -> {
            String variant = line.rest("'id variant'");
            String image = line.words(2, "").get(0) + ".jpg";
            return line.image(folder.imageRoot(), image, line.label(labels, variant, "variants.txt"), variant);
        };
        return ImageDataset.fromImages(
                folder.name(),
                images("images_variant_train.txt", reader),
                images("images_variant_val.txt", reader),
                images("images_variant_test.txt", reader));
    }

    /**
     * Reads SUN397, partition 01: lines "/a/apse/indoor/sun_….jpg". Labels follow ClassName.txt; the class name drops
     * the letter and reverses the rest ("indoor apse").
     */
    private ImageDataset sun397() throws IOException {
        Map<String, Integer> labels = new HashMap<>();
        for (Line line : folder.lines("ClassName.txt")) {
            labels.put(withoutSlash(line), labels.size());
        }
        return fifthToVal("Training_01.txt", "Testing_01.txt", line -> {
            String file = withoutSlash(line);
            String category = file.substring(0, Math.max(file.lastIndexOf('/'), 0));
            int label = line.label(labels, category, "ClassName.txt");
            List<String> parts = new ArrayList<>(List.of(category.split("/", -1)));
            parts.remove(0);
            if (parts.isEmpty()) {
                throw line.refused("'/letter/class/image'");
            }
            Collections.reverse(parts);
            return line.image(folder.imageRoot(), file, label, String.join(" ", parts));
        });
    }

    private static String withoutSlash(Line line) throws InputException {
        if (!line.text().startsWith("/")) {
            throw line.refused("a path that begins with '/'");
        }
        return line.text().substring(1);
    }

    /**
     * Reads UCF101, split 01: lines "ApplyEyeMakeup/v_….avi 1", each standing for the video's middle frame. The words of
     * the action, joined by "_", are the names of the folder and the class.
     */
    private ImageDataset ucf101() throws IOException {
        Map<String, Integer> labels = new HashMap<>();
        for (Line line : folder.lines("ucfTrainTestlist/classInd.txt")) {
            List<String> words = line.words(2, "'number Action'");
            labels.put(words.get(1), line.label(words.get(0)));
        }
        return fifthToVal("ucfTrainTestlist/trainlist01.txt", "ucfTrainTestlist/testlist01.txt", line -> {
            String video = line.words(1, "").get(0);
            int slash = Math.max(video.indexOf('/'), 0);
            int label = line.label(labels, video.substring(0, slash), "classInd.txt");
            String action = String.join("_", video.substring(0, slash).split("(?=[A-Z])", -1));
            String frame = video.substring(slash + 1).replace(".avi", ".jpg");
            return line.image(folder.imageRoot(), action + "/" + frame, label, action);
        });
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
                folder.name(),
                cars("devkit/cars_train_annos.mat", "cars_train", names),
                cars("cars_test_annos_withlabels.mat", "cars_test", names),
                seed);
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
                        folder.directory().resolve(list),
                        number,
                        names.size());
                String image = annotations.getChar("fname", i).getString();
                Path path = ImageFiles.resolve(folder.directory().resolve(imageFolder), image, Path.of(list));
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
        Path nameFile = folder.file("cat_to_name.json");
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
                Path image = folder.imageRoot().resolve("image_%05d.jpg".formatted(i + 1));
                all.add(new LabelledImage(image, number - 1, name));
            }
            return all;
        });
        return SplitRules.split(folder.name(), SplitRules.byFirstAppearance(images), Optional.empty(), seed);
    }

    /** Reads values from a MATLAB 5 file of the dataset, naming it if that fails. */
    private <T> T matlab(String list, IoFunction<MatFile, T> reader) throws IOException {
        Path file = folder.file(list);
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
