package org.coop4j.study;

import static org.coop4j.study.SweepPlan.PlannedTraining.EPOCHS;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.UncheckedIOException;
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
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.data.DataSpec;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.study.SweepPlan.Choice;
import org.coop4j.study.SweepPlan.Dataset;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;
import org.coop4j.study.SweepPlan.PlannedTraining;
import org.coop4j.study.SweepPlan.TestOn;

/**
 * Binds a plan's YAML to records. Every refusal names line and column.
 *
 * <p>YAML's values are strings, lists and maps here. Each has a path, such as {@code /methods/0/rate}.
 */
final class PlanReader {

    /** All runs of a sweep share one split, where the data has none. */
    private static final int SPLIT_SEED = 1;

    private final String file;
    private final Path folder;
    private final Map<String, JsonLocation> places = new HashMap<>(); // by path
    private Optional<Path> root;
    private PlanKeys plan;
    private List<Dataset> datasets;
    private List<PlannedMethod> methods;

    /** The keys of a plan. */
    private record PlanKeys(
            String data,
            Object datasets,
            Object methods,
            List<String> shots,
            List<String> seeds,
            Object testOn,
            Object baseToNew,
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
            ExifOrientation exif,
            PlannedTraining training) {}

    /** The keys of a method; it may have no settings of training. */
    private record MethodKeys(String name, String method, Method settings, Record training) {}

    private record Untrained() {}

    /** The keys of {@code test_on}. */
    private record TestOnKeys(Object datasets, List<String> from, List<String> methods, List<String> shots) {}

    /** The keys of {@code base_to_new}. */
    private record HalfKeys(List<String> datasets, List<String> methods, List<String> shots) {}

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
            Object tree = tree("", parser);
            if (parser.nextToken() != null) {
                throw problem(parser.currentTokenLocation(), "a second document begins here: expected one");
            }
            return at("", () -> plan(tree));
        } catch (JsonProcessingException e) {
            throw new PlanException(
                    file + ": not valid YAML: " + e.getOriginalMessage().replaceAll("\\s+", " "));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private UncheckedIOException problem(JsonLocation place, String message) {
        return new UncheckedIOException(new PlanException(
                "%s, line %d, column %d: %s".formatted(file, place.getLineNr(), place.getColumnNr(), message)));
    }

    /** Returns the value at which a parser stands, and keeps its place and those of all that it holds. */
    private Object tree(String path, YAMLParser parser) throws IOException {
        places.putIfAbsent(path, parser.currentTokenLocation());
        Object value = parser.getValueAsString("").strip();
        if (parser.currentToken() == JsonToken.START_ARRAY) {
            List<Object> items = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                items.add(tree(path + "/" + items.size(), parser));
            }
            value = items.isEmpty() ? "" : items;
        } else if (parser.currentToken() == JsonToken.START_OBJECT) {
            Map<String, Object> values = new LinkedHashMap<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String key = path + "/" + parser.currentName();
                if (places.put(key, parser.currentTokenLocation()) != null) {
                    throw problem(places.get(key), "%s appears twice".formatted(key));
                }
                parser.nextToken();
                values.put(key.substring(path.length() + 1), tree(key, parser));
            }
            value = values;
        }
        if (value.equals("") || parser.isCurrentAlias() || parser.getTypeId() != null) {
            throw problem(
                    places.get(path),
                    "plan%s: expected a value, not nothing, an alias or a type (coop sweep --example prints a plan)"
                            .formatted(path));
        }
        return value;
    }

    /** Converts the value at a path. An error names the line and column of the value, or of the key that begins it. */
    private <T> T at(String path, Supplier<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException e) {
            String key = path + "/" + e.getMessage().replaceFirst("(?s):.*", "");
            throw problem(places.getOrDefault(key, places.get(path)), e.getMessage());
        }
    }

    /** Makes something of each item of a list, or of a value alone; all of them have different names. */
    private <T> List<T> each(String path, Object listed, Function<Object, T> make, Function<T, String> name) {
        Require.that(listed != null, "no %s: coop sweep --example prints a whole plan", path.substring(1));
        boolean several = listed instanceof List;
        Map<String, T> all = new LinkedHashMap<>();
        for (Object item : several ? (List<?>) listed : List.of(listed)) {
            at(several ? path + "/" + all.size() : path, () -> {
                T made = make.apply(item);
                String called = name.apply(made);
                Require.that(all.put(called, made) == null, "%s is listed twice: omit one, or rename it", called);
                return made;
            });
        }
        return List.copyOf(all.values());
    }

    /** Returns a record with the values of its keys, set one after another: a refusal begins with its key. */
    private static <R extends Record> R bind(R usual, Object value) {
        Map<String, Object> given = new LinkedHashMap<>();
        keys(value).forEach((key, own) -> {
            given.put(key, own);
            try {
                if (key.equals(EPOCHS)) {
                    Map<?, ?> byShots = own instanceof Map<?, ?> several ? several : Map.of(0, own);
                    byShots.keySet().forEach(shots -> whole("epochs by shots", shots, 0));
                    byShots.values().forEach(epochs -> given.put(EPOCHS, whole(EPOCHS, epochs, 1)));
                }
                Settings.with(usual, given);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(key + ": " + e.getMessage().replaceFirst("^[a-z_]*: ", ""), e);
            }
        });
        return Settings.with(usual, given);
    }

    @SuppressWarnings("unchecked") // as they were read
    private static Map<String, Object> keys(Object value) {
        Require.that(value instanceof Map, "expected keys with values, got \"%s\"", value);
        return new LinkedHashMap<>((Map<String, Object>) value);
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
    private static List<Integer> numbers(String key, List<String> texts, int least) {
        List<Integer> numbers = texts.stream()
                .map(text -> least == 0 && text.equals("all") ? 0 : whole(key, text, least))
                .toList();
        Require.that(Set.copyOf(numbers).size() == numbers.size(), "%s: a number is listed twice: %s", key, numbers);
        return numbers;
    }

    private SweepPlan plan(Object tree) {
        List<String> seeds = List.of("1", "2", "3");
        List<String> powers = List.of("1", "2", "4", "8", "16");
        plan = bind(new PlanKeys(null, null, null, powers, seeds, null, null, null, PlannedTraining.NONE), tree);
        root = root.or(() -> Optional.ofNullable(path(plan.data)));
        datasets = datasets("/datasets", plan.datasets);
        methods = each("/methods", plan.methods, this::method, PlannedMethod::name);
        return new SweepPlan(
                datasets,
                methods,
                numbers("shots", plan.shots, 0),
                numbers("seeds", plan.seeds, 1),
                keys(tree),
                Optional.ofNullable(plan.testOn).map(value -> at("/test_on", () -> testOn(value))),
                Optional.ofNullable(plan.baseToNew)
                        .filter(value -> !value.equals("false"))
                        .map(value -> at("/base_to_new", () -> baseToNew(value))));
    }

    private Path path(String text) {
        return text == null ? null : folder.resolve(text).toAbsolutePath().normalize();
    }

    private List<Dataset> datasets(String path, Object listed) {
        return each(path, listed, this::dataset, Dataset::name);
    }

    /** Returns the data of keys, or of a word, which is a published name or a path. */
    private Dataset dataset(Object item) {
        boolean known =
                item instanceof String word && Benchmarks.published().find(word).isPresent();
        Map<String, Object> keys = item instanceof String ? Map.of(known ? "name" : "path", item) : keys(item);
        DatasetKeys bound =
                bind(new DatasetKeys(null, null, null, null, SPLIT_SEED, null, plan.exif, PlannedTraining.NONE), keys);
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
                        .withExif(bound.exif),
                keys);
    }

    private DataSpec published(DatasetKeys keys) {
        Require.that(
                keys.name != null && keys.images == null && keys.names == null,
                "expected a dataset with path, or with a published name and neither images nor names");
        String name = Benchmarks.published().get(keys.name).name();
        Require.that(root.isPresent(), "the folder of %s is unknown: give data: DIR in the plan, or --data DIR", name);
        return DataSpec.of(root.get().toAbsolutePath().normalize(), name);
    }

    /** Returns the method of a name, or of keys; without a known name these describe a context, or templates. */
    private PlannedMethod method(Object item) {
        if (item instanceof String name) {
            return new PlannedMethod(name, Method.of(name), Map.of());
        }
        Map<String, Object> keys = keys(item);
        String name = String.valueOf(keys.get("name"));
        Optional<Method> known = find(name);
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

    private static Optional<Method> find(String name) {
        try {
            return Optional.of(Method.of(name));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    // Choices among the plan's own

    private TestOn testOn(Object value) {
        boolean listed = !(value instanceof Map);
        TestOnKeys bound =
                bind(new TestOnKeys(null, List.of(), List.of(), List.of()), listed ? Map.of("datasets", value) : value);
        List<Dataset> targets = datasets(listed ? "/test_on" : "/test_on/datasets", bound.datasets);
        for (Dataset target : targets) {
            Require.that(
                    datasets.stream()
                            .allMatch(own -> !own.name().equals(target.name())
                                    || own.data().equals(target.data())),
                    "two different datasets are called %s",
                    target.name());
        }
        return new TestOn(targets, choice("from", bound.from, method -> true, bound.methods, bound.shots));
    }

    private Choice baseToNew(Object value) {
        Require.that(
                methods.stream().anyMatch(planned -> planned.method().namesNewClasses()),
                "base_to_new needs a method that can name new classes: hand-written prompts or a unified context");
        Require.that(value instanceof Map || value.equals("true"), "expected true, false or keys, got \"%s\"", value);
        HalfKeys bound = bind(new HalfKeys(List.of(), List.of(), List.of()), value.equals("true") ? Map.of() : value);
        return choice("datasets", bound.datasets, Method::namesNewClasses, bound.methods, bound.shots);
    }

    private Choice choice(
            String from, List<String> sources, Predicate<Method> usable, List<String> chosen, List<String> shots) {
        List<String> names = datasets.stream().map(Dataset::name).toList();
        return new Choice(
                among(
                        from,
                        names,
                        sources.stream()
                                .map(source -> names.contains(source)
                                        ? source
                                        : Benchmarks.published().get(source).name())
                                .toList()),
                among(
                        "methods",
                        methods.stream()
                                .filter(planned -> usable.test(planned.method()))
                                .map(PlannedMethod::name)
                                .toList(),
                        chosen),
                among("shots", numbers("shots", plan.shots, 0), numbers("shots", shots, 0)));
    }

    /** Returns what is chosen of the plan's own, or all. */
    private static <T> Set<T> among(String key, List<T> own, List<T> chosen) {
        Require.that(own.containsAll(chosen), "%s: %s are not among %s", key, chosen, own);
        return Set.copyOf(chosen.isEmpty() ? own : chosen);
    }
}
