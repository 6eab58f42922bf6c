package org.coop4j.study;

import static org.coop4j.study.SweepPlan.PlannedTraining.EPOCHS;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.data.DataSpec;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.study.SweepPlan.Choice;
import org.coop4j.study.SweepPlan.Dataset;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;
import org.coop4j.study.SweepPlan.PlannedTraining;
import org.coop4j.study.SweepPlan.TestOn;

/**
 * Binds a plan's YAML to records. Every refusal names line and column of the key or item that was read last. Jackson's own
 * binding has only the end of a record whose constructor refuses a value.
 *
 * <p>YAML's values are strings, lists and maps here. Each has a path, such as {@code /methods/0/rate}.
 */
final class PlanReader {

    private static final Benchmarks PUBLISHED = Benchmarks.published();

    private final String file;
    private final Path folder;
    private final Map<String, JsonLocation> places = new HashMap<>(); // by path
    private String here = ""; // the path of what is read
    private Optional<Path> root;
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

    /** The keys of {@code test_on}. */
    private record TestOnKeys(Object datasets, List<String> from, List<String> methods, List<String> shots) {}

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
        try (YAMLParser parser = new YAMLFactory().createParser(yaml)) {
            parser.nextToken();
            Object tree = tree(parser);
            if (parser.nextToken() != null) {
                places.put(here, parser.currentTokenLocation());
                throw new IllegalArgumentException("a second document begins here: expected one");
            }
            return plan(keys(tree));
        } catch (JsonProcessingException e) {
            throw new PlanException(
                    file + ": not valid YAML: " + e.getOriginalMessage().replaceAll("\\s+", " "));
        } catch (IllegalArgumentException e) {
            String key = here.replaceFirst("(/\\d+)*$", "").replaceFirst(".*/", "");
            String named = e.getMessage().startsWith(key) ? e.getMessage() : key + ": " + e.getMessage();
            while (!places.containsKey(here)) {
                here = here.substring(0, here.lastIndexOf('/'));
            }
            JsonLocation place = places.get(here);
            throw new PlanException(
                    "%s, line %d, column %d: %s".formatted(file, place.getLineNr(), place.getColumnNr(), named));
        }
    }

    /** Returns the value at which a parser stands, and keeps its place and those of all that it holds. */
    private Object tree(YAMLParser parser) throws IOException {
        String path = here;
        places.putIfAbsent(path, parser.currentTokenLocation());
        Object value = parser.getValueAsString("").strip();
        if (parser.currentToken() == JsonToken.START_ARRAY) {
            List<Object> items = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                here = path + "/" + items.size();
                items.add(tree(parser));
            }
            value = items;
        } else if (parser.currentToken() == JsonToken.START_OBJECT) {
            Map<String, Object> values = new LinkedHashMap<>();
            for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
                here = path + "/" + key;
                Require.that(places.put(here, parser.currentTokenLocation()) == null, "%s appears twice", key);
                parser.nextToken();
                values.put(key, tree(parser));
            }
            value = values;
        }
        here = path;
        Require.that(
                !List.of("", List.of()).contains(value) && !parser.isCurrentAlias() && parser.getTypeId() == null,
                "expected a value, not nothing, an alias or a type (coop sweep --example prints a plan)");
        return value;
    }

    /** Reads something at a key or item of what is read. */
    private <T> T at(Object key, Supplier<T> reading) {
        String path = here;
        here = path + "/" + key;
        T read = reading.get();
        here = path;
        return read;
    }

    /** Makes something of each item of a list, or of a value alone; all of them have different names. */
    private <T> List<T> each(Object listed, Function<Object, T> make, Function<T, String> name) {
        Require.that(listed != null, "expected one or more: coop sweep --example prints a whole plan");
        Map<String, T> all = new LinkedHashMap<>();
        String path = here;
        for (Object item : listed instanceof List<?> items ? items : List.of(listed)) {
            here = item == listed ? path : path + "/" + all.size();
            T made = make.apply(item);
            String called = name.apply(made);
            Require.that(all.put(called, made) == null, "%s is listed twice: omit one, or rename it", called);
        }
        here = path;
        return List.copyOf(all.values());
    }

    /** Returns a record with the values of its keys, set one after another. */
    private <R extends Record> R bind(R usual, Map<?, ?> keys) {
        Map<String, Object> given = new LinkedHashMap<>();
        keys.forEach((key, value) -> at(key, () -> {
            given.put(key.toString(), key.equals(EPOCHS) ? epochs(value) : value);
            return Settings.with(usual, given);
        }));
        return Settings.with(usual, given);
    }

    private static Map<?, ?> keys(Object value) {
        Require.that(value instanceof Map, "expected keys with values, got \"%s\"", value);
        return (Map<?, ?>) value;
    }

    /** Checks a number of epochs, or several by shots, and returns one of them. */
    private static int epochs(Object value) {
        Map<?, ?> byShots = value instanceof Map<?, ?> several ? several : Map.of(0, value);
        byShots.keySet().forEach(shots -> whole("epochs by shots", shots, 0));
        return byShots.values().stream()
                .map(epochs -> whole(EPOCHS, epochs, 1))
                .max(Integer::compare)
                .orElse(1);
    }

    private static int whole(String name, Object value, int least) {
        String text = value.toString();
        long number = text.matches("\\d{1,10}") ? Long.parseLong(text) : -1;
        Require.that(
                number >= least && number <= Integer.MAX_VALUE,
                "%s: expected a whole number from %d to %d, got \"%s\"",
                name,
                least,
                Integer.MAX_VALUE,
                text);
        return (int) number;
    }

    /** Returns different whole numbers; {@code all} is 0, if that is allowed. */
    private List<Integer> numbers(String key, List<String> texts, int least) {
        return at(key, () -> {
            List<Integer> numbers = texts.stream()
                    .map(text -> least == 0 && text.equals("all") ? 0 : whole(key, text, least))
                    .toList();
            Require.that(Set.copyOf(numbers).size() == numbers.size(), "a number is listed twice: %s", numbers);
            return numbers;
        });
    }

    private SweepPlan plan(Map<?, ?> keys) {
        List<String> seeds = List.of("1", "2", "3");
        List<String> powers = List.of("1", "2", "4", "8", "16");
        plan = bind(
                new PlanKeys(null, null, null, powers, seeds, null, "false", null, null, PlannedTraining.NONE), keys);
        root = root.or(() -> Optional.ofNullable(path(plan.data)));
        List<Dataset> datasets = at("datasets", () -> each(plan.datasets, this::dataset, Dataset::name));
        List<PlannedMethod> methods = at("methods", () -> each(plan.methods, this::method, PlannedMethod::name));
        List<Integer> shots = numbers("shots", plan.shots, 0);
        Choice all = Choice.of(datasets, methods, shots);
        List<PlannedMethod> naming = methods.stream()
                .filter(planned -> planned.method().namesNewClasses())
                .toList();
        return new SweepPlan(
                datasets,
                methods,
                shots,
                numbers("seeds", plan.seeds, 1),
                keys,
                Optional.ofNullable(plan.testOn).map(value -> at("test_on", () -> testOn(value, datasets, all))),
                Optional.of(plan.baseToNew)
                        .filter(value -> !value.equals("false"))
                        .map(value -> at("base_to_new", () -> baseToNew(value, Choice.of(datasets, naming, shots)))));
    }

    private Path path(String text) {
        return text == null ? null : folder.resolve(text).toAbsolutePath().normalize();
    }

    /** Returns the data of keys, or of a word, which is a published name or a path. */
    private Dataset dataset(Object item) {
        Map<?, ?> keys = item instanceof String word
                ? Map.of(PUBLISHED.find(word).isPresent() ? "name" : "path", word)
                : keys(item);
        // All runs of a sweep share one split, where the data has none.
        DatasetKeys bound = bind(
                new DatasetKeys(null, null, null, null, 1, null, plan.descriptions, plan.exif, PlannedTraining.NONE),
                keys);
        PromptEnsemble.of(bound.template == null ? "{}" : bound.template);
        boolean own = bound.path != null;
        DataSpec data = own ? DataSpec.of(path(bound.path)) : published(bound);
        Require.that(
                !own || Files.exists(Path.of(data.path())),
                "\"%s\" is neither a published dataset (see coop datasets) nor a folder or file: there is no %s",
                bound.path,
                data.path());
        return new Dataset(
                data.withFiles(path(bound.images), path(bound.names), null)
                        .described(own ? bound.name : null, bound.template, bound.splitSeed)
                        .withDescriptions(descriptions(bound.descriptions))
                        .withExif(bound.exif),
                keys);
    }

    private DataSpec.Descriptions descriptions(String file) {
        if (file == null) {
            return null;
        }
        try {
            ClassDescriptions read = ClassDescriptions.read(path(file));
            return new DataSpec.Descriptions(read.path(), read.sha256());
        } catch (IOException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private DataSpec published(DatasetKeys keys) {
        Require.that(
                keys.name != null && keys.images == null && keys.names == null,
                "expected a dataset with path, or with a published name and neither images nor names");
        String name = PUBLISHED.get(keys.name).name();
        Require.that(root.isPresent(), "the folder of %s is unknown: give data: DIR in the plan, or --data DIR", name);
        return DataSpec.of(root.get().toAbsolutePath().normalize(), name);
    }

    /** Returns the method of a name, or of keys; without a known name these describe a context, or templates. */
    private PlannedMethod method(Object item) {
        if (item instanceof String name) {
            return new PlannedMethod(name, Method.of(name), Map.of());
        }
        Map<?, ?> keys = keys(item);
        String name = String.valueOf(keys.get("name"));
        Optional<Method> known = Method.find(name);
        Method base = keys.containsKey("method")
                ? at("method", () -> Method.of(keys.get("method").toString()))
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

    private TestOn testOn(Object value, List<Dataset> datasets, Choice all) {
        boolean listed = !(value instanceof Map);
        TestOnKeys bound = bind(
                new TestOnKeys(null, all.datasets(), all.methods(), all.shots()),
                listed ? Map.of("datasets", value) : keys(value));
        Supplier<List<Dataset>> each = () -> each(bound.datasets, this::dataset, Dataset::name);
        List<Dataset> targets = listed ? each.get() : at("datasets", each);
        for (Dataset target : targets) {
            Require.that(
                    datasets.stream()
                            .allMatch(own -> !own.name().equals(target.name())
                                    || own.data().equals(target.data())),
                    "two different datasets are called %s",
                    target.name());
        }
        return new TestOn(targets, choice(all, "from", new Choice(bound.from, bound.methods, bound.shots)));
    }

    private Choice baseToNew(Object value, Choice all) {
        Require.that(
                !all.methods().isEmpty(),
                "base_to_new needs a method that can name new classes: hand-written prompts or a unified context");
        Require.that(value instanceof Map || value.equals("true"), "expected true, false or keys, got \"%s\"", value);
        return choice(all, "datasets", bind(all, value instanceof Map<?, ?> keys ? keys : Map.of()));
    }

    /** Returns a choice, checked, with the names of published datasets. */
    private Choice choice(Choice own, String from, Choice chosen) {
        List<String> datasets = chosen.datasets().stream()
                .map(source -> own.datasets().contains(source)
                        ? source
                        : PUBLISHED.find(source).map(Benchmark::name).orElse(source))
                .toList();
        return new Choice(
                among(from, own.datasets(), datasets),
                among("methods", own.methods(), chosen.methods()),
                among("shots", own.shots(), chosen.shots()));
    }

    private List<String> among(String key, List<String> own, List<String> chosen) {
        return at(key, () -> {
            Require.that(own.containsAll(chosen), "%s are not among %s", chosen, own);
            return chosen;
        });
    }
}
