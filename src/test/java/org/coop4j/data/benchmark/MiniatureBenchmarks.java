package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.SplitFile;

/** Plants each published dataset as a miniature in its true layout, without a split file. */
public final class MiniatureBenchmarks {
    private MiniatureBenchmarks() {}

    /** Plants a dataset in the folder of all datasets: few classes of few and empty images. */
    public static void plant(String name, Path root) throws IOException {
        MiniatureTree tree = new MiniatureTree(root);
        switch (name) {
            case "ImageNet" -> imageNet(tree);
            case "Caltech101" -> caltech101(tree);
            case "OxfordPets" -> pets(tree);
            case "StanfordCars" -> cars(tree);
            case "OxfordFlowers" -> flowers(tree);
            case "Food101" -> folders(tree, "food-101/images/", List.of("beignets", "apple_pie"));
            case "FGVCAircraft" -> aircraft(tree);
            case "SUN397" -> sun397(tree);
            case "DescribableTextures" -> folders(tree, "dtd/images/", List.of("polka-dotted", "banded"));
            case "EuroSAT" -> folders(tree, "eurosat/2750/", List.of("SeaLake", "AnnualCrop"));
            case "UCF101" -> ucf101(tree);
            case "ImageNetV2" -> imageNetV2(tree);
            case "ImageNetSketch" -> shifted(tree, "imagenet-sketch/", "images/");
            case "ImageNetA" -> shifted(tree, "imagenet-adversarial/", "imagenet-a/");
            case "ImageNetR" -> shifted(tree, "imagenet-rendition/", "imagenet-r/");
            default -> throw new IllegalArgumentException("no miniature of " + name);
        }
    }

    /**
     * Plants DTD with a split file that lists the published numbers of classes and images, each
     * class's one image again and again.
     *
     * @param madeBy what the split file says of its origin, or empty
     * @return the split file
     */
    public static Path wholeDtd(Path root, String madeBy) throws IOException {
        List<List<LabelledImage>> parts = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        Path images = root.resolve("dtd/images");
        int[] counts = {60, 24, 36};
        for (int label = 0; label < 47; label++) {
            String name = "texture" + label;
            new MiniatureTree(root).images("dtd/images/" + name, 1);
            Path file = images.resolve(name).resolve("image_0001.jpg");
            for (int part = 0; part < counts.length; part++) {
                LabelledImage image = new LabelledImage(file, label, name);
                parts.get(part).addAll(Collections.nCopies(counts[part], image));
            }
        }
        ImageDataset dataset = ImageDataset.fromImages("DTD", parts.get(0), parts.get(1), parts.get(2));
        Path split = root.resolve("dtd/split_zhou_DescribableTextures.json");
        SplitFile.write(dataset, split, images, Optional.of(madeBy).filter(note -> !note.isEmpty()));
        return split;
    }

    private static void folders(MiniatureTree tree, String images, List<String> classes) throws IOException {
        for (String name : classes) {
            tree.images(images + name, 15);
        }
    }

    private static void caltech101(MiniatureTree tree) throws IOException {
        String images = "caltech-101/101_ObjectCategories/";
        folders(tree, images, List.of("accordion", "airplanes", "Faces"));
        folders(tree, images, List.of("BACKGROUND_Google", "Faces_easy"));
    }

    /** Thirteen images of each of two classes to train on, and one to test on of each. */
    private static void pets(MiniatureTree tree) throws IOException {
        StringBuilder trainVal = new StringBuilder();
        for (int i = 1; i <= 13; i++) {
            trainVal.append("shiba_inu_").append(i).append(" 2 2 1\n");
            trainVal.append("Abyssinian_").append(i).append(" 1 1 1\n");
            tree.file("oxford_pets/images/shiba_inu_" + i + ".jpg");
            tree.file("oxford_pets/images/Abyssinian_" + i + ".jpg");
        }
        tree.text("oxford_pets/annotations/trainval.txt", trainVal.toString())
                .text("oxford_pets/annotations/test.txt", "Abyssinian_201 1 1 1\nshiba_inu_202 2 2 1\n")
                .file("oxford_pets/images/Abyssinian_201.jpg")
                .file("oxford_pets/images/shiba_inu_202.jpg");
    }

    static void cars(MiniatureTree tree) throws IOException {
        tree.resource("stanford_cars/devkit/cars_meta.mat", "cars_meta.mat")
                .resource("stanford_cars/devkit/cars_train_annos.mat", "cars_train_annos.mat")
                .resource("stanford_cars/cars_test_annos_withlabels.mat", "cars_test_annos_withlabels.mat");
        for (int i = 1; i <= 13; i++) {
            tree.file("stanford_cars/cars_train/%05d.jpg".formatted(i));
        }
        tree.file("stanford_cars/cars_test/00001.jpg").file("stanford_cars/cars_test/00002.jpg");
    }

    static void flowers(MiniatureTree tree) throws IOException {
        tree.resource("oxford_flowers/imagelabels.mat", "imagelabels.mat")
                .text(
                        "oxford_flowers/cat_to_name.json",
                        "{\"1\": \"pink primrose\", \"2\": \"colt's foot\", \"3\": \"canterbury" + " bells\"}");
        for (int i = 1; i <= 24; i++) {
            tree.file("oxford_flowers/jpg/image_%05d.jpg".formatted(i));
        }
    }

    private static void aircraft(MiniatureTree tree) throws IOException {
        tree.text("fgvc_aircraft/variants.txt", "DC-3\n707-320\n")
                .text("fgvc_aircraft/images_variant_train.txt", "0000001 707-320\n0000002 DC-3\n")
                .text("fgvc_aircraft/images_variant_val.txt", "0000003 DC-3\n")
                .text("fgvc_aircraft/images_variant_test.txt", "0000004 707-320\n");
        for (int i = 1; i <= 4; i++) {
            tree.file("fgvc_aircraft/images/000000" + i + ".jpg");
        }
    }

    private static void sun397(MiniatureTree tree) throws IOException {
        StringBuilder training = new StringBuilder();
        for (int i = 1; i <= 10; i++) {
            for (String category : List.of("/a/apse/indoor", "/a/abbey")) {
                training.append(category).append("/sun_").append(i).append(".jpg\n");
                tree.file("sun397/SUN397" + category + "/sun_" + i + ".jpg");
            }
        }
        tree.text("sun397/ClassName.txt", "/a/abbey\n/a/apse/indoor\n")
                .text("sun397/Training_01.txt", training.toString())
                .text("sun397/Testing_01.txt", "/a/apse/indoor/sun_11.jpg\n")
                .file("sun397/SUN397/a/apse/indoor/sun_11.jpg");
    }

    private static void ucf101(MiniatureTree tree) throws IOException {
        StringBuilder training = new StringBuilder();
        for (int i = 1; i <= 5; i++) {
            training.append("YoYo/v_YoYo_g%02d_c01.avi 2\n".formatted(i));
            training.append("ApplyEyeMakeup/v_ApplyEyeMakeup_g%02d_c01.avi 1\n".formatted(i));
            tree.file("ucf101/UCF-101-midframes/Yo_Yo/v_YoYo_g%02d_c01.jpg".formatted(i));
            tree.file("ucf101/UCF-101-midframes/Apply_Eye_Makeup/v_ApplyEyeMakeup_g%02d_c01.jpg".formatted(i));
        }
        tree.text("ucf101/ucfTrainTestlist/classInd.txt", "1 ApplyEyeMakeup\r\n2 YoYo\r\n\r\n")
                .text("ucf101/ucfTrainTestlist/trainlist01.txt", training.toString())
                .text("ucf101/ucfTrainTestlist/testlist01.txt", "YoYo/v_YoYo_g25_c04.avi\n")
                .file("ucf101/UCF-101-midframes/Yo_Yo/v_YoYo_g25_c04.jpg");
    }

    private static final String CLASS_NAMES = "n01 tench\nn02 great white shark\nn03 hen\nn04 missile\n";

    private static void imageNet(MiniatureTree tree) throws IOException {
        tree.text("imagenet/classnames.txt", CLASS_NAMES)
                .images("imagenet/images/train/n02", 2)
                .images("imagenet/images/train/n01", 3)
                .images("imagenet/images/val/n01", 1)
                .images("imagenet/images/val/n02", 1);
    }

    private static void imageNetV2(MiniatureTree tree) throws IOException {
        tree.text("imagenetv2/classnames.txt", CLASS_NAMES);
        for (int label = 0; label < 4; label++) {
            tree.images("imagenetv2/imagenetv2-matched-frequency-format-val/" + label, 1);
        }
    }

    /** Two of the four classes, and the file that ImageNet-A and -R have beside the folders. */
    private static void shifted(MiniatureTree tree, String directory, String images) throws IOException {
        tree.text(directory + "classnames.txt", CLASS_NAMES)
                .file(directory + images + "README.txt")
                .images(directory + images + "n04", 1)
                .images(directory + images + "n02", 2);
    }
}
