package org.coop4j.study;

import static org.coop4j.study.Overrides.ANY_SHOTS;
import static org.coop4j.study.Overrides.CHECKPOINT_EVERY;
import static org.coop4j.study.Overrides.EPOCHS;
import static org.coop4j.study.Overrides.VIEWS;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.coop4j.base.Settings;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.train.Training;
import org.coop4j.run.DataSpec;
import org.coop4j.study.SweepPlan.Choice;
import org.coop4j.study.SweepPlan.Dataset;
import org.coop4j.study.SweepPlan.PlannedMethod;
import org.coop4j.study.SweepPlan.TestOn;

/** Makes a plan of its YAML, and refuses what is wrong by its line and column. */
final class PlanReader {

    private static final int MOST = 1_000_000;

    /** All runs of a sweep share one split, where the data has none. */
    private static final long USUAL_SPLIT_SEED = 1;

    private final Path folder;
    private final PlanValue plan;
    private Optional<Path> root;
    private ExifOrientation exif;
    private List<Dataset> datasets;
    private List<PlannedMethod> methods;

    private List<Integer> shots;

    private PlanReader(PlanValue plan, Path folder, Optional<Path> dataRoot) {
        this.plan = plan;
        this.folder = folder;
        this.root = dataRoot;
    }

    /**
     * Reads a plan.
     *
     * @param file its name in messages
     * @param folder relative paths begin here
     * @param dataRoot folder of the published datasets; takes precedence over the plan's
     */
    static SweepPlan read(String file, String yaml, Path folder, Optional<Path> dataRoot) throws IOException {
        try {
            return new PlanReader(PlanValue.parse(file, yaml), folder, dataRoot).read();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private SweepPlan read() {
        plan.requireKeys(
                "a plan",
                Overrides.keys(),
                "data",
                "datasets",
                "methods",
                "shots",
                "seeds",
                "test_on",
                "base_to_new",
                "exif");
        root = root.or(() -> plan.get("data").map(this::path));
        exif = exif(plan, null);
        datasets = datasets(plan.require("datasets"));
        methods = methods(plan.require("methods"));
        shots = plan.get("shots", List.of(1, 2, 4, 8, 16), value -> value.each(PlanReader::shots));
        return new SweepPlan(
                datasets,
                methods,
                shots,
                plan.get("seeds", List.of(1L, 2L, 3L), value -> value.each(seed -> seed.whole(1, Integer.MAX_VALUE))),
                overrides(plan),
                plan.get("test_on").map(this::testOn),
                plan.get("base_to_new").flatMap(this::baseToNew));
    }

    private static int shots(PlanValue value) {
        return value.text().equals("all") ? 0 : (int) value.whole(0, MOST);
    }

    private Path path(PlanValue value) {
        return value.read(text -> folder.resolve(text).toAbsolutePath().normalize());
    }

    private static ExifOrientation exif(PlanValue whole, ExifOrientation usual) {
        return whole.get("exif", usual, value -> value.read(ExifOrientation::named));
    }

    // Settings of training

    private static Overrides overrides(PlanValue whole) {
        Map<String, Object> settings = new LinkedHashMap<>();
        Map<Integer, Integer> epochs = new LinkedHashMap<>();
        whole.values().forEach((name, value) -> {
            switch (name) {
                case EPOCHS -> epochs.putAll(epochs(value));
                case VIEWS ->
                    settings.put(
                            name,
                            value.text().equals(EPOCHS)
                                    ? Overrides.A_NEW_VIEW_EACH_EPOCH
                                    : (int) value.whole("views, unless it is epochs", value.text(), 0, MOST));
                case CHECKPOINT_EVERY -> settings.put(name, (int) value.whole(1, MOST));
                default -> {
                    if (Settings.has(Training.none(), name)) {
                        settings.put(name, value.text());
                        value.read(text -> Settings.with(Training.coop(1, 1), Map.of(name, text)));
                    }
                }
            }
        });
        return new Overrides(settings, epochs);
    }

    private static Map<Integer, Integer> epochs(PlanValue value) {
        if (!value.hasKeys()) {
            return Map.of(ANY_SHOTS, (int) value.whole(1, MOST));
        }
        Map<Integer, Integer> epochs = new LinkedHashMap<>();
        value.values().forEach((shots, count) -> {
            epochs.put((int) count.whole("epochs by shots", shots, 0, MOST), (int) count.whole(1, MOST));
        });
        return epochs;
    }

    // Datasets

    private List<Dataset> datasets(PlanValue listed) {
        return listed.each(item -> new Dataset(data(item), overrides(item)), (item, made) -> made.name());
    }

    /** Returns the data of a word, which is a published name or a path, or of keys. */
    private DataSpec data(PlanValue item) {
        Optional<PlanValue> name = item.get("name");
        Optional<PlanValue> place = item.get("path");
        if (item.hasKeys()) {
            item.requireKeys(
                    "a dataset", Overrides.keys(), "name", "path", "images", "names", "split_seed", "template", "exif");
        } else if (Benchmarks.published().find(item.text()).isPresent()) {
            name = Optional.of(item);
        } else {
            place = Optional.of(item);
        }
        String template = item.get("template", null, value -> value.read(PromptEnsemble::of)
                .templates()
                .get(0));
        DataSpec data = place.isPresent() ? own(item, place.get()) : published(item, name);
        String title = place.isPresent() ? name.map(PlanValue::text).orElse(null) : null;
        long seed = item.get("split_seed", USUAL_SPLIT_SEED, value -> value.whole(0, Integer.MAX_VALUE));
        return data.described(title, template, seed).withExif(exif(item, exif));
    }

    private DataSpec published(PlanValue item, Optional<PlanValue> name) {
        PlanValue given = name.orElseThrow(() -> item.problem("this dataset has neither name nor path"));
        for (String key : List.of("images", "names")) {
            item.get(key).ifPresent(value -> {
                throw value.problem("\"" + key + "\" belongs to a dataset with a path");
            });
        }
        Benchmark benchmark = given.read(Benchmarks.published()::get);
        Path place = root.orElseThrow(() -> item.problem(
                "the folder of %s is unknown: give data: DIR in the plan, or --data DIR".formatted(benchmark.name())));
        return DataSpec.of(place.toAbsolutePath().normalize(), benchmark.name());
    }

    private DataSpec own(PlanValue item, PlanValue place) {
        Path path = path(place);
        item.check(
                Files.exists(path),
                "\"%s\" is neither a published dataset (see coop datasets) nor a folder or file: there is no %s"
                        .formatted(place.text(), path));
        return DataSpec.of(path)
                .withFiles(item.get("images", null, this::path), item.get("names", null, this::path), null);
    }

    // Methods: a name of the plan's own without a method stands for a context, or for templates

    private static List<PlannedMethod> methods(PlanValue listed) {
        return listed.each(
                item -> item.isText()
                        ? new PlannedMethod(item.text(), item.read(Method::of), Overrides.none())
                        : ownMethod(item),
                (item, made) -> made.name());
    }

    private static Optional<Method> find(String name) {
        try {
            return Optional.of(Method.of(name));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static PlannedMethod ownMethod(PlanValue item) {
        String name = item.get("name")
                .orElseThrow(() -> item.problem("this method has no name: write a name alone, or keys with values"))
                .text();
        Optional<Method> builtIn = find(name);
        Method base = item.get("method").map(value -> value.read(Method::of)).orElseGet(() -> {
            builtIn.ifPresent(named -> item.get("templates").ifPresent(value -> {
                throw value.problem(named.title() + " has its own templates: give this method another name");
            }));
            return builtIn.orElseGet(() -> Method.ofSettings(item.values().keySet()));
        });
        List<String> settings = new ArrayList<>(Settings.of((Record) base).keySet());
        settings.addAll(base.training(1).trains() ? Overrides.keys() : List.of());
        item.requireKeys(base.title(), settings, "name", "method");
        Method method = set(base, item);
        boolean namesSettings = builtIn.isPresent() && !builtIn.get().id().equals(name);
        item.check(
                !namesSettings || method.equals(builtIn.get()),
                name + " stands for other settings: give this method another name");
        return new PlannedMethod(name, method, overrides(item));
    }

    /** Sets one setting after another, so that one that is refused is refused at its place. */
    private static Method set(Method base, PlanValue item) {
        Map<String, Object> values = new LinkedHashMap<>();
        Method method = base;
        for (Map.Entry<String, Object> setting : Settings.of((Record) base).entrySet()) {
            PlanValue value = item.values().get(setting.getKey());
            if (value != null) {
                boolean several = value.isList() || setting.getValue() instanceof List;
                values.put(setting.getKey(), several ? value.each(PlanValue::text) : value.text());
                method = value.make(() -> base.with(values));
            }
        }
        return method;
    }

    // What test_on and base_to_new choose from the plan's own

    private TestOn testOn(PlanValue value) {
        if (value.hasKeys()) {
            value.requireKeys("test_on", List.of(), "datasets", "from", "methods", "shots");
        }
        List<Dataset> targets = datasets(value.hasKeys() ? value.require("datasets") : value);
        for (Dataset target : targets) {
            value.check(
                    datasets.stream()
                            .allMatch(own -> !own.name().equals(target.name())
                                    || own.data().equals(target.data())),
                    "two different datasets are called " + target.name());
        }
        return new TestOn(targets, choice(value, "from", names(planned -> true)));
    }

    private Optional<Choice> baseToNew(PlanValue value) {
        List<String> usable = names(planned -> planned.method().namesNewClasses());
        value.check(
                !usable.isEmpty(),
                "base_to_new needs a method that can name new classes: hand-written prompts or a unified context");
        if (value.hasKeys()) {
            value.requireKeys("base_to_new", List.of(), "datasets", "methods", "shots");
        } else {
            value.check(
                    value.text().matches("true|false"),
                    "base_to_new: expected true, false or keys, got \"" + value.text() + "\"");
            if (value.text().equals("false")) {
                return Optional.empty();
            }
        }
        Choice choice = choice(value, "datasets", usable);
        for (String method : choice.methods()) {
            value.get("methods")
                    .ifPresent(chosen -> chosen.check(
                            usable.contains(method),
                            method + " cannot classify classes that it did not learn: base_to_new takes"
                                    + " hand-written prompts and unified contexts"));
        }
        return Optional.of(choice);
    }

    private List<String> names(Predicate<PlannedMethod> some) {
        return methods.stream().filter(some).map(PlannedMethod::name).toList();
    }

    /**
     * Returns datasets, methods and shots of the plan's own; all those that are not chosen by a key.
     *
     * @param from the key that chooses the datasets
     * @param usual methods that are taken where none is chosen
     */
    private Choice choice(PlanValue value, String from, List<String> usual) {
        List<String> names = datasets.stream().map(Dataset::name).toList();
        return new Choice(
                chosen(
                        value,
                        from,
                        names,
                        names,
                        word -> names.contains(word.text())
                                ? word.text()
                                : Benchmarks.published()
                                        .find(word.text())
                                        .map(Benchmark::name)
                                        .orElse(word.text())),
                chosen(value, "methods", names(planned -> true), usual, PlanValue::text),
                chosen(value, "shots", shots, shots, PlanReader::shots));
    }

    private static <T> Set<T> chosen(
            PlanValue value, String key, List<T> own, List<T> usual, Function<PlanValue, T> meant) {
        return Set.copyOf(value.get(
                key,
                usual,
                all -> all.each(word -> {
                    T chosen = meant.apply(word);
                    word.check(
                            own.contains(chosen),
                            "%s: \"%s\" is not among the plan's own, %s".formatted(key, word.text(), own));
                    return chosen;
                })));
    }
}
