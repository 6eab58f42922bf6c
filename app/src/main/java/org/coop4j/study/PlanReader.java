package org.coop4j.study;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.coop4j.base.Settings;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.train.Training;
import org.coop4j.run.DataSpec;
import org.coop4j.study.SweepPlan.Choice;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;

/** Makes a plan of its YAML, and refuses what is wrong by its line and column. */
final class PlanReader {

    private static final int MOST = 1_000_000;

    /** All runs of a sweep share one split, where the data has none. */
    private static final long USUAL_SPLIT_SEED = 1;

    private final Path folder;
    private final PlanValue plan;
    private Optional<Path> root;
    private ExifOrientation exif;
    private List<SweepPlan.Dataset> datasets;
    private List<PlannedMethod> methods;

    /** By the reference, unless the plan says others. */
    private List<Integer> shots = List.of(1, 2, 4, 8, 16);

    private List<Long> seeds = List.of(1L, 2L, 3L);

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
    static SweepPlan read(String file, String yaml, Path folder, Optional<Path> dataRoot) throws PlanException {
        try {
            return new PlanReader(PlanValue.parse(file, yaml), folder, dataRoot).read();
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof PlanException problem) {
                throw problem;
            }
            throw e;
        }
    }

    private SweepPlan read() {
        List<String> keys = new ArrayList<>(
                List.of("data", "datasets", "methods", "shots", "seeds", "test_on", "base_to_new", "exif"));
        keys.addAll(Overrides.keys());
        plan.requireKeys("a plan", keys);
        root = root.or(() -> plan.get("data").map(this::path));
        exif = exif(plan, null);
        datasets = datasets(plan.require("datasets"));
        methods = methods(plan.require("methods"));
        plan.get("shots").ifPresent(said -> shots = said.words().stream()
                .map(PlanReader::shots)
                .toList());
        plan.get("seeds").ifPresent(said -> seeds = said.words().stream()
                .map(seed -> seed.whole(1, Integer.MAX_VALUE))
                .toList());
        return new SweepPlan(
                datasets,
                methods,
                shots,
                seeds,
                overrides(plan),
                plan.get("test_on").map(this::testOn),
                plan.get("base_to_new").flatMap(this::baseToNew));
    }

    private static int shots(PlanValue said) {
        return said.text().equals("all") ? 0 : (int) said.whole(0, MOST);
    }

    private Path path(PlanValue said) {
        String text = said.text();
        return said.make(() -> folder.resolve(text).toAbsolutePath().normalize());
    }

    private static ExifOrientation exif(PlanValue whole, ExifOrientation usual) {
        return whole.get("exif")
                .map(said -> said.make(() -> ExifOrientation.named(said.text())))
                .orElse(usual);
    }

    // Settings of training

    private static Overrides overrides(PlanValue whole) {
        Map<String, Object> training = new LinkedHashMap<>();
        Map<Integer, Integer> epochs = new LinkedHashMap<>();
        Map<String, Integer> others = new LinkedHashMap<>();
        whole.values().forEach((name, said) -> {
            switch (name) {
                case Overrides.EPOCHS -> epochs.putAll(epochs(said));
                case Overrides.VIEWS -> others.put(name, views(said));
                case Overrides.CHECKPOINT_EVERY -> others.put(name, (int) said.whole(1, MOST));
                default -> {
                    if (Settings.has(Training.none(), name)) {
                        training.put(name, said.text());
                        said.make(() -> Settings.with(Training.coop(1, 1), Map.of(name, said.text())));
                    }
                }
            }
        });
        return new Overrides(training, epochs, others);
    }

    private static Map<Integer, Integer> epochs(PlanValue said) {
        if (!said.hasKeys()) {
            return Map.of(Overrides.ANY_SHOTS, (int) said.whole(1, MOST));
        }
        Map<Integer, Integer> epochs = new LinkedHashMap<>();
        said.values().forEach((shots, value) -> {
            if (!shots.matches("\\d{1,6}")) {
                throw value.problem("shots of epochs is \"" + shots + "\": give a whole number, 0 or more");
            }
            epochs.put(Integer.parseInt(shots), (int) value.whole(1, MOST));
        });
        return epochs;
    }

    private static int views(PlanValue said) {
        if (!said.text().matches("\\d{1,6}|" + Overrides.EPOCHS)) {
            throw said.problem("views is \"%s\": give a whole number, 0 or more, or \"epochs\"".formatted(said.text()));
        }
        return said.text().equals(Overrides.EPOCHS) ? Overrides.A_NEW_VIEW_EACH_EPOCH : Integer.parseInt(said.text());
    }

    // Datasets

    private List<SweepPlan.Dataset> datasets(PlanValue listed) {
        List<SweepPlan.Dataset> all = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (PlanValue item : listed.items()) {
            SweepPlan.Dataset dataset = new SweepPlan.Dataset(data(item), overrides(item));
            if (!names.add(dataset.name())) {
                throw item.problem("two datasets are called " + dataset.name() + ": give one of them another name");
            }
            all.add(dataset);
        }
        return all;
    }

    /** The data of a word, which is a published name or a path, or of keys. */
    private DataSpec data(PlanValue item) {
        Optional<PlanValue> name = item.get("name");
        Optional<PlanValue> place = item.get("path");
        if (item.hasKeys()) {
            List<String> keys =
                    new ArrayList<>(List.of("name", "path", "images", "names", "split_seed", "template", "exif"));
            keys.addAll(Overrides.keys());
            item.requireKeys("a dataset", keys);
        } else if (Benchmarks.published().find(item.text()).isPresent()) {
            name = Optional.of(item);
        } else {
            place = Optional.of(item);
        }
        String template = item.get("template")
                .map(said -> said.make(() -> PromptEnsemble.of(said.text()))
                        .templates()
                        .get(0))
                .orElse(null);
        DataSpec data = place.isPresent()
                ? own(item, place.get()).described(name.map(PlanValue::text).orElse(null), template)
                : published(item, name).described(null, template);
        return data.withSplitSeed(item.get("split_seed")
                        .map(said -> said.whole(0, Integer.MAX_VALUE))
                        .orElse(USUAL_SPLIT_SEED))
                .withExif(exif(item, exif));
    }

    private DataSpec published(PlanValue item, Optional<PlanValue> name) {
        for (String key : List.of("images", "names")) {
            item.get(key).filter(said -> name.isPresent()).ifPresent(said -> {
                throw said.problem("\"" + key + "\" belongs to a dataset with a path");
            });
        }
        String text = name.orElseThrow(() -> item.problem("this dataset has neither name nor path"))
                .text();
        Benchmark benchmark = Benchmarks.published()
                .find(text)
                .orElseThrow(() -> item.problem("no dataset is called \"%s\"; published are %s; your own has a path"
                        .formatted(text, publishedNames())));
        Path place = root.orElseThrow(() ->
                item.problem("where is %s? Give data: DIR in the plan, or --data DIR".formatted(benchmark.name())));
        return DataSpec.of(place.toAbsolutePath().normalize()).withBenchmark(benchmark.name());
    }

    private DataSpec own(PlanValue item, PlanValue place) {
        Path path = path(place);
        if (!Files.exists(path)) {
            throw item.problem("\"%s\" is neither a published dataset (%s) nor a folder or file: there is no %s"
                    .formatted(place.text(), publishedNames(), path));
        }
        return DataSpec.of(path)
                .withFiles(
                        item.get("images").map(this::path).orElse(null),
                        item.get("names").map(this::path).orElse(null));
    }

    private static String publishedNames() {
        return Benchmarks.published().all().stream().map(Benchmark::name).collect(Collectors.joining(", "));
    }

    // Methods: a name of the plan's own, without a method, is a context with settings, or templates

    private List<PlannedMethod> methods(PlanValue listed) {
        List<PlannedMethod> all = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (PlanValue item : listed.items()) {
            PlannedMethod method = item.isText()
                    ? new PlannedMethod(item.text(), builtIn(item), Overrides.none())
                    : ownMethod(item);
            if (!names.add(method.name())) {
                throw item.problem("there are two methods called " + method.name());
            }
            all.add(method);
        }
        return all;
    }

    private static Method builtIn(PlanValue name) {
        return find(name.text())
                .orElseThrow(
                        () -> name.problem(
                                "no method is called \"%s\"; there are %s, coop-mM-POSITION[-csc] with end, middle or front; or a mapping of name, method and settings"
                                        .formatted(name.text(), String.join(", ", PlannedMethod.names()))));
    }

    private static Optional<Method> find(String name) {
        try {
            return Optional.of(Method.of(name));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static PlannedMethod ownMethod(PlanValue item) {
        if (!item.hasKeys()) {
            throw item.problem("a method is written as a name, or as keys with values");
        }
        String name =
                item.get("name").orElseThrow(() -> item.problem("this method has no name")).text();
        Optional<Method> builtIn = find(name);
        Method base = item.get("method").map(PlanReader::builtIn).orElseGet(() -> {
            item.get("templates").filter(said -> builtIn.isPresent()).ifPresent(said -> {
                throw said.problem(
                        builtIn.get().title() + " has its own templates: give this method another name");
            });
            return builtIn.orElseGet(() -> Method.ofSettings(item.values().keySet()));
        });
        Set<String> allowed = new LinkedHashSet<>(List.of("name", "method"));
        allowed.addAll(Settings.of((Record) base).keySet());
        allowed.addAll(base.training(1).trains() ? Overrides.keys() : List.of());
        item.requireKeys(base.title(), allowed);
        Method method = set(base, item);
        boolean namesSettings = builtIn.isPresent() && !builtIn.get().id().equals(name);
        if (namesSettings && !method.equals(builtIn.get())) {
            throw item.problem(name + " gives its settings in its name: give this method another name");
        }
        return new PlannedMethod(name, method, overrides(item));
    }

    /** One setting after another, so that one that is refused is refused at its place. */
    private static Method set(Method base, PlanValue item) {
        Map<String, Object> values = new LinkedHashMap<>();
        Method method = base;
        for (Map.Entry<String, Object> setting : Settings.of((Record) base).entrySet()) {
            Optional<PlanValue> said = item.get(setting.getKey());
            if (said.isPresent()) {
                boolean several = said.get().isList() || setting.getValue() instanceof List;
                values.put(
                        setting.getKey(),
                        several
                                ? said.get().words().stream()
                                        .map(PlanValue::text)
                                        .toList()
                                : said.get().text());
                method = said.get().make(() -> base.with(values));
            }
        }
        return method;
    }

    // What test_on and base_to_new choose from the plan's own

    private SweepPlan.TestOn testOn(PlanValue said) {
        if (said.hasKeys()) {
            said.requireKeys("test_on", List.of("datasets", "from", "methods", "shots"));
        }
        List<SweepPlan.Dataset> targets = datasets(said.hasKeys() ? said.require("datasets") : said);
        for (SweepPlan.Dataset target : targets) {
            if (datasets.stream()
                    .anyMatch(own -> own.name().equals(target.name())
                            && !own.data().equals(target.data()))) {
                throw said.problem("there are two different datasets called " + target.name());
            }
        }
        return new SweepPlan.TestOn(targets, choice(said, "from", planned -> true));
    }

    private Optional<Choice> baseToNew(PlanValue said) {
        if (methods.stream().noneMatch(planned -> planned.method().namesNewClasses())) {
            throw said.problem(
                    "base_to_new needs a method that can name new classes: hand-written prompts or a unified context");
        }
        if (said.hasKeys()) {
            said.requireKeys("base_to_new", List.of("datasets", "methods", "shots"));
        } else if (!said.text().matches("true|false")) {
            throw said.problem("base_to_new is \"" + said.text() + "\": write true or false");
        } else if (said.text().equals("false")) {
            return Optional.empty();
        }
        Choice choice = choice(said, "datasets", planned -> planned.method().namesNewClasses());
        for (PlannedMethod planned : methods) {
            if (choice.methods().contains(planned.name()) && !planned.method().namesNewClasses()) {
                throw said.require("methods")
                        .problem(planned.name() + " cannot classify classes that it did not learn: base_to_new takes"
                                + " hand-written prompts and unified contexts");
            }
        }
        return Optional.of(choice);
    }

    /**
     * Datasets, methods and shots of the plan's own; all those that are not chosen by a key.
     *
     * @param from the key that chooses the datasets
     * @param usual methods that are taken where none is chosen
     */
    private Choice choice(PlanValue said, String from, Function<PlannedMethod, Boolean> usual) {
        List<String> names = datasets.stream().map(SweepPlan.Dataset::name).toList();
        return new Choice(
                chosen(said.get(from), names, names, word -> names.contains(word.text())
                        ? word.text()
                        : Benchmarks.published()
                                .find(word.text())
                                .map(Benchmark::name)
                                .orElse(word.text())),
                chosen(
                        said.get("methods"),
                        methods.stream().map(PlannedMethod::name).toList(),
                        methods.stream()
                                .filter(usual::apply)
                                .map(PlannedMethod::name)
                                .toList(),
                        PlanValue::text),
                chosen(said.get("shots"), shots, shots, PlanReader::shots));
    }

    private static <T> Set<T> chosen(
            Optional<PlanValue> said, Collection<T> own, Collection<T> usual, Function<PlanValue, T> meant) {
        if (said.isEmpty()) {
            return Set.copyOf(usual);
        }
        Set<T> chosen = new LinkedHashSet<>();
        for (PlanValue word : said.get().words()) {
            if (!own.contains(meant.apply(word))) {
                String all = own.stream().map(String::valueOf).collect(Collectors.joining(", "));
                throw word.problem(
                        "%s: \"%s\" is not among the plan's own, %s".formatted(word.key(), word.text(), all));
            }
            chosen.add(meant.apply(word));
        }
        return chosen;
    }
}
