package org.coop4j.cli;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.CommandFailure.require;
import static org.coop4j.console.Table.Format.TABLE;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.console.Table;
import org.coop4j.study.FoundRuns;
import org.coop4j.study.FoundRuns.Failure;
import org.coop4j.study.Study;
import org.coop4j.study.StudyReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop report}: the papers' tables and figures of a folder of runs. */
@Command(name = "report")
final class ReportCommand extends ConsoleCommand {

    private static final int MOST_NAMED = 8;
    private static final int LINE = 78;

    @Parameters(paramLabel = "DIR")
    Path folder;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "OUT")
    Path out;

    @Option(names = "--csv", description = "Print comma-separated values.")
    boolean csv;

    @Override
    public Integer call() throws IOException {
        Path target = out == null ? folder.resolve("report") : out;
        FoundRuns runs = FoundRuns.below(folder, console);
        name("damaged", runs.damaged());
        name("failed", runs.failed());
        require(
                !runs.finished().isEmpty(),
                "no finished run below %s (%s, %s): expected folders with config.json and result.json, as coop train and coop sweep leave them"
                        .formatted(
                                folder,
                                count(runs.failed().size(), "failed run"),
                                count(runs.unfinished().size(), "unfinished one")));
        List<Study> studies = Study.of(runs);
        StudyReport report = new StudyReport(runs, studies);
        if (!runs.unfinished().isEmpty()) {
            console.warn("not counted: %s, the first in %s"
                    .formatted(
                            count(runs.unfinished().size(), "unfinished run"),
                            folder.resolve(runs.unfinished().get(0))));
        }
        warn(report.notes(), "remarks");
        List<Path> files = report.write(target);
        if (csv) {
            console.out().print(report.fewShotCsv());
        } else {
            print(studies, target, files);
        }
        return runs.damaged().isEmpty() ? 0 : 1;
    }

    private void name(String state, List<Failure> runs) {
        warn(
                runs.stream()
                        .map(run -> "%s run %s: %s".formatted(state, folder.resolve(run.folder()), run.reason()))
                        .toList(),
                state + " runs");
    }

    private void warn(List<String> notes, String more) {
        notes.stream().limit(MOST_NAMED).forEach(console::warn);
        if (notes.size() > MOST_NAMED) {
            console.warn("and %s more %s, see the page".formatted(count(notes.size() - MOST_NAMED), more));
        }
    }

    /** Prints the main tables and the places of the files. */
    private void print(List<Study> studies, Path target, List<Path> files) {
        for (Study study : studies) {
            console.print(study.model().describe() + ": " + study.summary());
            console.print("");
            for (Table<?> table : StudyReport.brief(study)) {
                console.print(table.title());
                table.print(TABLE, console);
                console.print("");
            }
        }
        console.print("accuracy in %, mean ± sd over seeds");
        console.print("page: " + target.resolve(StudyReport.PAGE));
        Map<Path, String> byFolder = files.stream()
                .filter(file -> file.getParent() != null)
                .collect(groupingBy(
                        Path::getParent,
                        LinkedHashMap::new,
                        mapping(file -> file.getFileName().toString(), joining("  "))));
        byFolder.forEach((parent, names) -> {
            console.print(target.resolve(parent) + ":");
            // Names of files have no space: lines break between them.
            console.out().print(names.replaceAll("(.{1," + LINE + "})(  |$)", "  $1\n"));
        });
    }
}
