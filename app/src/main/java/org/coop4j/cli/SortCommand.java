package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.percent;
import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.console.WrongUsage.require;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.Progress;
import org.coop4j.base.Progress.Task;
import org.coop4j.base.Progress.Unit;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.cli.Options.Format;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.CsvFormat;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.findings.OpenPool;
import org.coop4j.findings.PoolAnswers;
import org.coop4j.pool.Acceptance;
import org.coop4j.pool.AnswerSets;
import org.coop4j.pool.Pool;
import org.coop4j.pool.Pool.Answers;
import org.coop4j.tags.LabelFolders;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop sort}: answers for all pictures of a pool together. */
@Command(name = "sort")
final class SortCommand extends ConsoleCommand {

    /** Fewest checked pictures of the classes that can tell a stranger. */
    private static final int FEWEST_FOR_STRANGERS = 20;

    /** Share of own pictures that may be called strangers. */
    private static final double MISSED = 0.05;

    private static final int MOST_SHOWN = 3;

    @Mixin
    PoolOptions poolOptions;

    @Option(names = "--checked", paramLabel = "FILE", converter = FileName.class)
    Path checked;

    @Option(names = "--accept", arity = "0..1", fallbackValue = "0.1", paramLabel = "ERROR")
    Double accept;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            converter = FileName.class)
    Path out;

    @ArgGroup
    Into into;

    @ArgGroup
    Format format = new Format();

    /** Folder that gets the pictures, a folder per class. */
    private static final class Into {
        @Option(names = "--copy", paramLabel = "DIR")
        Path copy;

        @Option(names = "--move", paramLabel = "DIR")
        Path move;
    }

    @Parameters(arity = "1..*", paramLabel = "DIR|IMAGE|FILE")
    List<Path> arguments;

    /**
     * The answer to a picture.
     *
     * @param label empty for none of the classes
     * @param alone the answer if the picture is looked at by itself
     * @param oneOf up to three classes that it may be of; empty if they are not known
     * @param accepted null without a promise
     */
    private record Sorted(
            String path,
            String label,
            double confidence,
            String alone,
            double ownness,
            List<String> oneOf,
            Boolean accepted) {}

    /** All answers, with what was decided of them. */
    private record Result(List<Sorted> rows, Answers answers, Acceptance acceptance, Map<Integer, Integer> checked) {

        long accepted() {
            return rows.stream()
                    .filter(row -> Boolean.TRUE.equals(row.accepted))
                    .count();
        }
    }

    @Override
    public Integer call() throws IOException {
        require(
                accept == null || (accept > 0 && accept < 1),
                "--accept: expected the share that may be wrong, more than 0 and less than 1, got %s",
                accept);
        require(
                accept == null || checked != null,
                "--accept needs answers to pictures drawn at random: coop check draws them, --checked reads them");
        try (OpenPool opened = poolOptions.open(arguments, true, false, console)) {
            require(
                    into == null || !opened.holdsFeatures(),
                    "--copy and --move are for pictures, and these are features");
            Map<Integer, Integer> answers =
                    checked == null ? Map.of() : PoolAnswers.read(checked, opened.names(), opened.classNames());
            Result result = sorted(opened, answers, accept, console);
            Table<Sorted> table = table(result);
            if (out != null) {
                AtomicFile.write(out, CsvFormat.text(table));
            }
            if (format.json) {
                console.print(json(result, opened).set("answers", table.json()));
            } else if (out == null || format.csv) {
                table.print(format.chosen(), console);
            } else {
                summary(result, opened).print(TABLE, console);
            }
            note(result, opened);
            if (into != null) {
                put(result);
            }
            return opened.exitCode();
        }
    }

    /** Answers all pictures. */
    private static Result sorted(OpenPool opened, Map<Integer, Integer> checked, Double accept, Progress progress) {
        Pool pool = opened.pool();
        Map<Integer, Integer> own = OpenPool.ofClasses(checked);
        Answers answers = opened.joint(checked, progress);
        double[] ownness = pool.ownness(opened.logits(), opened.space().logitScale());
        Acceptance acceptance = accept == null ? null : acceptance(answers, checked, accept);
        boolean[] strangers = strangers(ownness, own, accept);
        Optional<AnswerSets> sets = AnswerSets.of(answers.probabilities(), own);
        List<Sorted> rows = new ArrayList<>();
        for (int i = 0; i < pool.size(); i++) {
            List<String> oneOf = sets.isEmpty() || opened.known().containsKey(i)
                    ? List.of()
                    : IntStream.of(sets.get().of(i)).mapToObj(opened::className).toList();
            double confidence = answers.confidences()[i];
            rows.add(new Sorted(
                    opened.names().get(i),
                    strangers[i] && !opened.known().containsKey(i) ? "" : opened.className(answers.labels()[i]),
                    confidence,
                    opened.className(answers.alone()[i]),
                    ownness[i],
                    oneOf.size() > MOST_SHOWN ? List.of() : oneOf,
                    acceptance == null ? null : acceptance.accepts(confidence)));
        }
        return new Result(rows, answers, acceptance, checked);
    }

    /** Tests thresholds; checked pictures that also decided between joint answers and others allow half the risk. */
    static Acceptance acceptance(Answers answers, Map<Integer, Integer> checked, double error) {
        int[] drawn = checked.keySet().stream().mapToInt(Integer::intValue).toArray();
        boolean[] right = new boolean[drawn.length];
        for (int i = 0; i < drawn.length; i++) {
            right[i] = answers.labels()[drawn[i]] == checked.get(drawn[i]);
        }
        return Acceptance.of(answers.confidences(), drawn, right, error, delta(checked));
    }

    private static double delta(Map<Integer, Integer> checked) {
        long own = checked.values().stream().filter(label -> label >= 0).count();
        return own >= Pool.FEWEST_CHECKED ? Acceptance.DELTA / 2 : Acceptance.DELTA;
    }

    /** Returns which pictures are called strangers; none beside a promise, which is about answers as they are. */
    private static boolean[] strangers(double[] ownness, Map<Integer, Integer> own, Double accept) {
        boolean[] strangers = new boolean[ownness.length];
        if (own.size() >= FEWEST_FOR_STRANGERS && accept == null) {
            double[] p = Pool.strangers(
                    ownness, own.keySet().stream().mapToInt(Integer::intValue).toArray());
            for (int i = 0; i < p.length; i++) {
                strangers[i] = p[i] <= MISSED && !own.containsKey(i);
            }
        }
        return strangers;
    }

    /** Puts the pictures into a folder per class: all that have one, or those that are accepted. */
    private void put(Result result) throws IOException {
        Path folder = into.move != null ? into.move : into.copy;
        List<Sorted> chosen = result.rows.stream()
                .filter(row -> !row.label.isEmpty() && !Boolean.FALSE.equals(row.accepted))
                .toList();
        LabelFolders folders = folders(folder, chosen); // checks all names before the first picture is touched
        try (Task task = console.task(into.move != null ? "moving" : "copying", chosen.size(), Unit.IMAGES)) {
            for (Sorted one : chosen) {
                folders.put(Path.of(one.path), one.label);
                task.advance(1);
            }
        }
        console.note("%s %s to %s"
                .formatted(count(chosen.size(), "picture"), into.move != null ? "moved" : "copied", folder));
    }

    private LabelFolders folders(Path folder, List<Sorted> chosen) {
        try {
            return new LabelFolders(
                    folder,
                    into.move != null,
                    chosen.stream().map(Sorted::label).toList());
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(e.getMessage());
        }
    }

    private static Table<Sorted> table(Result result) {
        Table<Sorted> table = new Table<Sorted>()
                .text("path", Sorted::path)
                .text("label", Sorted::label)
                .number("confidence", 4, Sorted::confidence)
                .text("alone", Sorted::alone)
                .number("ownness", 4, Sorted::ownness);
        if (result.rows.stream().anyMatch(row -> !row.oneOf.isEmpty())) {
            table.text("one_of", row -> String.join(" or ", row.oneOf));
        }
        if (result.acceptance != null) {
            table.text("accepted", row -> row.accepted ? "yes" : "no");
        }
        return table.rows(result.rows);
    }

    private static Table<String> summary(Result result, OpenPool opened) {
        List<String> names = new ArrayList<>(opened.classNames());
        names.add("");
        Table<String> table = new Table<String>()
                .words("class", name -> name.isEmpty() ? "none of these" : name)
                .count("pictures", name -> rows(result, name).size());
        if (result.acceptance != null) {
            table.count("accepted", name ->
                    (int) rows(result, name).stream().filter(Sorted::accepted).count());
        }
        return table.rows(names.stream()
                .filter(name -> !name.isEmpty() || !rows(result, name).isEmpty())
                .toList());
    }

    private static List<Sorted> rows(Result result, String label) {
        return result.rows.stream().filter(row -> row.label.equals(label)).toList();
    }

    private static ObjectNode json(Result result, OpenPool opened) {
        ObjectNode json = Json.object()
                .put("pictures", opened.pool().size())
                .put("joint", result.answers.joint())
                .put("changed", result.answers.changed())
                .put("known", opened.known().size());
        if (result.acceptance != null) {
            json.put("accepted", result.accepted());
            result.acceptance.lowest().ifPresent(least -> json.put("threshold", least));
        }
        return json;
    }

    private void note(Result result, OpenPool opened) {
        String pictures = count(opened.pool().size(), "picture");
        console.note(
                result.answers.joint()
                        ? "%s answered together, which changed %s of the answers one by one; an answer depends on the other pictures"
                                .formatted(pictures, count(result.answers.changed()))
                        : pictures + " answered one by one"
                                + (!result.checked.isEmpty() ? ", as the checked ones were better so" : ""));
        if (result.acceptance != null) {
            console.note(promise(result, opened.pool().size(), accept));
        }
    }

    private static String promise(Result result, int pictures, double error) {
        String share = percent(100 * error, 0);
        if (result.acceptance.lowest().isPresent()) {
            return "%s of %s can be accepted: at most %s of them are wrong, which holds for 19 of 20 draws of checked pictures"
                    .formatted(count(result.accepted()), count(pictures, "picture"), share);
        }
        int need = Acceptance.fewest(error, delta(result.checked));
        return result.checked.size() < need
                ? "no answer can be accepted: to promise that at most %s are wrong, check %d pictures or more, not %d"
                        .formatted(share, need, result.checked.size())
                : "no answer can be accepted: too many of the checked ones are wrong to promise that at most %s are"
                        .formatted(share);
    }
}
