package org.coop4j.sweep;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.run.DataSpec;

/** Reads the datasets of a plan: published names, paths, or mappings. */
final class DatasetReader {

    private static final String NAME = "name";
    private static final String PATH = "path";
    private static final String IMAGES = "images";
    private static final String NAMES = "names";
    private static final String SPLIT_SEED = "split_seed";
    private static final String TEMPLATE = "template";
    private static final List<String> KEYS =
            List.of(NAME, PATH, IMAGES, NAMES, SPLIT_SEED, TEMPLATE);

    /** All runs of a sweep share one split, where the data has none. */
    private static final long USUAL_SPLIT_SEED = 1;

    private final PlanText text;
    private final Path folder;
    private final Optional<Path> root;

    /**
     * @param folder where relative paths begin
     * @param root the folder of the published datasets
     */
    DatasetReader(PlanText text, Path folder, Optional<Path> root) {
        this.text = text;
        this.folder = folder;
        this.root = root;
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
        if (item instanceof PlanNode.Scalar) {
            String word = text.text(item, "dataset");
            return new SweepPlan.Dataset(
                    Benchmarks.published().find(word).isPresent()
                            ? published(item, word, USUAL_SPLIT_SEED, null)
                            : own(item, word, null, null, null, USUAL_SPLIT_SEED, null),
                    Overrides.none());
        }
        List<String> keys = new ArrayList<>(KEYS);
        keys.addAll(Overrides.keys());
        PlanNode.Mapping mapping = text.mapping(item, "a dataset", keys);
        return new SweepPlan.Dataset(spec(mapping), Overrides.of(mapping, text));
    }

    private DataSpec spec(PlanNode.Mapping mapping) throws PlanException {
        Map<String, PlanNode> values = mapping.values();
        PlanNode seed = values.get(SPLIT_SEED);
        long splitSeed =
                seed == null
                        ? USUAL_SPLIT_SEED
                        : text.whole(seed, SPLIT_SEED, 0, Integer.MAX_VALUE);
        String template = optional(values, TEMPLATE);
        if (template != null && !template.contains("{}")) {
            throw text.problem(
                    values.get(TEMPLATE).line(),
                    "template \"" + template + "\" has no {}: put {} where the class name belongs");
        }
        String name = optional(values, NAME);
        if (values.containsKey(PATH)) {
            return own(
                    mapping,
                    optional(values, PATH),
                    name,
                    optional(values, IMAGES),
                    optional(values, NAMES),
                    splitSeed,
                    template);
        }
        if (name == null) {
            throw text.problem(mapping.line(), "this dataset has neither name nor path");
        }
        for (String key : List.of(IMAGES, NAMES)) {
            if (values.containsKey(key)) {
                throw text.problem(
                        values.get(key).line(), "\"" + key + "\" belongs to a dataset with a path");
            }
        }
        return published(mapping, name, splitSeed, template);
    }

    private String optional(Map<String, PlanNode> values, String key) throws PlanException {
        PlanNode node = values.get(key);
        return node == null ? null : text.text(node, key);
    }

    private DataSpec published(PlanNode node, String name, long splitSeed, String template)
            throws PlanException {
        Benchmark benchmark =
                Benchmarks.published()
                        .find(name)
                        .orElseThrow(
                                () ->
                                        text.problem(
                                                node.line(),
                                                "no dataset is called \"%s\"; published are %s; your own has a path"
                                                        .formatted(name, publishedNames())));
        Path place =
                root.orElseThrow(
                        () ->
                                text.problem(
                                        node.line(),
                                        "where is %s? Say data: DIR in the plan, or --data DIR"
                                                .formatted(benchmark.name())));
        return new DataSpec(
                absolute(place), benchmark.name(), null, null, splitSeed, null, template);
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
            throw text.problem(
                    node.line(),
                    "\"%s\" is neither a published dataset (%s) nor a folder or file: there is no %s"
                            .formatted(path, publishedNames(), place));
        }
        return new DataSpec(
                absolute(place),
                null,
                images == null ? null : absolute(resolve(node, images)),
                names == null ? null : absolute(resolve(node, names)),
                splitSeed,
                name,
                template);
    }

    private Path resolve(PlanNode node, String path) throws PlanException {
        try {
            return folder.resolve(path);
        } catch (InvalidPathException e) {
            throw text.problem(node.line(), "\"" + path + "\" is no path");
        }
    }

    private static String absolute(Path path) {
        return path.toAbsolutePath().normalize().toString();
    }
}
