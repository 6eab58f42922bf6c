package org.coop4j.study;

import static org.coop4j.study.SweepPlan.PlannedTraining.EPOCHS;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
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
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
import org.coop4j.study.SweepPlan.Choice;
import org.coop4j.study.SweepPlan.Dataset;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;
import org.coop4j.study.SweepPlan.PlannedTraining;
import org.coop4j.study.SweepPlan.TestOn;

/**
 * Reads a plan. A refusal names the line of the key or item that is wrong. The position in the plan is a JSON pointer, such as
 * {@code /methods/0/rate}.
 */
final class PlanReader {

    private static final Benchmarks PUBLISHED = Benchmarks.published();
    private static final YAMLMapper YAML =
            new YAMLMapper().enable(YAMLParser.Feature.PARSE_BOOLEAN_LIKE_WORDS_AS_STRINGS);

    /** Most messages begin with the key that is wrong. */
    private static final Pattern KEY = Pattern.compile("(?:unknown setting \")?(\\w+)");

    private final String file;
    private final Path folder;
    private final Map<String, Integer> lines = new HashMap<>(); // by pointer
    private String here = ""; // the pointer to what is read
    private Optional<Path> root;
    private final Map<String, DataSpec> named = new HashMap<>();
    private PlanKeys plan;

    /** The keys of a plan. */
    private record PlanKeys(
            String data,
            Object datasets,
            Object methods,
            List<String> shots,
            List<String> seeds,
            Object testOn,
            Object baseToNew,
            String descriptions,
            ExifOrientation exif,
            PlannedTraining training) {}

    /** The keys of a dataset. */
    private record DatasetKeys(
            String name,
            String path,
            String images,
            String names,
            int splitSeed,
            String template,
            String descriptions,
            ExifOrientation exif,
            PlannedTraining training) {}

    /** The keys of a method; it may have no settings of training. */
    private record MethodKeys(String name, String method, Method settings, Record training) {}

    private record Untrained() {}

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
        } catch (IllegalArgumentException e) {
            Matcher key = KEY.matcher(e.getMessage());
            String place = here + "/" + (key.lookingAt() ? key.group(1) : "");
            while (!place.isEmpty() && !lines.containsKey(place)) {
                place = place.substring(0, place.lastIndexOf('/'));
            }
            throw new PlanException("%s, line %d%s: %s"
                    .formatted(file, lines.getOrDefault(place, 1), here.replaceFirst("/", ", "), e.getMessage()));
        }
    }

    /** Finds the line of each key and item, and refuses what is empty, given twice, or no plain value. */
    private void locate(String yaml) throws IOException {
        try (YAMLParser parser = YAML.getFactory().createParser(yaml)) {
            JsonToken before = null;
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                here = parser.getParsingContext().pathAsPointer().toString();
                boolean begins = token == JsonToken.FIELD_NAME || (here.isEmpty() && !token.isStructEnd());
                int line = parser.currentTokenLocation().getLineNr();
                Integer earlier = begins ? lines.put(here, line) : lines.putIfAbsent(here, line);
                Require.that(!begins || earlier == null, "expected one document, and each key once");
                boolean empty = token == JsonToken.END_ARRAY
                        ? before == JsonToken.START_ARRAY
                        : token.isScalarValue() && parser.getValueAsString("").isBlank();
                Require.that(
                        !empty && !parser.isCurrentAlias() && parser.getTypeId() == null,
                        "expected a value, not nothing, an alias or a type (coop sweep --example prints a plan)");
                before = token;
            }
        }
        here = "";
        Require.that(!lines.isEmpty(), "expected a plan, got nothing: coop sweep --example prints one");
    }

    /** Reads something at a key or item of what is read. */
    private <T> T at(Object key, Supplier<T> reading) {
        String outer = here;
        here = outer + "/" + key;
        T read = reading.get();
        here = outer;
        return read;
    }

    /** Makes something of each item of a list, or of a value alone; all of them have different names. */
    private <T> List<T> each(String key, Object listed, Function<Object, T> make, Function<T, String> name) {
        Require.that(listed != null, "%s: expected one or more (coop sweep --example prints a whole plan)", key);
        return at(key, () -> {
            Map<String, T> all = new LinkedHashMap<>();
            for (Object one : listed instanceof List<?> items ? items : List.of(listed)) {
                Object item = one instanceof Number ? one.toString() : one;
                T made = listed == one ? make.apply(item) : at(all.size(), () -> make.apply(item));
                String called = name.apply(made);
                Require.that(all.put(called, made) == null, "%s is listed twice: omit one, or rename it", called);
            }
            return List.copyOf(all.values());
        });
    }

    /** Returns a record with the values of its keys. */
    private static <R extends Record> R bind(R usual, Map<String, ?> keys) {
        Map<String, Object> given = new LinkedHashMap<>(keys);
        given.computeIfPresent(EPOCHS, (key, value) -> epochs(value));
        return Settings.with(usual, given);
    }

    @SuppressWarnings("unchecked") // keys of YAML are strings
    private static Map<String, Object> keys(Object value) {
        Require.that(
                value instanceof Map, "expected keys with values, got \"%s\": coop sweep --example prints some", value);
        return (Map<String, Object>) value;
    }

    /** Checks a number of epochs, or several by shots, and returns one of them. */
    private static int epochs(Object value) {
        if (!(value instanceof Map<?, ?> byShots)) {
            return whole(EPOCHS, value, 1);
        }
        byShots.keySet().forEach(shots -> whole("epochs by shots", shots, 0));
        return byShots.values().stream()
                .map(PlanReader::epochs)
                .max(Integer::compare)
                .orElse(1);
    }

    private static int whole(String name, Object value, int least) {
        Require.that(
                value.toString().matches(least + "|[1-9]\\d{0,8}"),
                "%s: expected a whole number from %d to 999999999, got \"%s\"",
                name,
                least,
                value);
        return Integer.parseInt(value.toString());
    }

    /** Returns different numbers. */
    private static List<Integer> numbers(String key, List<String> texts, Function<String, Integer> read) {
        List<Integer> numbers = texts.stream().map(read).toList();
        Require.that(Set.copyOf(numbers).size() == numbers.size(), "%s: a number is listed twice: %s", key, numbers);
        return numbers;
    }

    private SweepPlan plan(Map<String, ?> keys) {
        List<String> powers = List.of("1", "2", "4", "8", "16");
        plan = bind(
                new PlanKeys(
                        null, null, null, powers, List.of("1", "2", "3"), null, null, null, null, PlannedTraining.NONE),
                keys);
        root = root.map(Path::toAbsolutePath).map(Path::normalize).or(() -> Optional.ofNullable(path(plan.data)));
        List<Dataset> datasets = each("datasets", plan.datasets, this::dataset, Dataset::name);
        List<PlannedMethod> methods = each("methods", plan.methods, this::method, PlannedMethod::name);
        List<Integer> shots =
                numbers("shots", plan.shots, text -> Shots.parse(text).sampled());
        List<Integer> seeds = numbers("seeds", plan.seeds, text -> whole("seeds", text, 1));
        List<PlannedMethod> naming = methods.stream()
                .filter(planned -> planned.method().namesNewClasses())
                .toList();
        return new SweepPlan(
                datasets,
                methods,
                shots,
                seeds,
                keys,
                Optional.ofNullable(plan.testOn).map(value -> testOn(value, Choice.of(datasets, methods, shots))),
                Optional.ofNullable(plan.baseToNew)
                        .filter(value -> !value.equals(false))
                        .map(value -> at("base_to_new", () -> baseToNew(value, Choice.of(datasets, naming, shots)))));
    }

    private Path path(String text) {
        return text == null ? null : folder.resolve(text).toAbsolutePath().normalize();
    }

    /** Returns the data of keys, or of a word, which is a published name or a path. */
    private Dataset dataset(Object item) {
        Map<String, ?> keys = item instanceof String word
                ? Map.of(PUBLISHED.find(word).isPresent() ? "name" : "path", word)
                : keys(item);
        // All runs of a sweep share one split, where the data has none.
        DatasetKeys bound = bind(
                new DatasetKeys(null, null, null, null, 1, null, plan.descriptions, plan.exif, PlannedTraining.NONE),
                keys);
        PromptEnsemble.of(bound.template == null ? "{}" : bound.template);
        boolean own = bound.path != null;
        Require.that(
                own || (bound.name != null && bound.images == null && bound.names == null),
                "expected a dataset with path, or with a published name and neither images nor names");
        String published = own ? null : PUBLISHED.get(bound.name).name();
        Require.that(
                own || root.isPresent(),
                "the folder of %s is unknown: give data: DIR in the plan, or --data DIR",
                published);
        DataSpec data = own ? DataSpec.of(path(bound.path)) : DataSpec.of(root.orElseThrow(), published);
        Require.that(
                !own || Files.exists(Path.of(data.path())),
                "\"%s\" is neither a published dataset (see coop datasets) nor a folder or file: there is no %s",
                bound.path,
                data.path());
        DataSpec all = data.with()
                .images(path(bound.images))
                .names(path(bound.names))
                .title(own ? bound.name : null)
                .template(bound.template)
                .splitSeed(bound.splitSeed)
                .exif(bound.exif)
                .build();
        try {
            all = bound.descriptions == null
                    ? all
                    : ClassDescriptions.read(path(bound.descriptions)).in(all);
        } catch (IOException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        DataSpec other = named.putIfAbsent(all.name(), all);
        Require.that(other == null || other.equals(all), "two different datasets are called %s", all.name());
        return new Dataset(all, keys);
    }

    /** Returns the method of a name, or of keys; without a known name these describe a context, or templates. */
    private PlannedMethod method(Object item) {
        if (item instanceof String name) {
            return new PlannedMethod(name, Method.of(name), Map.of());
        }
        Map<String, ?> keys = keys(item);
        String name = String.valueOf(keys.get("name"));
        Optional<Method> known = Method.find(name);
        Method base = keys.containsKey("method")
                ? Method.of(keys.get("method").toString())
                : known.orElseGet(() -> Method.ofSettings(keys.keySet()));
        Record training = base.training(1).trains() ? PlannedTraining.NONE : new Untrained();
        MethodKeys bound = bind(new MethodKeys(null, null, base, training), keys);
        Require.that(bound.name != null, "this method has no name: write a name alone, or keys with values");
        boolean free = known.isEmpty() || (known.get().id().equals(name) && !keys.containsKey("templates"));
        Require.that(
                free || bound.settings.equals(known.get()),
                "%s stands for other settings: give this method another name",
                name);
        return new PlannedMethod(name, bound.settings, keys);
    }

    // Choices among the plan's own

    private TestOn testOn(Object value, Choice all) {
        if (!(value instanceof Map)) {
            return new TestOn(each("test_on", value, this::dataset, Dataset::name), all);
        }
        Map<String, Object> keys = new LinkedHashMap<>(keys(value));
        return at("test_on", () -> {
            List<Dataset> targets = each("datasets", keys.remove("datasets"), this::dataset, Dataset::name);
            Optional.ofNullable(keys.remove("from")).ifPresent(from -> keys.put("datasets", from));
            return new TestOn(targets, choice(all, keys));
        });
    }

    private static Choice baseToNew(Object value, Choice all) {
        Require.that(
                !all.methods().isEmpty(),
                "base_to_new needs a method that can name new classes: hand-written prompts or a unified context");
        return value.equals(true) ? all : choice(all, keys(value));
    }

    /** Returns a choice, checked, with the names of published datasets. */
    private static Choice choice(Choice all, Map<String, ?> keys) {
        Choice chosen = Settings.with(all, keys);
        List<String> datasets = chosen.datasets().stream()
                .map(name -> all.datasets().contains(name)
                        ? name
                        : PUBLISHED.find(name).map(Benchmark::name).orElse(name))
                .toList();
        Choice named = new Choice(datasets, chosen.methods(), chosen.shots());
        Map<String, Object> own = Settings.of(all);
        Settings.of(named)
                .forEach((key, some) -> Require.that(
                        ((List<?>) own.get(key)).containsAll((List<?>) some),
                        "%s: %s are not among %s",
                        key,
                        some,
                        own.get(key)));
        return named;
    }
}
