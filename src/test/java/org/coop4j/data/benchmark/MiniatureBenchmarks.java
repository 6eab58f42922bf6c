package org.coop4j.data.benchmark;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Resource;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.SplitFile;

/**
 * Plants each published dataset as a miniature in its true layout, without a split file.
 *
 * @param root folder of all datasets; image files are few and empty
 */
public record MiniatureBenchmarks(Path root) {
    private static final Pattern RANGE = Pattern.compile("\\{(\\d+)\\.\\.(\\d+)}");

    /** Plants a dataset in the folder of all datasets, as {@code miniatures.txt} describes it. */
    public static void plant(String name, Path root) throws IOException {
        MiniatureBenchmarks tree = new MiniatureBenchmarks(root);
        String all = Resource.text(MiniatureBenchmarks.class, "miniatures.txt");
        String own = all.split("== " + name + "\n", 2)[1].split("\n\n", 2)[0];
        for (String line : own.lines().toList()) {
            String[] text = line.split(": ", 2);
            String[] images = line.split(" \\* ", -1);
            String[] resource = line.split(" < ", -1);
            if (images.length > 1) {
                tree.images(images[0], Integer.parseInt(images[1]));
            } else if (resource.length > 1) {
                tree.resource(resource[0], resource[1]);
            } else if (text.length > 1) {
                String lines = Stream.of(text[1].split(" \\| ", -1))
                        .flatMap(MiniatureBenchmarks::repeated)
                        .collect(Collectors.joining("\r\n"));
                tree.text(text[0], lines);
            } else {
                for (String file : repeated(line).toList()) {
                    tree.file(file);
                }
            }
        }
    }

    private static Stream<String> repeated(String line) {
        Matcher range = RANGE.matcher(line);
        if (!range.find()) {
            return Stream.of(line);
        }
        String form = "%0" + range.group(1).length() + "d";
        return IntStream.rangeClosed(Integer.parseInt(range.group(1)), Integer.parseInt(range.group(2)))
                .mapToObj(i -> range.replaceFirst(form.formatted(i)));
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
            new MiniatureBenchmarks(root).images("dtd/images/" + name, 1);
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

    /** Makes numbered images in a folder. */
    public MiniatureBenchmarks images(String folder, int count) throws IOException {
        for (int i = 1; i <= count; i++) {
            file(folder + "/image_%04d.jpg".formatted(i));
        }
        return this;
    }

    public MiniatureBenchmarks file(String path) throws IOException {
        return text(path, "");
    }

    public MiniatureBenchmarks text(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        return this;
    }

    /** Copies a test resource. */
    public MiniatureBenchmarks resource(String path, String resource) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        try (InputStream in = MiniatureBenchmarks.class.getResourceAsStream(resource)) {
            Files.copy(in, file);
        }
        return this;
    }
}
