package org.coop4j.study;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import org.coop4j.base.Settings;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Method;
import org.coop4j.method.train.Training;
import org.coop4j.run.DataSpec;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;

/**
 * Reads a plan. YAML becomes texts, lists and keys, of which each is known by its path, such as {@code
 * /methods/2/rate}, and every path by its line and column; Jackson binds them to records of texts, and those are made a
 * plan. Whatever is wrong is said with its place.
 */
final class PlanReader {

    /** A plan is written by hand. */
    private static final int MOST_BYTES = 1 << 20;

    private static final int DEEPEST = 20;
    private static final int MOST = 1_000_000;

    /** The reference's. */
    private static final List<Integer> USUAL_SHOTS = List.of(1, 2, 4, 8, 16);

    private static final List<Long> USUAL_SEEDS = List.of(1L, 2L, 3L);

    /** All runs of a sweep share one split, where the data has none. */
    private static final long USUAL_SPLIT_SEED = 1;

    private static final YAMLMapper YAML = YAMLMapper.builder(YAMLFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .build())
                    .build())
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(DeserializationFeature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
            .build();

    /** A plan as it is written, but for the settings of training. */
    private record PlanText(
            String data,
            List<Object> datasets,
            List<Object> methods,
            List<String> shots,
            List<String> seeds,
            Object testOn,
            Object baseToNew,
            String exif) {}

    private record DatasetText(
            String name, String path, String images, String names, String splitSeed, String template, String exif) {}

    private record TestOnText(List<Object> datasets, List<String> from, List<String> methods, List<String> shots) {}

    private record BaseToNewText(List<String> datasets, List<String> methods, List<String> shots) {}

    private final Path file;
    private final Path folder;
    private final Map<String, JsonLocation> places = new HashMap<>();
    private Optional<Path> root;
    private ExifOrientation usualExif;

    /**
     * @param file relative paths in it begin at its folder
     * @param dataRoot wins over what the plan says
     */
    PlanReader(Path file, Optional<Path> dataRoot) {
        this.file = file;
        Path parent = file.toAbsolutePath().getParent();
        this.folder = parent == null ? file.toAbsolutePath() : parent;
        this.root = dataRoot;
    }

    SweepPlan read() throws IOException {
        Object tree = tree();
        PlanText text = bind("", tree, "a plan", PlanText.class, Overrides.keys());
        if (root.isEmpty() && text.data != null) {
            root = Optional.of(folder.resolve(text.data));
        }
        usualExif = exif("/exif", text.exif, null);
        require("/datasets", text.datasets);
        require("/methods", text.methods);
        List<SweepPlan.Dataset> datasets = datasets("/datasets", text.datasets);
        List<PlannedMethod> methods = methods(text.methods);
        List<Integer> shots = has("/shots") ? shots("/shots", text.shots) : USUAL_SHOTS;
        SweepPlan plan = new SweepPlan(
                datasets,
                methods,
                shots,
                has("/seeds") ? seeds("/seeds", text.seeds) : USUAL_SEEDS,
                overrides("", tree),
                Optional.empty(),
                Optional.empty());
        return plan.with(testOn(text.testOn, plan), baseToNew(text.baseToNew, plan));
    }

    // YAML: texts, lists and keys

    private Object tree() throws IOException {
        String content = content();
        requirePlain(content);
        try (YAMLParser parser = YAML.getFactory().createParser(content)) {
            if (parser.nextToken() == null) {
                throw problem(1, 1, "the plan is empty (coop sweep --example prints one)");
            }
            places.put("", parser.currentTokenLocation());
            Object tree = tree(parser, "");
            if (parser.nextToken() != null) {
                throw problem(parser.currentTokenLocation(), "a second document begins: a plan is one");
            }
            return tree;
        } catch (JsonProcessingException e) {
            throw problem(
                    e.getLocation() == null ? JsonLocation.NA : e.getLocation(),
                    "this is no YAML: " + e.getOriginalMessage());
        }
    }

    /** Anchors could make a small plan endless, and types could name classes. */
    private void requirePlain(String content) throws PlanException {
        try {
            for (Event event : new Yaml().parse(new StringReader(content))) {
                if (event instanceof NodeEvent node && node.getAnchor() != null) {
                    throw problem(
                            event.getStartMark(), "anchors such as &" + node.getAnchor() + " are not used in plans");
                }
                String type = event instanceof ScalarEvent scalar
                        ? scalar.getTag()
                        : event instanceof CollectionStartEvent collection ? collection.getTag() : null;
                if (type != null) {
                    throw problem(event.getStartMark(), "types such as " + type + " are not used: write the value");
                }
            }
        } catch (MarkedYAMLException e) {
            throw problem(e.getProblemMark(), "this is no YAML: " + e.getProblem());
        } catch (YAMLException e) {
            String first = e.getMessage().lines().findFirst().orElse("");
            throw problem(1, 1, "this is no YAML: " + first);
        }
    }

    private String content() throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] content = in.readNBytes(MOST_BYTES + 1); // of a device, more would come for ever
            if (content.length > MOST_BYTES) {
                throw new PlanException(file + " has more than a megabyte: this is no plan");
            }
            return UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
        } catch (NoSuchFileException e) {
            throw new PlanException("no such plan: " + file + " (coop sweep --example prints one)", e);
        } catch (CharacterCodingException e) {
            throw new PlanException(file + " is not UTF-8: save it as UTF-8", e);
        }
    }

    /** A text, a list or a mapping; where nothing is written, an empty list. */
    private Object tree(YAMLParser parser, String path) throws IOException {
        if (parser.currentToken() == JsonToken.START_ARRAY) {
            List<Object> list = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                String item = path + "/" + list.size();
                places.put(item, parser.currentTokenLocation());
                list.add(tree(parser, item));
            }
            return list;
        }
        if (parser.currentToken() == JsonToken.START_OBJECT) {
            Map<String, Object> mapping = new LinkedHashMap<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String key = parser.currentName().strip();
                String value = path + "/" + key;
                places.put(value, parser.currentTokenLocation());
                if (mapping.containsKey(key)) {
                    throw problem(value, "\"" + key + "\" is there twice");
                }
                parser.nextToken();
                mapping.put(key, tree(parser, value));
            }
            return mapping;
        }
        String text = parser.currentToken() == JsonToken.VALUE_NULL
                ? ""
                : parser.getText().strip();
        return text.isEmpty() ? List.of() : text;
    }

    // Places and problems

    private boolean has(String path) {
        return places.containsKey(path);
    }

    /** Something is wrong at a path, or at what it lies in. */
    private PlanException problem(String path, String message) {
        String known = path;
        while (!places.containsKey(known)) {
            known = known.substring(0, known.lastIndexOf('/'));
        }
        return problem(places.get(known), message);
    }

    private PlanException problem(JsonLocation place, String message) {
        return problem(Math.max(1, place.getLineNr()), Math.max(1, place.getColumnNr()), message);
    }

    private PlanException problem(Mark place, String message) {
        return problem(place == null ? 1 : place.getLine() + 1, place == null ? 1 : place.getColumn() + 1, message);
    }

    private PlanException problem(int line, int column, String message) {
        return new PlanException("%s, line %d, column %d: %s".formatted(file.getFileName(), line, column, message));
    }

    /** The last key of a path. */
    private static String key(String path) {
        String named = path.replaceAll("(/\\d+)+$", "");
        return named.substring(named.lastIndexOf('/') + 1);
    }

    // Records of texts

    /**
     * Binds keys with values to a record.
     *
     * @param what what has the keys, such as "a dataset"
     * @param others keys that are read by another way
     */
    private <R extends Record> R bind(String path, Object tree, String what, Class<R> type, Collection<String> others)
            throws PlanException {
        if (!(tree instanceof Map)) {
            throw problem(path, what + " is written as keys with values");
        }
        List<String> allowed = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            allowed.add(component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT));
        }
        allowed.addAll(others);
        requireKeys(path, what, (Map<?, ?>) tree, allowed);
        Map<?, ?> keys = new LinkedHashMap<>((Map<?, ?>) tree);
        keys.keySet().removeAll(others);
        try {
            return YAML.convertValue(keys, type);
        } catch (IllegalArgumentException e) {
            if (!(e.getCause() instanceof JsonMappingException wrong)) {
                throw e;
            }
            String place = path;
            for (JsonMappingException.Reference step : wrong.getPath()) {
                place += "/" + (step.getFieldName() == null ? step.getIndex() : step.getFieldName());
            }
            throw missing(place);
        }
    }

    private void requireKeys(String path, String what, Map<?, ?> keys, Collection<String> allowed)
            throws PlanException {
        for (Object key : keys.keySet()) {
            if (!allowed.contains(key)) {
                throw problem(
                        path + "/" + key,
                        "unknown key \"%s\": %s has %s".formatted(key, what, String.join(", ", allowed)));
            }
        }
    }

    private void require(String path, Object list) throws PlanException {
        if (list == null) {
            String whole = path.substring(0, path.lastIndexOf('/'));
            throw problem(whole, "the plan has no " + key(path) + " (coop sweep --example prints a whole plan)");
        }
    }

    /** The items of a list; a single value is a list of one. */
    private List<?> items(String path, Object value) throws PlanException {
        List<?> items = value instanceof List<?> list ? list : List.of(value);
        if (items.isEmpty()) {
            throw problem(path, key(path) + ": nothing is listed");
        }
        return items;
    }

    /** The texts of a list, each there once. */
    private List<String> texts(String path, Object value) throws PlanException {
        Set<String> texts = new LinkedHashSet<>();
        for (Object item : items(path, value)) {
            String place = path + "/" + texts.size();
            String text = text(place, item);
            if (!texts.add(text)) {
                throw problem(place, key(path) + " lists " + text + " twice");
            }
        }
        return List.copyOf(texts);
    }

    private String text(String path, Object value) throws PlanException {
        if (value instanceof String text) {
            return text;
        }
        throw missing(path);
    }

    private PlanException missing(String path) {
        return problem(path, key(path) + " is missing its value");
    }

    /** A whole number between bounds, both included. */
    private long whole(String path, Object value, long least, long most) throws PlanException {
        String text = text(path, value);
        if (!text.matches("[+-]?\\d{1,18}") || Long.parseLong(text) < least) {
            throw problem(path, "%s is \"%s\": give a whole number, %d or more".formatted(key(path), text, least));
        }
        if (Long.parseLong(text) > most) {
            throw problem(path, key(path) + " is " + text + ": the most is " + most);
        }
        return Long.parseLong(text);
    }

    private List<Integer> shots(String path, Object value) throws PlanException {
        List<Integer> shots = new ArrayList<>();
        for (String item : texts(path, value)) {
            shots.add(item.equals("all") ? 0 : (int) whole(path + "/" + shots.size(), item, 0, MOST));
        }
        return shots;
    }

    private List<Long> seeds(String path, Object value) throws PlanException {
        List<Long> seeds = new ArrayList<>();
        for (String item : texts(path, value)) {
            seeds.add(whole(path + "/" + seeds.size(), item, 1, Integer.MAX_VALUE));
        }
        return seeds;
    }

    // Settings of training

    private Overrides overrides(String path, Object tree) throws PlanException {
        Map<String, Object> training = new LinkedHashMap<>();
        Map<Integer, Integer> epochs = new LinkedHashMap<>();
        Map<String, Integer> others = new LinkedHashMap<>();
        for (Map.Entry<?, ?> said : ((Map<?, ?>) tree).entrySet()) {
            String name = (String) said.getKey();
            Object value = said.getValue();
            String place = path + "/" + name;
            if (name.equals(Overrides.EPOCHS)) {
                epochs = epochs(place, value);
            } else if (name.equals(Overrides.VIEWS)) {
                others.put(name, views(place, value));
            } else if (name.equals(Overrides.CHECKPOINT_EVERY)) {
                others.put(name, (int) whole(place, value, 1, MOST));
            } else if (Overrides.keys().contains(name)) {
                training.put(name, text(place, value));
                requireAllowed(place, Training.coop(1, 1), Map.of(name, training.get(name)));
            }
        }
        return new Overrides(training, epochs, others);
    }

    private void requireAllowed(String path, Record settings, Map<String, Object> values) throws PlanException {
        try {
            Settings.with(settings, values);
        } catch (IllegalArgumentException e) {
            throw problem(path, e.getMessage());
        }
    }

    private Map<Integer, Integer> epochs(String path, Object value) throws PlanException {
        if (!(value instanceof Map<?, ?> byShots)) {
            return Map.of(Overrides.ANY_SHOTS, (int) whole(path, value, 1, MOST));
        }
        Map<Integer, Integer> epochs = new LinkedHashMap<>();
        for (Map.Entry<?, ?> said : byShots.entrySet()) {
            String place = path + "/" + said.getKey();
            String shots = (String) said.getKey();
            if (!shots.matches("\\d{1,6}")) {
                throw problem(place, "shots of epochs is \"" + shots + "\": give a whole number, 0 or more");
            }
            epochs.put(Integer.parseInt(shots), (int) whole(place, said.getValue(), 1, MOST));
        }
        return epochs;
    }

    private int views(String path, Object value) throws PlanException {
        if (value.equals(Overrides.EPOCHS)) {
            return Overrides.A_NEW_VIEW_EACH_EPOCH;
        }
        try {
            return (int) whole(path, value, 0, MOST);
        } catch (PlanException e) {
            throw new PlanException(e.getMessage() + ", or \"epochs\"", e);
        }
    }

    // Datasets

    private List<SweepPlan.Dataset> datasets(String path, Object listed) throws PlanException {
        List<SweepPlan.Dataset> datasets = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Object item : items(path, listed)) {
            String place = path + "/" + datasets.size();
            SweepPlan.Dataset dataset = item instanceof Map
                    ? described(place, item)
                    : new SweepPlan.Dataset(named(place, text(place, item)), Overrides.none());
            if (!names.add(dataset.name())) {
                throw problem(place, "two datasets are called " + dataset.name() + ": give one of them another name");
            }
            datasets.add(dataset);
        }
        return datasets;
    }

    private DataSpec named(String path, String word) throws PlanException {
        DataSpec data = Benchmarks.published().find(word).isPresent()
                ? published(path, word, USUAL_SPLIT_SEED, null)
                : own(path, new DatasetText(null, word, null, null, null, null, null), USUAL_SPLIT_SEED);
        return data.withExif(usualExif);
    }

    private SweepPlan.Dataset described(String path, Object tree) throws PlanException {
        DatasetText text = bind(path, tree, "a dataset", DatasetText.class, Overrides.keys());
        long splitSeed = text.splitSeed == null
                ? USUAL_SPLIT_SEED
                : whole(path + "/split_seed", text.splitSeed, 0, Integer.MAX_VALUE);
        if (text.template != null && !text.template.contains("{}")) {
            throw problem(
                    path + "/template",
                    "template \"" + text.template + "\" has no {}: put {} where the class name belongs");
        }
        if (text.path == null && text.name == null) {
            throw problem(path, "this dataset has neither name nor path");
        }
        for (String key : List.of("images", "names")) {
            if (text.path == null && has(path + "/" + key)) {
                throw problem(path + "/" + key, "\"" + key + "\" belongs to a dataset with a path");
            }
        }
        DataSpec data =
                text.path == null ? published(path, text.name, splitSeed, text.template) : own(path, text, splitSeed);
        return new SweepPlan.Dataset(data.withExif(exif(path + "/exif", text.exif, usualExif)), overrides(path, tree));
    }

    private ExifOrientation exif(String path, String said, ExifOrientation unsaid) throws PlanException {
        try {
            return said == null ? unsaid : ExifOrientation.named(said);
        } catch (IllegalArgumentException e) {
            throw problem(path, "exif: " + e.getMessage());
        }
    }

    private DataSpec published(String path, String name, long splitSeed, String template) throws PlanException {
        Benchmark benchmark = Benchmarks.published()
                .find(name)
                .orElseThrow(() -> problem(
                        path,
                        "no dataset is called \"%s\"; published are %s; your own has a path"
                                .formatted(name, publishedNames())));
        Path place = root.orElseThrow(() ->
                problem(path, "where is %s? Say data: DIR in the plan, or --data DIR".formatted(benchmark.name())));
        return DataSpec.of(absolute(place))
                .withBenchmark(benchmark.name())
                .withSplitSeed(splitSeed)
                .described(null, template);
    }

    private static String publishedNames() {
        return Benchmarks.published().all().stream().map(Benchmark::name).collect(Collectors.joining(", "));
    }

    private DataSpec own(String path, DatasetText text, long splitSeed) throws PlanException {
        Path place = resolve(path, text.path);
        if (!Files.exists(place)) {
            throw problem(
                    path,
                    "\"%s\" is neither a published dataset (%s) nor a folder or file: there is no %s"
                            .formatted(text.path, publishedNames(), place));
        }
        return DataSpec.of(absolute(place))
                .withFiles(
                        text.images == null ? null : absolute(resolve(path + "/images", text.images)),
                        text.names == null ? null : absolute(resolve(path + "/names", text.names)))
                .withSplitSeed(splitSeed)
                .described(text.name, text.template);
    }

    private Path resolve(String path, String written) throws PlanException {
        try {
            return folder.resolve(written);
        } catch (InvalidPathException e) {
            throw problem(path, "\"" + written + "\" is no path");
        }
    }

    private static Path absolute(Path path) {
        return path.toAbsolutePath().normalize();
    }

    // Methods: a name of the plan's own, without a method, is a context with settings, or templates

    private List<PlannedMethod> methods(List<Object> listed) throws PlanException {
        List<PlannedMethod> methods = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Object item : items("/methods", listed)) {
            String path = "/methods/" + methods.size();
            PlannedMethod method = item instanceof String name
                    ? new PlannedMethod(name, builtIn(path, name), Overrides.none())
                    : ownMethod(path, item);
            if (!names.add(method.name())) {
                throw problem(path, "there are two methods called " + method.name());
            }
            methods.add(method);
        }
        return methods;
    }

    private Method builtIn(String path, String name) throws PlanException {
        return find(name)
                .orElseThrow(() -> problem(
                        path,
                        "no method is called \"%s\"; there are %s, coop-mM-POSITION[-csc] with end, middle or front;"
                                        .formatted(name, String.join(", ", PlannedMethod.names()))
                                + " or a mapping of name, method and settings"));
    }

    private static Optional<Method> find(String name) {
        try {
            return Optional.of(Method.of(name));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private PlannedMethod ownMethod(String path, Object item) throws PlanException {
        if (!(item instanceof Map<?, ?> keys)) {
            throw problem(path, "a method is written as a name, or as keys with values");
        }
        if (!keys.containsKey("name")) {
            throw problem(path, "this method has no name");
        }
        String name = text(path + "/name", keys.get("name"));
        Optional<Method> builtIn = find(name);
        Method base = base(path, builtIn, keys);
        Set<String> allowed = new LinkedHashSet<>(List.of("name", "method"));
        allowed.addAll(Settings.of((Record) base).keySet());
        allowed.addAll(base.training(1).trains() ? Overrides.keys() : List.of());
        requireKeys(path, base.title(), keys, allowed);
        Method method = set(path, base, keys);
        boolean saysSettings = builtIn.isPresent() && !builtIn.get().id().equals(name);
        if (saysSettings && !method.equals(builtIn.get())) {
            throw problem(path, name + " says by its name what settings it has: give this method another name");
        }
        return new PlannedMethod(name, method, overrides(path, keys));
    }

    private Method base(String path, Optional<Method> builtIn, Map<?, ?> keys) throws PlanException {
        if (keys.containsKey("method")) {
            return builtIn(path + "/method", text(path + "/method", keys.get("method")));
        }
        if (builtIn.isPresent() && keys.containsKey("templates")) {
            throw problem(
                    path + "/templates",
                    builtIn.get().title() + " has its own templates: give this method another name");
        }
        Set<String> names = new LinkedHashSet<>();
        keys.keySet().forEach(key -> names.add((String) key));
        return builtIn.orElseGet(() -> Method.ofSettings(names));
    }

    private Method set(String path, Method base, Map<?, ?> keys) throws PlanException {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Map.Entry<String, Object> setting : Settings.of((Record) base).entrySet()) {
            String name = setting.getKey();
            Object value = keys.get(name);
            if (value != null) {
                String place = path + "/" + name;
                boolean several = value instanceof List || setting.getValue() instanceof List;
                values.put(name, several ? texts(place, value) : text(place, value));
                requireAllowed(place, (Record) base, values);
            }
        }
        return base.with(values);
    }

    // What test_on and base_to_new choose from the plan's own

    private Optional<SweepPlan.TestOn> testOn(Object tree, SweepPlan plan) throws PlanException {
        if (tree == null) {
            return Optional.empty();
        }
        String path = "/test_on";
        boolean more = tree instanceof Map;
        TestOnText text = more
                ? bind(path, tree, "test_on", TestOnText.class, List.of())
                : new TestOnText(null, null, null, null);
        String listed = more ? path + "/datasets" : path;
        require(listed, more ? text.datasets : tree);
        List<SweepPlan.Dataset> targets = datasets(listed, more ? text.datasets : tree);
        for (SweepPlan.Dataset target : targets) {
            for (SweepPlan.Dataset own : plan.datasets()) {
                if (own.name().equals(target.name()) && !own.data().equals(target.data())) {
                    throw problem(path, "there are two different datasets called " + own.name());
                }
            }
        }
        List<String> all = plan.methods().stream().map(PlannedMethod::name).toList();
        return Optional.of(new SweepPlan.TestOn(
                targets,
                new SweepPlan.Choice(
                        chosenDatasets(path + "/from", text.from, plan),
                        chosen(path + "/methods", text.methods, all, all, String::equals),
                        chosenShots(path + "/shots", text.shots, plan))));
    }

    private Optional<SweepPlan.Choice> baseToNew(Object tree, SweepPlan plan) throws PlanException {
        if (tree == null) {
            return Optional.empty();
        }
        String path = "/base_to_new";
        List<String> all = plan.methods().stream().map(PlannedMethod::name).toList();
        List<String> able = plan.methods().stream()
                .filter(planned -> planned.method().namesNewClasses())
                .map(PlannedMethod::name)
                .toList();
        if (able.isEmpty()) {
            throw problem(
                    path,
                    "base_to_new needs a method that can name new classes: hand-written prompts or a unified context");
        }
        if (!(tree instanceof Map) && !flag(path, tree)) {
            return Optional.empty();
        }
        BaseToNewText text = tree instanceof Map
                ? bind(path, tree, "base_to_new", BaseToNewText.class, List.of())
                : new BaseToNewText(null, null, null);
        SweepPlan.Choice choice = new SweepPlan.Choice(
                chosenDatasets(path + "/datasets", text.datasets, plan),
                chosen(path + "/methods", text.methods, all, able, String::equals),
                chosenShots(path + "/shots", text.shots, plan));
        for (String method : choice.methods()) {
            if (!able.contains(method)) {
                throw problem(
                        path + "/methods",
                        method + " has nothing for classes that it did not learn: base_to_new takes hand-written"
                                + " prompts and unified contexts");
            }
        }
        return Optional.of(choice);
    }

    private boolean flag(String path, Object value) throws PlanException {
        String text = text(path, value);
        if (!text.equals("true") && !text.equals("false")) {
            throw problem(path, key(path) + " is \"" + text + "\": write true or false");
        }
        return text.equals("true");
    }

    private Set<String> chosenDatasets(String path, List<String> said, SweepPlan plan) throws PlanException {
        List<String> all = plan.datasets().stream().map(SweepPlan.Dataset::name).toList();
        return chosen(
                path,
                said,
                all,
                all,
                (word, name) -> word.equals(name)
                        || Benchmarks.published()
                                .find(word)
                                .filter(b -> b.name().equals(name))
                                .isPresent());
    }

    /**
     * Those of the plan's own that a key names, or the usual ones where it is not said.
     *
     * @param means returns true if a word means one of the plan's own
     */
    private Set<String> chosen(
            String path, List<String> said, List<String> own, List<String> usual, BiPredicate<String, String> means)
            throws PlanException {
        if (said == null) {
            return Set.copyOf(usual);
        }
        Set<String> chosen = new LinkedHashSet<>();
        for (String word : texts(path, said)) {
            chosen.add(own.stream()
                    .filter(name -> means.test(word, name))
                    .findFirst()
                    .orElseThrow(() -> notThere(path, word, own)));
        }
        return chosen;
    }

    private Set<Integer> chosenShots(String path, List<String> said, SweepPlan plan) throws PlanException {
        if (said == null) {
            return Set.copyOf(plan.shots());
        }
        List<Integer> chosen = shots(path, said);
        for (int value : chosen) {
            if (!plan.shots().contains(value)) {
                throw notThere(
                        path,
                        Integer.toString(value),
                        plan.shots().stream().map(String::valueOf).toList());
            }
        }
        return Set.copyOf(chosen);
    }

    private PlanException notThere(String path, String value, List<String> own) {
        return problem(
                path, "%s: \"%s\" is not among the plan's own, %s".formatted(key(path), value, String.join(", ", own)));
    }
}
