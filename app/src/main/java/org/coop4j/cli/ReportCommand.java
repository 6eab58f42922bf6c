package org.coop4j.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.base.SafeText;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Table;
import org.coop4j.study.FoundRuns;
import org.coop4j.study.FoundRuns.Failure;
import org.coop4j.study.Study;
import org.coop4j.study.report.StudyReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop report}: the papers' tables and figures of a folder of runs. */
@Command(
        name = "report",
        description = {
            "Make the papers' tables and figures from finished runs, and a page of them.",
            "",
            "Reads all runs below a folder, and writes tables as CSV and figures as SVG. Runs of different models, test"
                    + " images or settings are shown apart, never averaged.",
            "",
            "A damaged run is named and left out; the exit code is 1."
        },
        footer = {"  coop report runs -o paper", "  coop report runs -q --csv | head"})
final class ReportCommand extends ConsoleCommand {

    private static final int MOST_NAMED = 8;
    private static final int LINE = 78;

    @Parameters(paramLabel = "DIR", description = "Folder of the runs.")
    private Path folder;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "OUT",
            description = "The report's folder (default: DIR/report); an earlier report in it is replaced.")
    private Path out;

    @Option(names = "--csv", description = "Print comma-separated values.")
    private boolean csv;

    @Override
    public Integer call() throws IOException {
        Path target = out == null ? folder.resolve("report") : out;
        FoundRuns runs = FoundRuns.below(folder, console);
        name("damaged", runs.damaged());
        name("failed", runs.failed());
        if (runs.finished().isEmpty()) {
            throw new CommandFailure(
                    "no finished run below %s (%s, %s): expected folders with config.json and result.json, as coop train and coop sweep leave them"
                            .formatted(
                                    folder,
                                    Numbers.count(runs.failed().size(), "failed run"),
                                    Numbers.count(runs.unfinished().size(), "unfinished one")));
        }
        List<Study> studies = Study.of(runs);
        StudyReport report = new StudyReport(runs, studies);
        noteWhatIsLeftOut(runs, report);
        List<Path> files = report.write(target);
        if (csv) {
            console.out().print(report.fewShotCsv());
        } else {
            print(studies, target, files, console.out());
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
            console.warn("and %s more %s, see the page".formatted(Numbers.count(notes.size() - MOST_NAMED), more));
        }
    }

    private void noteWhatIsLeftOut(FoundRuns runs, StudyReport report) {
        if (!runs.unfinished().isEmpty()) {
            console.warn("not counted: "
                    + Numbers.count(runs.unfinished().size(), "unfinished run")
                    + ", the first in "
                    + folder.resolve(runs.unfinished().get(0)));
        }
        warn(report.notes(), "remarks");
    }

    /** Prints the main tables and the places of the files. */
    private static void print(List<Study> studies, Path folder, List<Path> files, PrintStream out) {
        for (Study study : studies) {
            String model = study.model().describe();
            out.println(SafeText.line(model + ": " + study.summary()));
            out.println();
            for (Table<?> table : StudyReport.brief(study)) {
                out.println(SafeText.line(table.title()));
                table.lines().print(out);
                out.println();
            }
        }
        out.println("accuracy in %, mean ± sd over seeds");
        printPlaces(folder, files, out);
    }

    private static void printPlaces(Path folder, List<Path> files, PrintStream out) {
        Map<Path, String> byFolder = files.stream()
                .filter(file -> file.getParent() != null)
                .collect(Collectors.groupingBy(
                        Path::getParent,
                        LinkedHashMap::new,
                        Collectors.mapping(file -> file.getFileName().toString(), Collectors.joining("  "))));
        out.println("page: " + SafeText.line(folder.resolve(StudyReport.PAGE).toString()));
        byFolder.forEach((parent, names) -> {
            out.println(SafeText.line(folder.resolve(parent) + ":"));
            // Names of files have no space: lines break between them.
            out.print(names.replaceAll("(.{1," + LINE + "})(  |$)", "  $1\n"));
        });
    }
}
