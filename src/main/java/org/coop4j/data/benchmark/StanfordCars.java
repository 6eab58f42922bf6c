package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.data.DatasetException;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.PythonRandom;
import org.coop4j.data.SplitRules;
import us.hebi.matlab.mat.types.Cell;
import us.hebi.matlab.mat.types.Char;
import us.hebi.matlab.mat.types.Struct;

/**
 * Stanford Cars: MATLAB structures with a file name and a class each. The year moves from the end
 * of the class name to its front: "2012 Tesla Model S Sedan".
 */
final class StanfordCars {
    private StanfordCars() {}

    static ImageDataset read(BenchmarkFolder folder, PythonRandom random) throws IOException {
        List<String> names =
                MatlabFile.read(
                        folder.file("devkit/cars_meta.mat"),
                        mat -> classNames(mat.getCell("class_names")));
        return SplitRules.fifthToVal(
                folder.name(),
                images(folder, "devkit/cars_train_annos.mat", "cars_train", names),
                images(folder, "cars_test_annos_withlabels.mat", "cars_test", names),
                random);
    }

    private static List<LabelledImage> images(
            BenchmarkFolder folder, String list, String imageFolder, List<String> names)
            throws IOException {
        Path file = folder.file(list);
        Path images = folder.directory().resolve(imageFolder);
        return MatlabFile.read(
                file, mat -> images(folder, images, names, file, mat.getStruct("annotations")));
    }

    private static List<LabelledImage> images(
            BenchmarkFolder folder,
            Path imageFolder,
            List<String> names,
            Path file,
            Struct annotations)
            throws IOException {
        List<LabelledImage> images = new ArrayList<>();
        for (int i = 0; i < annotations.getNumElements(); i++) {
            int label = annotations.getMatrix("class", i).getInt(0) - 1;
            if (label < 0 || label >= names.size()) {
                throw new DatasetException(
                        "%s has the class %d, and cars_meta.mat %d names"
                                .formatted(file, label + 1, names.size()));
            }
            String image = annotations.getChar("fname", i).getString();
            images.add(
                    new LabelledImage(folder.image(imageFolder, image), label, names.get(label)));
        }
        return images;
    }

    private static List<String> classNames(Cell cells) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < cells.getNumElements(); i++) {
            names.add(yearFirst(((Char) cells.get(i)).getString()));
        }
        return names;
    }

    private static String yearFirst(String name) {
        int space = name.lastIndexOf(' ');
        return space < 0 ? name : name.substring(space + 1) + " " + name.substring(0, space);
    }
}
