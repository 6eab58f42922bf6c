package org.coop4j.study;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.image.ExifOrientation;
import org.coop4j.run.DataSpec;

/** Reads the datasets of a plan: published names, paths, or mappings. */
final class DatasetReader {

    private static final String NAME = "name";
    private static final String PATH = "path";
    private static final String IMAGES = "images";
    private static final String NAMES = "names";
    private static final String SPLIT_SEED = "split_seed";
    private static final String TEMPLATE = "template";

    /** A key of a dataset, and of a plan for all datasets that do not have it. */
    static final String EXIF = "exif";

    private static final List<String> KEYS =
            List.of(NAME, PATH, IMAGES, NAMES, SPLIT_SEED, TEMPLATE, EXIF);

    /** All runs of a sweep share one split, where the data has none. */
    private static final long USUAL_SPLIT_SEED = 1;

    private final Path folder;
    private final Optional<Path> root;
    private final ExifOrientation usualExif;

    /**
     * @param folder where relative paths begin
     * @param root the folder of the published datasets
     * @param exif what the plan says of all datasets' EXIF orientations, or null
     */
    DatasetReader(Path folder, Optional<Path> root, PlanNode exif) throws PlanException {
        this.folder = folder;
        this.root = root;
        this.usualExif = exif(exif, null);
    }

    /** Whether a user's word for a dataset means the one of this name. */
    static boolean means(String word, String dataset) {
        return word.equals(dataset)
                || Benchmarks.published()
                        .find(word)
                        .filter(b -> b.name().equals(dataset))
                        .isPresent();
    }

    SweepPlan.Dataset read(PlanNode item) throws PlanException {
        if (!item.isMapping() && !item.isList()) {
            String word = item.text("dataset");
            DataSpec data =
                    Benchmarks.published().find(word).isPresent()
                            ? published(item, word, USUAL_SPLIT_SEED, null)
                            : own(item, word, null, null, null, USUAL_SPLIT_SEED, null);
            return new SweepPlan.Dataset(data.withExif(usualExif), Overrides.none());
        }
        List<String> keys = new ArrayList<>(KEYS);
        keys.addAll(Overrides.keys());
        PlanNode.Mapping mapping = item.mapping("a dataset", keys);
        return new SweepPlan.Dataset(
                spec(mapping).withExif(exif(mapping.get(EXIF), usualExif)), Overrides.of(mapping));
    }

    private static ExifOrientation exif(PlanNode node, ExifOrientation unsaid)
            throws PlanException {
        if (node == null) {
            return unsaid;
        }
        try {
            return ExifOrientation.named(node.text(EXIF));
        } catch (IllegalArgumentException e) {
            throw node.problem(EXIF + ": " + e.getMessage());
        }
    }

    private DataSpec spec(PlanNode.Mapping mapping) throws PlanException {
        long splitSeed =
                mapping.has(SPLIT_SEED)
                        ? mapping.get(SPLIT_SEED).whole(SPLIT_SEED, 0, Integer.MAX_VALUE)
                        : USUAL_SPLIT_SEED;
        String template = mapping.text(TEMPLATE);
        if (template != null && !template.contains("{}")) {
            throw mapping.get(TEMPLATE)
                    .problem(
                            "template \""
                                    + template
                                    + "\" has no {}: put {} where the class name belongs");
        }
        String name = mapping.text(NAME);
        if (mapping.has(PATH)) {
            return own(
                    mapping.whole(),
                    mapping.text(PATH),
                    name,
                    mapping.text(IMAGES),
                    mapping.text(NAMES),
                    splitSeed,
                    template);
        }
        if (name == null) {
            throw mapping.whole().problem("this dataset has neither name nor path");
        }
        for (String key : List.of(IMAGES, NAMES)) {
            if (mapping.has(key)) {
                throw mapping.get(key).problem("\"" + key + "\" belongs to a dataset with a path");
            }
        }
        return published(mapping.whole(), name, splitSeed, template);
    }

    private DataSpec published(PlanNode node, String name, long splitSeed, String template)
            throws PlanException {
        Benchmark benchmark =
                Benchmarks.published()
                        .find(name)
                        .orElseThrow(
                                () ->
                                        node.problem(
                                                "no dataset is called \"%s\"; published are %s; your own has a path"
                                                        .formatted(name, publishedNames())));
        Path place =
                root.orElseThrow(
                        () ->
                                node.problem(
                                        "where is %s? Say data: DIR in the plan, or --data DIR"
                                                .formatted(benchmark.name())));
        return DataSpec.of(absolute(place))
                .withBenchmark(benchmark.name())
                .withSplitSeed(splitSeed)
                .described(null, template);
    }

    private static String publishedNames() {
        return Benchmarks.published().all().stream()
                .map(Benchmark::name)
                .collect(Collectors.joining(", "));
    }

    private DataSpec own(
            PlanNode node,
            String path,
            String name,
            String images,
            String names,
            long splitSeed,
            String template)
            throws PlanException {
        Path place = resolve(node, path);
        if (!Files.exists(place)) {
            throw node.problem(
                    "\"%s\" is neither a published dataset (%s) nor a folder or file: there is no %s"
                            .formatted(path, publishedNames(), place));
        }
        return DataSpec.of(absolute(place))
                .withFiles(
                        images == null ? null : absolute(resolve(node, images)),
                        names == null ? null : absolute(resolve(node, names)))
                .withSplitSeed(splitSeed)
                .described(name, template);
    }

    private Path resolve(PlanNode node, String path) throws PlanException {
        try {
            return folder.resolve(path);
        } catch (InvalidPathException e) {
            throw node.problem("\"" + path + "\" is no path");
        }
    }

    private static Path absolute(Path path) {
        return path.toAbsolutePath().normalize();
    }
}
