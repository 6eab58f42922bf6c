package org.coop4j.study;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingDouble;
import static java.util.stream.Collectors.joining;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.console.Table.Kind.BARS;
import static org.coop4j.console.Table.Kind.SENTENCES;
import static org.coop4j.study.MethodResult.AVERAGE;
import static org.coop4j.study.PublishedNumbers.title;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.console.Cell;
import org.coop4j.console.Cell.Style;
import org.coop4j.console.SeedSummary;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.page.Shots;
import org.coop4j.run.RunResult.PerClass;
import org.coop4j.study.FoundRuns.Failure;
import org.coop4j.study.FoundRuns.FinishedRun;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Study.Entry;

/** Tables of what studies measure, and of their runs. */
final class StudyTables {

    private static final int MOST_CLASSES = 20;
    private static final int SHOWN_OF_MANY = 5;
    private static final int MOST_VALUES = 4;

    private StudyTables() {}

    /**
     * A result on a dataset, or an average.
     *
     * @param among results that it is compared with
     * @param source the dataset learned from; empty if it is the one tested on
     */
    private record Line(Study study, MethodResults among, String source, MethodResult result) {

        Cell accuracy() {
            return Cell.mean(result.summary(Measured::accuracy).orElseThrow()).best(among.isBest(result));
        }

        /** Returns Student's 95 % interval of three seeds or more. */
        Optional<String> interval() {
            return result.summary(Measured::accuracy)
                    .filter(s -> s.percentInterval().isPresent())
                    .map(s -> s.interval(2));
        }

        double gain() {
            return among.gain(result).difference();
        }

        Optional<Cell> probability() {
            return among.gain(result).pValue().map(Cell::probability);
        }

        boolean isAverage() {
            return !result.averaged().isEmpty();
        }

        Optional<MethodResult> half(ClassHalf half) {
            return (half == ClassHalf.BASE ? study.base() : study.unseen()).get(result.dataset(), result.setup());
        }

        /** Returns the accuracy on a half of the classes; an average has no standard deviation. */
        Object mean(ClassHalf half) {
            return isAverage() ? half(half).map(MethodResult::accuracy) : accuracyOf(half(half));
        }

        Optional<Score> published(ClassHalf half) {
            return study.published(source, result.datasets(), half, result.setup());
        }

        Optional<Cell> published() {
            return published(ClassHalf.ALL).map(s -> Cell.of(
                            List.of(
                                    Cell.datum(s.accuracy()),
                                    s.backbone(),
                                    s.table().source()),
                            decimals -> number(s.accuracy(), decimals) + " " + s.backbone())
                    .in(Style.PUBLISHED));
        }
    }

    private static List<Line> lines(Study study, MethodResults among, String source, List<MethodResult> results) {
        return results.stream()
                .map(result -> new Line(study, among, source, result))
                .toList();
    }

    /** Makes a table whose first column is the model. */
    private static <T> Table<T> table(String name, String title, String note, Function<T, Study> study) {
        return new Table<T>(name, title, note).decimals(2).data("model", row -> study.apply(row)
                .name());
    }

    /** Returns all numbers: dataset × method × shots, averages first. */
    static Table<?> fewShot(List<Study> studies) {
        return numbers("few-shot", "Dataset × method × shots", studies, study -> Map.of("", study.fewShot()));
    }

    /** Returns some of the hand-written prompts that training runs tested. */
    static Table<?> handWritten(List<Study> studies, Predicate<MethodResult> some) {
        return numbers(
                "hand-written",
                "Hand-written prompts",
                studies,
                study -> Map.of("", study.prompts().where(some)));
    }

    /** Returns all numbers of learning on one dataset and testing on it and on others; averages of the others first. */
    static Table<?> transfers(List<Study> studies) {
        return numbers("robustness", "Robustness", studies, Study::transfers);
    }

    /** Returns results by the dataset that was learned from, which is empty if it is the one tested on. */
    private static Table<?> numbers(
            String name, String title, List<Study> studies, Function<Study, Map<String, MethodResults>> results) {
        Table<Line> table = table(
                        name,
                        title + ", in %",
                        "mean ± standard deviation over n seeds, gain over zero-shot in points",
                        Line::study)
                .data("model_sha256", line -> line.study.model().sha256())
                .data("learned_on", Line::source)
                .words("dataset", line -> named(line.result), "dataset");
        setup(table, line -> line.result.setup())
                .data("averaged", line -> line.result.averaged().isEmpty() ? null : line.result.datasets())
                .numbers("n", line -> seeds(line.result), "seeds", "n")
                .means("accuracy", Line::accuracy, "accuracy")
                .numbers("gain", line -> Cell.points(line.gain()), "gain_over_zero_shot")
                .numbers("p", Line::probability, "p_paired")
                .numbers("95 % interval", Line::interval)
                .means("F1", line -> line.result.summary(Measured::macroF1), "macro_f1")
                .means("ECE", line -> line.result.summary(Measured::calibrationError), "ece_percent")
                .numbers("published", Line::published, "published", "published_backbone", "published_source");
        studies.forEach(study -> results.apply(study)
                .forEach((source, all) -> table.averages(lines(study, all, source, all.on(AVERAGE)))
                        .rows(lines(study, all, source, all.cells()))));
        return table;
    }

    /**
     * Returns accuracies: method × dataset, the source first.
     *
     * @param brief true for the source and the average of the others alone
     */
    static Table<?> transfers(Study study, String source, boolean brief) {
        MethodResults results = study.transfers().get(source);
        Table<Setup> table = table(
                "robustness",
                "Learned on " + title(source) + ", accuracy in % on it and on others",
                "mean ± standard deviation over seeds",
                setup -> study);
        setup(table, setup -> setup).numbers(title(source), setup -> accuracyOf(results.get(source, setup)));
        results.datasets().stream()
                .filter(dataset -> !brief && !dataset.equals(source))
                .forEach(target -> table.numbers(title(target), setup -> accuracyOf(results.get(target, setup))));
        table.numbers("average of targets", setup -> results.get(AVERAGE, setup).map(MethodResult::accuracy));
        if (!brief) {
            table.numbers("published average", setup -> results.get(AVERAGE, setup)
                    .flatMap(average -> new Line(study, results, source, average).published()));
        }
        return table.rows(results.setups());
    }

    /** Returns the main method's gain on each dataset with most images, as the paper's figure 4; may be empty. */
    static Table<?> gains(Study study) {
        MethodResults fewShot = study.fewShot();
        List<Line> most = fewShot.datasets().stream()
                .flatMap(dataset ->
                        lines(study, fewShot, "", fewShot.ofMain(dataset).toList()).stream()
                                .filter(line -> Double.isFinite(line.gain()))
                                .max(comparing(line -> line.result.shots()))
                                .stream())
                .sorted(comparing(line -> -line.gain()))
                .toList();
        return table(
                        "gains",
                        fewShot.main().map(MethodLabel::title).orElse("") + " compared with zero-shot CLIP,"
                                + " accuracy in %",
                        "p of the paired t test over the seeds",
                        Line::study)
                .data("method", line -> line.result.method().id())
                .words("dataset", line -> named(line.result), "dataset")
                .column("gain", BARS, Line::gain)
                .numbers(MethodLabel.ZERO_SHOT.id(), line -> accuracyOf(fewShot.zeroShot(line.result.dataset())))
                .numbers("learned", Line::accuracy)
                .numbers("shots", line -> Cell.words(line.result.shots().label()), "shots")
                .numbers("p", Line::probability)
                .rows(fewShot.datasets().size() > 1 ? most : List.of());
    }

    /** Returns the accuracies on a dataset, or their averages: method × shots. */
    static Table<?> byShots(Study study, String dataset) {
        MethodResults fewShot = study.fewShot();
        Table<MethodLabel> table = table(
                "by-shots",
                StudyReport.title(study, dataset) + ", accuracy in % by training images per class",
                "mean ± standard deviation over seeds, 95 % interval",
                method -> study);
        method(table, method -> method);
        Stream.concat(Stream.of(Shots.NONE), fewShot.shots().stream())
                .forEach(shots -> table.numbers(shots.describe(), method -> fewShot.get(
                                dataset, new Setup(method, shots))
                        .map(result -> new Line(study, fewShot, "", result))
                        .map(line -> line.accuracy().withNote(line.interval().orElse("")))));
        return table.rows(fewShot.on(dataset).stream()
                .map(MethodResult::method)
                .distinct()
                .toList());
    }

    // Classes and datasets that were not learned

    /**
     * Returns results of learning on base classes and testing on base and new ones, with their harmonic mean; averages
     * first.
     *
     * @param brief true for averages alone, if there are any
     */
    static Table<?> baseNew(List<Study> studies, boolean brief) {
        Table<Line> table = table(
                        "base-to-new",
                        "Base-to-new generalization, accuracy in %",
                        "mean ± standard deviation over seeds, published base / new",
                        Line::study)
                .grouped()
                .words("dataset", line -> named(line.result), "dataset");
        setup(table, line -> line.result.setup())
                .data("seeds", line -> line.isAverage() ? null : seeds(line.result))
                .data(
                        "datasets",
                        line -> line.isAverage() ? line.result.averaged().size() : null)
                .means("base", line -> line.mean(ClassHalf.BASE), "base")
                .means("new", line -> line.mean(ClassHalf.NEW), "new")
                .numbers(
                        "H", line -> harmonicMean(line.half(ClassHalf.BASE), line.half(ClassHalf.NEW)), "harmonic_mean")
                .numbers(
                        "published",
                        StudyTables::publishedHalves,
                        "published_base",
                        "published_new",
                        "published_harmonic_mean",
                        "published_backbone");
        for (Study study : studies) {
            List<MethodResult> rows = new ArrayList<>(study.base().all());
            study.unseen().all().stream()
                    .filter(one -> study.base().get(one.dataset(), one.setup()).isEmpty())
                    .forEach(rows::add);
            MethodResults either = new MethodResults(rows);
            table.averages(lines(study, either, "", either.on(AVERAGE)));
            if (!brief || either.averaged().isEmpty()) {
                table.rows(lines(study, either, "", either.cells()));
            }
        }
        return table;
    }

    /** Returns the harmonic mean of the two means over the seeds, or of two averages. */
    private static Optional<Double> harmonicMean(Optional<MethodResult> base, Optional<MethodResult> unseen) {
        return base.flatMap(b -> unseen.map(u -> MethodResult.harmonicMean(b.accuracy(), u.accuracy())));
    }

    /** Returns the numbers of a paper, if it has all of them. */
    private static Optional<Cell> publishedHalves(Line line) {
        Optional<Score> base = line.published(ClassHalf.BASE);
        Optional<Score> unseen = line.published(ClassHalf.NEW);
        return base.isEmpty() || unseen.isEmpty()
                ? Optional.empty()
                : Optional.of(publishedHalves(base.get(), unseen.get().accuracy()));
    }

    private static Cell publishedHalves(Score base, double unseen) {
        double mean = MethodResult.harmonicMean(base.accuracy(), unseen);
        return Cell.of(
                        List.of(Cell.datum(base.accuracy()), Cell.datum(unseen), Cell.datum(mean), base.backbone()),
                        decimals -> "%s / %s, H %s %s"
                                .formatted(
                                        number(base.accuracy(), decimals),
                                        number(unseen, decimals),
                                        number(mean, decimals),
                                        base.backbone()))
                .in(Style.PUBLISHED);
    }

    /** A method's results on a class over all seeds together; {@code before}, zero-shot's, is null if unknown. */
    private record ClassLine(Line line, String name, PerClass own, PerClass before) {

        double zeroShot() {
            return before == null ? Double.NaN : before.accuracy();
        }

        double gain() {
            return own.accuracy() - zeroShot();
        }
    }

    /** Returns the classes of each result of learning on a dataset; the shots of a method ascend. */
    private static Stream<ClassLine> classLines(Study study, String dataset) {
        Map<String, PerClass> before =
                study.fewShot().zeroShot(dataset).map(MethodResult::perClass).orElse(Map.of());
        return lines(study, study.fewShot(), "", study.fewShot().on(dataset)).stream()
                .filter(line -> !line.result.method().isWithoutTraining())
                .flatMap(line -> line.result.perClass().entrySet().stream()
                        .map(own -> new ClassLine(line, own.getKey(), own.getValue(), before.get(own.getKey()))));
    }

    /** Returns all classes of all datasets and methods. */
    static Table<?> classes(List<Study> studies) {
        Table<ClassLine> table = classes("Accuracy of each class, in %");
        studies.forEach(study -> study.fewShot()
                .datasets()
                .forEach(dataset -> table.rows(classLines(study, dataset).toList())));
        return table;
    }

    /**
     * Returns the classes of a dataset by each method with most images; empty if there are none. The main method
     * decides the order, by falling gain or by accuracy where it is unknown, and which of many classes are shown: the
     * first and the last.
     */
    static Table<?> classes(Study study, String dataset) {
        Map<MethodLabel, Map<String, ClassLine>> most = new LinkedHashMap<>();
        classLines(study, dataset)
                .forEach(one -> most.computeIfAbsent(one.line.result.method(), method -> new LinkedHashMap<>())
                        .put(one.name, one)); // of the most images in the end
        List<ClassLine> leading = new ArrayList<>(study.fewShot()
                .main()
                .map(most::get)
                .or(() -> most.values().stream().findFirst())
                .orElse(Map.of())
                .values());
        leading.sort(comparingDouble(one -> one.before == null ? -one.own.accuracy() : -one.gain()));
        boolean many = leading.size() > MOST_CLASSES;
        if (many) {
            leading.subList(SHOWN_OF_MANY, leading.size() - SHOWN_OF_MANY).clear();
        }
        Table<ClassLine> table = classes("%s, accuracy on the test images of all seeds, in %%, %s classes by gain"
                .formatted(title(dataset), many ? "first and last" : "all"));
        leading.forEach(first -> most.values().forEach(ofMethod -> Optional.ofNullable(ofMethod.get(first.name))
                .ifPresent(table::row)));
        return table;
    }

    private static Table<ClassLine> classes(String title) {
        Table<ClassLine> table = table("per-class", title, "", (ClassLine one) -> one.line.study)
                .grouped()
                .data("dataset", one -> one.line.result.dataset())
                .words("class", ClassLine::name, "class");
        return setup(table, one -> one.line.result.setup())
                .numbers("images", one -> one.own.total(), "images")
                .numbers("accuracy", one -> one.own.accuracy(), "accuracy")
                .numbers(MethodLabel.ZERO_SHOT.id(), ClassLine::zeroShot, "zero_shot_accuracy")
                .column("gain", BARS, ClassLine::gain, "gain");
    }

    // Runs

    /** Returns every finished run, for other programs. */
    static Table<?> runs(List<Study> studies) {
        Map<String, String> models = new HashMap<>(); // by SHA-256
        studies.forEach(study -> models.put(study.model().sha256(), study.name()));
        Table<Entry> table = new Table<Entry>("runs", "", "")
                .data("folder", entry -> entry.run().folder().toString())
                .data("model", entry -> models.get(entry.run().model().sha256()))
                .data("model_sha256", entry -> entry.run().model().sha256())
                .data("method", entry -> entry.method().id())
                .data("dataset", Entry::dataset)
                .data("learned_on", entry -> entry.result().trainedOn())
                .data("classes_tested", entry -> entry.result().half().label())
                .data("shots", entry -> entry.run().shots().label())
                .data("seed", entry -> entry.result().seed())
                .data("classes", entry -> entry.result().classes())
                .data("train_images", entry -> entry.result().trainImages())
                .data("test_images", entry -> entry.result().testImages())
                .data("accuracy", entry -> Cell.number(entry.result().value()))
                .data("macro_f1", entry -> Cell.number(entry.result().macroF1()))
                .data("ece_percent", entry -> Cell.number(100 * entry.result().calibrationError()))
                .data("seconds", entry -> Cell.number(entry.result().totalSeconds()))
                .data("settings", entry -> MethodLabel.settings(entry.run().config()).entrySet().stream()
                        .map(Object::toString)
                        .collect(joining("; ")));
        studies.forEach(study -> table.rows(study.entries()));
        return table;
    }

    /** Returns the runs that have no result, with the reasons. */
    static Table<?> leftOut(FoundRuns findings) {
        Map<Failure, String> states = new LinkedHashMap<>();
        findings.failed().forEach(run -> states.put(run, "failed"));
        findings.damaged().forEach(run -> states.put(run, "damaged"));
        findings.unfinished().forEach(folder -> states.put(new Failure(folder, ""), "unfinished"));
        return new Table<Failure>("runs-left-out", "Runs left out of all numbers", "")
                .words("run", run -> run.folder().toString(), "folder")
                .words("state", states::get, "state")
                .column("reason", SENTENCES, Failure::reason, "reason")
                .rows(states.keySet());
    }

    /** Returns the settings of each method's runs. */
    static Table<?> settings(Study study) {
        Map<MethodLabel, List<FinishedRun>> runs = new TreeMap<>();
        study.entries().forEach(entry -> runs.computeIfAbsent(entry.method(), method -> new ArrayList<>())
                .add(entry.run()));
        return new Table<MethodLabel>("settings", "Settings of " + study.name(), "from config.json")
                .words("method", MethodLabel::id)
                .column("settings", SENTENCES, method -> MethodLabel.values(runs.get(method)).entrySet().stream()
                        .map(all -> all.getKey() + " "
                                + Numbers.first(
                                        all.getValue().stream()
                                                .map(String::valueOf)
                                                .toList(),
                                        MOST_VALUES))
                        .collect(joining("; ")))
                .rows(runs.keySet());
    }

    // Cells, which are empty where a value is unknown

    private static Cell named(MethodResult result) {
        int averaged = result.averaged().size();
        return averaged == 0
                ? Cell.words(result.dataset(), title(result.dataset()))
                : Cell.words("average of " + averaged, "Average of " + averaged);
    }

    /** Adds the columns of methods and their shots. */
    private static <T> Table<T> setup(Table<T> table, Function<T, Setup> setup) {
        return method(table, setup.andThen(Setup::method))
                .numbers("shots", row -> Cell.words(setup.apply(row).shots().label()), "shots");
    }

    /** Adds the columns of methods. */
    private static <T> Table<T> method(Table<T> table, Function<T, MethodLabel> method) {
        return table.filter("group", row -> method.apply(row).method().group().title())
                .words(
                        "method",
                        row -> Cell.words(
                                method.apply(row).id(), method.apply(row).title()),
                        "method");
    }

    /** Makes a cell that lists the seeds for programs, and counts them for people. */
    private static Cell seeds(MethodResult result) {
        List<Long> seeds = result.seeds();
        return Cell.of(List.of(seeds, seeds.size()), decimals -> count(seeds.size()))
                .in(Style.MUTED);
    }

    private static Optional<SeedSummary> accuracyOf(Optional<MethodResult> result) {
        return result.flatMap(r -> r.summary(Measured::accuracy));
    }
}
