package org.coop4j.study;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.IoFunction;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.data.DataSpec;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.page.Shots;
import org.coop4j.run.Recipe;
import org.coop4j.study.SweepPlan.Choice;
import org.coop4j.study.SweepPlan.Dataset;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;

/**
 * Reads a plan. A refusal names the line of the key or item that is wrong. The position in the plan is a JSON pointer, such as
 * {@code /methods/0/rate}.
 */
final class PlanReader {

    private static final Benchmarks PUBLISHED = Benchmarks.published();
    /** A limit for plans that multiply by mistake. */
    private static final int MOST_RUNS = 100_000;

    private static final String EXAMPLE = " (coop sweep --example prints a plan)";
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(YAMLParser.Feature.PARSE_BOOLEAN_LIKE_WORDS_AS_STRINGS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** Most messages begin with the key that is wrong. */
    private static final Pattern KEY = Pattern.compile("(?:unknown setting \")?(\\w+)");

    private final String file;
    private final Path folder;
    private final Map<String, Integer> lines = new HashMap<>(); // by pointer
    private String here = ""; // the pointer to what is read
    private Optional<Path> root;
    private final Map<String, DataSpec> named = new HashMap<>();
    private PlanKeys plan;

    /** The keys of a plan, without those of training. */
    private record PlanKeys(
            String data,
            Object datasets,
            Object methods,
            List<String> shots,
            List<String> seeds,
            Object testOn,
            Object baseToNew,
            String descriptions,
            ExifOrientation exif) {}

    /** The keys of a dataset, without those of training. */
    private record DatasetKeys(
            String name,
            String path,
            String images,
            String names,
            int splitSeed,
            String template,
            String descriptions,
            ExifOrientation exif) {}

    /** The keys of {@code test_on}. */
    private record TestKeys(Object datasets, List<String> from, List<String> methods, List<String> shots) {}

    /**
     * Prepares to read a plan.
     *
     * @param file its name in messages
     * @param folder relative paths begin here
     * @param root folder of the published datasets; takes precedence over the plan's
     */
    PlanReader(String file, Path folder, Optional<Path> root) {
        this.file = file;
        this.folder = folder;
        this.root = root;
    }

    SweepPlan read(String yaml) throws IOException {
        try {
            locate(yaml);
            return plan(keys(YAML.readValue(yaml, Object.class)));
        } catch (JsonProcessingException e) {
            int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            String problem = e.getOriginalMessage().replaceAll("\\s+", " ");
            throw new PlanException("%s, line %d: not valid YAML: %s".formatted(file, line, problem));
        } catch (IllegalArgumentException | IOException e) {
            Matcher key = KEY.matcher(String.valueOf(e.getMessage()));
            String place = here + "/" + (key.lookingAt() ? key.group(1) : "");
            while (!place.isEmpty() && !lines.containsKey(place)) {
                place = place.substring(0, place.lastIndexOf('/'));
            }
            throw new PlanException("%s, line %d%s: %s"
                    .formatted(file, lines.getOrDefault(place, 1), here.replaceFirst("/", ", "), e.getMessage()));
        }
    }

    /** Finds the line of each key and item, and refuses what is empty or no plain value. */
    private void locate(String yaml) throws IOException {
        try (YAMLParser parser = YAML.getFactory().createParser(yaml)) {
            JsonToken before = null;
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                here = parser.getParsingContext().pathAsPointer().toString();
                Require.that(
                        before == null || !here.isEmpty() || token.isStructEnd(),
                        "line %d: expected one document",
                        parser.currentTokenLocation().getLineNr());
                lines.putIfAbsent(here, parser.currentTokenLocation().getLineNr());
                boolean empty = token == JsonToken.END_ARRAY
                        ? before == JsonToken.START_ARRAY
                        : token.isScalarValue() && parser.getValueAsString("").isBlank();
                Require.that(
                        !empty && !parser.isCurrentAlias() && parser.getTypeId() == null,
                        "expected a value, not nothing, an alias or a type" + EXAMPLE);
                before = token;
            }
        }
        here = "";
        Require.that(!lines.isEmpty(), "expected a plan, got nothing" + EXAMPLE);
    }

    /** Makes something of each item of a list, or of a value alone; all of them have different names. */
    private <T> List<T> each(String place, Object listed, IoFunction<Object, T> make, Function<T, String> name)
            throws IOException {
        here = place;
        Require.that(listed != null, "expected one or more" + EXAMPLE);
        List<?> items = listed instanceof List<?> list ? list : List.of(listed);
        Map<String, T> all = new LinkedHashMap<>();
        for (Object item : items) {
            here = items == listed ? place + "/" + all.size() : place;
            T made = make.apply(item instanceof Number ? item.toString() : item);
            Require.that(
                    all.put(name.apply(made), made) == null,
                    "%s is listed twice: omit one, or rename it",
                    name.apply(made));
        }
        here = "";
        return List.copyOf(all.values());
    }

    @SuppressWarnings("unchecked") // keys of YAML are strings
    private static Map<String, Object> keys(Object value) {
        Require.that(value instanceof Map, "expected keys with values, got \"%s\"%s", value, EXAMPLE);
        return new LinkedHashMap<>((Map<String, Object>) value);
    }

    /** Returns a record with the values of its keys; the others are settings of training. */
    private static <R extends Record> R bind(R usual, Map<String, Object> keys) {
        Map<String, Object> training = new LinkedHashMap<>(keys);
        training.keySet().removeIf(key -> !SweepPlan.isTraining(key));
        checked(Method.standard(), training);
        Map<String, Object> own = new LinkedHashMap<>(keys);
        own.keySet().removeAll(training.keySet());
        return Settings.with(usual, own);
    }

    /** Checks settings of a method and of its training; the epochs may be given by shots. */
    private static Method checked(Method method, Map<String, Object> settings) {
        Map<String, Object> left = new LinkedHashMap<>(settings);
        if (left.get(Recipe.EPOCHS) instanceof Map<?, ?> byShots) {
            left.remove(Recipe.EPOCHS);
            byShots.forEach((shots, epochs) -> {
                Require.that(
                        shots.toString().matches("\\d{1,6}"), "epochs: expected a number of shots, got \"%s\"", shots);
                checked(method, Map.of(Recipe.EPOCHS, epochs));
            });
        }
        Require.that(!left.containsKey("shots") && !left.containsKey("seed"), "shots and seeds are the plan's own");
        return Recipe.checked(method, left).method();
    }

    private SweepPlan plan(Map<String, Object> keys) throws IOException {
        List<String> powers = List.of("1", "2", "4", "8", "16");
        plan = bind(new PlanKeys(null, null, null, powers, List.of("1", "2", "3"), null, null, null, null), keys);
        root = root.map(Path::toAbsolutePath).map(Path::normalize).or(() -> Optional.ofNullable(path(plan.data)));
        List<Dataset> datasets = each("/datasets", plan.datasets, this::dataset, Dataset::name);
        List<PlannedMethod> methods = each("/methods", plan.methods, this::method, PlannedMethod::name);
        List<Integer> shots =
                each("/shots", plan.shots, text -> Shots.parse(text.toString()).sampled(), String::valueOf);
        List<Integer> seeds = each("/seeds", plan.seeds, PlanReader::seed, String::valueOf);
        Require.that(
                (double) datasets.size() * methods.size() * shots.size() * seeds.size() <= MOST_RUNS,
                "shots: with %d methods and %d seeds expected at most %,d runs",
                methods.size(),
                seeds.size(),
                MOST_RUNS);
        Choice all = new Choice(
                datasets.stream().map(Dataset::name).toList(),
                methods.stream().map(PlannedMethod::name).toList(),
                shots.stream().map(number -> Shots.of(number, true).label()).toList());
        List<Dataset> targets = List.of();
        Choice transfers = Choice.NONE;
        if (plan.testOn != null) {
            here = "/test_on";
            TestKeys test = Settings.with(
                    new TestKeys(null, all.datasets(), all.methods(), all.shots()),
                    plan.testOn instanceof Map ? keys(plan.testOn) : Map.of("datasets", plan.testOn));
            transfers = choice(all, new Choice(test.from, test.methods, test.shots));
            targets = each(
                    plan.testOn instanceof Map ? "/test_on/datasets" : here,
                    test.datasets,
                    this::dataset,
                    Dataset::name);
        }
        Choice halves = Choice.NONE;
        if (plan.baseToNew != null && !plan.baseToNew.equals(false)) {
            here = "/base_to_new";
            List<String> naming = methods.stream()
                    .filter(planned -> planned.method().namesNewClasses())
                    .map(PlannedMethod::name)
                    .toList();
            Require.that(
                    !naming.isEmpty(),
                    "base_to_new needs a method that can name new classes: hand-written prompts or a unified context");
            halves = new Choice(all.datasets(), naming, all.shots());
            if (!plan.baseToNew.equals(true)) {
                halves = choice(halves, Settings.with(halves, keys(plan.baseToNew)));
            }
        }
        return new SweepPlan(datasets, methods, shots, seeds, keys, targets, transfers, halves);
    }

    private static int seed(Object text) {
        Require.that(
                text.toString().matches("[1-9]\\d{0,8}"),
                "seeds: expected a whole number from 1 to 999999999, got \"%s\"",
                text);
        return Integer.parseInt(text.toString());
    }

    private Path path(String text) {
        return text == null ? null : folder.resolve(text).toAbsolutePath().normalize();
    }

    /** Returns the data of keys, or of a word, which is a published name or a path. */
    private Dataset dataset(Object item) throws IOException {
        Map<String, Object> keys = item instanceof String word
                ? Map.of(PUBLISHED.find(word).isPresent() ? "name" : "path", word)
                : keys(item);
        // All runs of a sweep share one split, where the data has none.
        DatasetKeys bound = bind(new DatasetKeys(null, null, null, null, 1, null, plan.descriptions, plan.exif), keys);
        if (bound.template != null) {
            PromptEnsemble.of(bound.template);
        }
        DataSpec data = (bound.path == null ? published(bound) : own(bound))
                .template(bound.template)
                .splitSeed(bound.splitSeed)
                .exif(bound.exif)
                .build();
        if (bound.descriptions != null) {
            data = ClassDescriptions.read(path(bound.descriptions)).in(data);
        }
        DataSpec other = named.putIfAbsent(data.name(), data);
        Require.that(other == null || other.equals(data), "two different datasets are called %s", data.name());
        return new Dataset(data, keys);
    }

    private DataSpec.Builder published(DatasetKeys bound) {
        Require.that(
                bound.name != null && bound.images == null && bound.names == null,
                "expected a dataset with path, or with a published name and neither images nor names");
        String name = PUBLISHED.get(bound.name).name();
        Require.that(root.isPresent(), "the folder of %s is unknown: give data: DIR in the plan, or --data DIR", name);
        return DataSpec.of(root.orElseThrow(), name).with();
    }

    private DataSpec.Builder own(DatasetKeys bound) {
        Path path = path(bound.path);
        Require.that(
                Files.exists(path),
                "\"%s\" is neither a published dataset (see coop datasets) nor a folder or file: there is no %s",
                bound.path,
                path);
        return DataSpec.of(path)
                .with()
                .images(path(bound.images))
                .names(path(bound.names))
                .title(bound.name);
    }

    /** Returns the method of a name, or of keys; without a known name these describe a context, or templates. */
    private PlannedMethod method(Object item) {
        if (item instanceof String name) {
            return new PlannedMethod(name, Method.of(name), Map.of());
        }
        Map<String, Object> keys = keys(item);
        Require.that(
                keys.get("name") instanceof String, "this method has no name: write a name alone, or keys with values");
        String name = keys.remove("name").toString();
        Optional<Method> known = Method.find(name);
        Object base = keys.remove("method");
        Method method = checked(
                base != null ? Method.of(base.toString()) : known.orElseGet(() -> Method.ofSettings(keys.keySet())),
                keys);
        boolean free = known.isEmpty() || (known.get().id().equals(name) && !keys.containsKey("templates"));
        Require.that(
                free || method.equals(known.get()),
                "%s stands for other settings: give this method another name",
                name);
        return new PlannedMethod(name, method, keys);
    }

    /** Returns a choice, checked, with the names of published datasets. */
    private static Choice choice(Choice all, Choice chosen) {
        List<String> datasets = chosen.datasets().stream()
                .map(name -> all.datasets().contains(name)
                        ? name
                        : PUBLISHED.find(name).map(Benchmark::name).orElse(name))
                .toList();
        require("datasets", datasets, all.datasets());
        require("methods", chosen.methods(), all.methods());
        require("shots", chosen.shots(), all.shots());
        return new Choice(datasets, chosen.methods(), chosen.shots());
    }

    private static void require(String key, List<String> some, List<String> all) {
        Require.that(all.containsAll(some), "%s: %s are not among %s", key, some, all);
    }
}
