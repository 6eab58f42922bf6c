package org.coop4j.study.report;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;
import static org.coop4j.console.Table.Kind.SENTENCES;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.run.RunResult;
import org.coop4j.study.FoundRuns;
import org.coop4j.study.FoundRuns.FinishedRun;
import org.coop4j.study.HandWrittenPrompts;
import org.coop4j.study.HandWrittenPrompts.Prompt;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.Study;
import org.coop4j.study.Study.Entry;

/** Tables of the runs, their settings and their hand-written prompts: all other tables are made from these. */
final class RunTables {

    private static final int MOST_VALUES = 4;

    private RunTables() {}

    /** A run; one that is not finished has a folder and perhaps a reason. */
    private record Line(Object folder, String state, String model, Optional<Entry> entry, String reason) {}

    /**
     * Returns every run, most of it for other programs.
     *
     * @param studies finished runs to list as well
     */
    static Table<?> runs(FoundRuns findings, List<Study> studies) {
        Table<Line> table = new Table<Line>("runs", "Runs left out of all numbers", "")
                .words("run", line -> line.folder.toString(), "folder")
                .words("state", Line::state, "state")
                .data("model", Line::model)
                .data("model_sha256", of(entry -> entry.run().model().sha256()))
                .data("method", of(entry -> entry.method().id()))
                .data("dataset", of(Entry::dataset))
                .data("learned_on", result(RunResult::trainedOn))
                .data("classes_tested", result(result -> result.half().label()))
                .data("shots", of(entry -> entry.run().shots().label()))
                .data("seed", result(RunResult::seed))
                .data("classes", result(RunResult::classes))
                .data("train_images", result(RunResult::trainImages))
                .data("test_images", result(RunResult::testImages))
                .data("accuracy", number(RunResult::accuracy))
                .data("macro_f1", number(RunResult::macroF1))
                .data("ece_percent", number(result -> 100 * result.calibrationError()))
                .data("seconds", number(RunResult::totalSeconds))
                .data("settings", of(entry -> MethodLabel.settings(entry.run().config()).entrySet().stream()
                        .map(Object::toString)
                        .collect(joining("; "))))
                .column("reason", SENTENCES, Line::reason, "reason");
        for (Study study : studies) {
            for (Entry entry : study.entries()) {
                table.row(new Line(entry.run().folder(), "finished", study.name(), Optional.of(entry), ""));
            }
        }
        findings.failed().forEach(f -> table.row(new Line(f.folder(), "failed", null, Optional.empty(), f.reason())));
        findings.damaged().forEach(f -> table.row(new Line(f.folder(), "damaged", null, Optional.empty(), f.reason())));
        findings.unfinished().forEach(f -> table.row(new Line(f, "unfinished", null, Optional.empty(), "")));
        return table;
    }

    private static Function<Line, Optional<Object>> of(Function<Entry, Object> value) {
        return line -> line.entry.map(value);
    }

    private static Function<Line, Optional<Object>> result(Function<RunResult, Object> value) {
        return of(entry -> value.apply(entry.run().result()));
    }

    private static Function<Line, Optional<Object>> number(ToDoubleFunction<RunResult> value) {
        return result(result -> Cell.number(value.applyAsDouble(result)));
    }

    /** Returns the settings of each method's runs. */
    static Table<?> settings(Study study) {
        Map<MethodLabel, List<FinishedRun>> runs = study.entries().stream()
                .collect(groupingBy(Entry::method, TreeMap::new, mapping(Entry::run, Collectors.toList())));
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

    /** A hand-written prompt, tested beside the learned one. */
    private record Tested(Study study, HandWrittenPrompts all, Prompt prompt) {

        Cell text() {
            Cell text = Cell.words(prompt.text(), "“" + prompt.text() + "”");
            return prompt.own() ? text.withNote("the dataset's own") : text;
        }

        Optional<Cell> accuracy() {
            return prompt.accuracies().summary(Measured::accuracy).map(accuracy -> Cell.mean(accuracy)
                    .best(prompt.equals(all.best())));
        }
    }

    /** Returns the hand-written prompts that training runs tested beside the learned one, of some datasets. */
    static Table<?> handWritten(List<Study> studies, Predicate<HandWrittenPrompts> some) {
        Table<Tested> table = new Table<Tested>("hand-written", "Accuracy of hand-written prompts in %", "")
                .decimals(2)
                .data("model", t -> t.study.name())
                .data("dataset", t -> t.all.dataset())
                .data("classes", t -> t.all.half().label())
                .words("prompt", Tested::text, "prompt")
                .data("is_the_datasets_own", t -> t.prompt.own())
                .means("accuracy", Tested::accuracy, "accuracy");
        for (Study study : studies) {
            study.handWritten().stream().filter(some).forEach(all -> all.prompts()
                    .forEach(prompt -> table.row(new Tested(study, all, prompt))));
        }
        return table;
    }
}
