package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.CommandFailure.require;
import static org.coop4j.console.Table.Format.TABLE;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.console.Table;
import org.coop4j.study.FoundRuns;
import org.coop4j.study.FoundRuns.State;
import org.coop4j.study.Study;
import org.coop4j.study.StudyReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop report}: the papers' tables and figures of a folder of runs. */
@Command(name = "report")
final class ReportCommand extends ConsoleCommand {

    private static final int MOST_NAMED = 8;

    @Parameters(paramLabel = "DIR")
    Path folder;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "OUT")
    Path out;

    @Option(names = "--csv")
    boolean csv;

    @Override
    public Integer call() throws IOException {
        Path target = out == null ? folder.resolve("report") : out;
        FoundRuns runs = FoundRuns.below(folder, console);
        for (State state : State.values()) {
            warn(
                    runs.leftOut(state).stream()
                            .map(run -> "%s run %s%s"
                                    .formatted(
                                            state.label(),
                                            folder.resolve(run.folder()),
                                            run.reason().isEmpty() ? "" : ": " + run.reason()))
                            .toList(),
                    state.label() + " runs");
        }
        require(
                !runs.finished().isEmpty(),
                "no finished run below %s (%s, %s): expected folders with config.json and result.json, as coop train and coop sweep leave them",
                folder,
                count(runs.leftOut(State.FAILED).size(), "failed run"),
                count(runs.leftOut(State.UNFINISHED).size(), "unfinished one"));
        StudyReport report = new StudyReport(runs, Study.of(runs));
        warn(report.notes(), "remarks");
        report.write(target);
        if (csv) {
            console.out().print(report.scores());
        } else {
            print(report, target);
        }
        return runs.leftOut(State.DAMAGED).isEmpty() ? 0 : 1;
    }

    private void warn(List<String> notes, String more) {
        notes.stream().limit(MOST_NAMED).forEach(console::warn);
        if (notes.size() > MOST_NAMED) {
            console.warn("and %s more %s, see the page", count(notes.size() - MOST_NAMED), more);
        }
    }

    private void print(StudyReport report, Path target) {
        for (Study study : report.studies()) {
            console.print(study.model().describe() + ": " + study.summary());
            console.print("");
            for (Table<?> table : StudyReport.brief(study)) {
                console.print(table.caption());
                table.print(TABLE, console);
                console.print("");
            }
        }
        console.print("page: " + target.resolve(StudyReport.PAGE));
        console.print("scores: " + target.resolve(StudyReport.SCORES));
    }
}
