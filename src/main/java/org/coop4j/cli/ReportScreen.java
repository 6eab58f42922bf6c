package org.coop4j.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.coop4j.console.Table;
import org.coop4j.report.ResultTable;
import org.coop4j.report.StudyReport;
import org.coop4j.report.StudyView;
import org.coop4j.text.SafeText;

/** The report in short on the screen, and where its files are. */
final class ReportScreen {

    private static final int LINE = 78;

    private final PrintStream out;

    ReportScreen(PrintStream out) {
        this.out = out;
    }

    void print(StudyReport report, Path folder, List<Path> files) {
        for (StudyView view : report.views()) {
            String model = view.study().model().describe();
            out.println(SafeText.line(model + ": " + view.study().summary()));
            out.println();
            for (ResultTable table : StudyReport.brief(view)) {
                out.println(SafeText.line(table.title()));
                Table.of(table).print(out);
                out.println();
            }
        }
        out.println("accuracy in %, mean ± sd over seeds");
        files(folder, files);
    }

    private void files(Path folder, List<Path> files) {
        Map<String, StringJoiner> byFolder = new LinkedHashMap<>();
        for (Path file : files) {
            if (file.getParent() != null) {
                byFolder.computeIfAbsent(
                                folder.resolve(file.getParent()).toString(),
                                f -> new StringJoiner("  "))
                        .add(file.getFileName().toString());
            }
        }
        out.println("page: " + SafeText.line(folder.resolve(StudyReport.PAGE).toString()));
        byFolder.forEach(
                (parent, names) -> {
                    out.println(SafeText.line(parent) + ":");
                    // Names of files have no space: lines break between them.
                    out.print(names.toString().replaceAll("(.{1," + LINE + "})(  |$)", "  $1\n"));
                });
    }
}
