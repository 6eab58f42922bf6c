package org.coop4j.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.function.BiFunction;
import org.coop4j.cli.console.Numbers;
import org.coop4j.cli.console.Printable;
import org.coop4j.cli.console.Table;
import org.coop4j.eval.BaseToNew;
import org.coop4j.eval.SeedSummary;
import org.coop4j.report.StudyReport;
import org.coop4j.results.Average;
import org.coop4j.results.BaseNew;
import org.coop4j.results.FewShot;
import org.coop4j.results.Measure;
import org.coop4j.results.MethodLabel;
import org.coop4j.results.Outcome;
import org.coop4j.results.Robustness;
import org.coop4j.results.Shots;
import org.coop4j.results.Study;

/** The report in short on the screen, and where its files are. */
final class ReportScreen {

    private static final int LINE = 78;

    private final PrintStream out;

    ReportScreen(PrintStream out) {
        this.out = out;
    }

    void print(List<Study> studies, Path folder, List<Path> files) {
        for (Study study : studies) {
            out.println(Printable.of(headline(study)));
            out.println();
            fewShot(study.fewShot());
            baseNew(study.baseNew());
            study.robustness().forEach(this::robustness);
        }
        out.println("accuracy in %, mean ± sd over seeds");
        files(folder, files);
    }

    private static String headline(Study study) {
        TreeSet<Long> seeds = new TreeSet<>();
        TreeSet<String> datasets = new TreeSet<>();
        study.entries()
                .forEach(
                        entry -> {
                            datasets.add(entry.dataset());
                            if (!entry.method().isWithoutTraining()) {
                                seeds.add(entry.run().result().seed());
                            }
                        });
        String text =
                study.model().describe()
                        + ": "
                        + Numbers.count(study.entries().size(), "run")
                        + ", "
                        + Numbers.count(datasets.size(), "dataset");
        return seeds.isEmpty()
                ? text
                : text
                        + (seeds.size() == 1 ? ", seed " : ", seeds ")
                        + String.join(", ", seeds.stream().map(String::valueOf).toList());
    }

    private void fewShot(FewShot fewShot) {
        if (!fewShot.averages().isEmpty()) {
            byShots(
                    "average of "
                            + fewShot.averaged().size()
                            + " datasets, by training images a class",
                    fewShot,
                    (method, shots) -> fewShot.average(method, shots).map(ReportScreen::summary));
            gains(fewShot);
            return;
        }
        for (String dataset : fewShot.datasets()) {
            byShots(
                    dataset + ", by training images a class",
                    fewShot,
                    (method, shots) ->
                            fewShot.cell(dataset, method, shots)
                                    .flatMap(cell -> cell.summary(Measure.ACCURACY)));
        }
    }

    private static SeedSummary summary(Average average) {
        return average.overSeeds(Measure.ACCURACY)
                .orElseGet(() -> SeedSummary.of(average.accuracy()));
    }

    private void byShots(
            String title,
            FewShot fewShot,
            BiFunction<MethodLabel, Shots, Optional<SeedSummary>> numbers) {
        List<Shots> columns = new ArrayList<>();
        columns.add(Shots.NONE);
        columns.addAll(fewShot.shots());
        columns.removeIf(
                shots ->
                        fewShot.methods().stream()
                                .allMatch(method -> numbers.apply(method, shots).isEmpty()));
        out.println(Printable.of(title));
        Table table = table(1, columns.size());
        List<String> header = new ArrayList<>(List.of("METHOD"));
        columns.forEach(shots -> header.add(shots.label()));
        table.row(header.toArray(String[]::new));
        for (MethodLabel method : fewShot.methods()) {
            List<String> row = new ArrayList<>(List.of(method.id()));
            columns.forEach(
                    shots ->
                            row.add(
                                    numbers.apply(method, shots)
                                            .map(ReportScreen::plusMinus)
                                            .orElse("")));
            if (row.stream().skip(1).anyMatch(cell -> !cell.isEmpty())) {
                table.row(row.toArray(String[]::new));
            }
        }
        table.print(out);
        out.println();
    }

    private static Table table(int words, int numbers) {
        Table.Align[] alignment = new Table.Align[words + numbers];
        for (int i = 0; i < alignment.length; i++) {
            alignment[i] = i < words ? Table.Align.LEFT : Table.Align.RIGHT;
        }
        return new Table(alignment);
    }

    private static String plusMinus(SeedSummary summary) {
        return summary.count() > 1
                ? String.format(Locale.ROOT, "%.1f ±%.1f", summary.mean(), summary.sampleSd())
                : number(summary.mean());
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    /** What the main method won on each dataset with most images. */
    private void gains(FewShot fewShot) {
        Optional<MethodLabel> main = fewShot.main();
        if (main.isEmpty()) {
            return;
        }
        Table table = table(1, 4);
        table.row(
                "DATASET", "SHOTS", "ZERO-SHOT", main.get().id().toUpperCase(Locale.ROOT), "GAIN");
        for (String dataset : fewShot.datasets()) {
            Optional<Outcome> best =
                    fewShot.cells(dataset).stream()
                            .filter(cell -> cell.method().equals(main.get()))
                            .max(Comparator.comparing(Outcome::shots));
            Optional<Outcome> zeroShot = fewShot.zeroShot(dataset);
            best.ifPresent(
                    cell ->
                            table.row(
                                    dataset,
                                    cell.shots().label(),
                                    zeroShot.map(z -> number(z.accuracy())).orElse(""),
                                    plusMinus(cell.summary(Measure.ACCURACY).orElseThrow()),
                                    zeroShot.flatMap(cell::gainOver)
                                            .map(g -> signed(g.difference()))
                                            .orElse("")));
        }
        table.print(out);
        out.println();
    }

    private static String signed(double value) {
        return String.format(Locale.ROOT, "%+.1f", value);
    }

    private void baseNew(BaseNew results) {
        if (results.isEmpty()) {
            return;
        }
        boolean averaged = !results.averages().isEmpty();
        Table table = table(averaged ? 1 : 2, 4);
        if (averaged) {
            table.row(
                    "BASE TO NEW, AVERAGE OF " + results.averaged().size(),
                    "SHOTS",
                    "BASE",
                    "NEW",
                    "H");
            for (BaseNew.AverageRow row : results.averages()) {
                BaseToNew means = row.means();
                table.row(
                        row.method().id(),
                        row.shots().label(),
                        number(means.baseAccuracy()),
                        number(means.newAccuracy()),
                        number(means.harmonicMean()));
            }
        } else {
            table.row("BASE TO NEW", "", "SHOTS", "BASE", "NEW", "H");
            for (BaseNew.Row row : results.rows()) {
                table.row(
                        row.dataset(),
                        row.method().id(),
                        row.shots().label(),
                        accuracy(row.base()),
                        accuracy(row.unseen()),
                        row.means().map(m -> number(m.harmonicMean())).orElse(""));
            }
        }
        table.print(out);
        out.println();
    }

    private static String accuracy(Optional<Outcome> outcome) {
        return outcome.flatMap(o -> o.summary(Measure.ACCURACY))
                .map(ReportScreen::plusMinus)
                .orElse("");
    }

    private void robustness(Robustness results) {
        Table table = table(1, 3);
        table.row(
                "LEARNED ON " + results.source().toUpperCase(Locale.ROOT),
                "SHOTS",
                "THERE",
                "ON "
                        + Numbers.count(results.targets().size(), "OTHER")
                                .replace("OTHERs", "OTHERS"));
        for (Robustness.Row row : results.rows()) {
            OptionalDouble average = row.average(results.targets());
            table.row(
                    row.method().id(),
                    row.shots().label(),
                    accuracy(row.onSource()),
                    average.isPresent() ? number(average.getAsDouble()) : "");
        }
        table.print(out);
        out.println();
    }

    private void files(Path folder, List<Path> files) {
        Map<String, List<String>> byFolder = new LinkedHashMap<>();
        for (Path file : files) {
            if (file.getParent() != null) {
                byFolder.computeIfAbsent(
                                folder.resolve(file.getParent()).toString(), f -> new ArrayList<>())
                        .add(file.getFileName().toString());
            }
        }
        out.println("page: " + folder.resolve(StudyReport.PAGE));
        byFolder.forEach(
                (parent, names) -> {
                    out.println(parent + ":");
                    StringBuilder line = new StringBuilder();
                    for (String name : names) {
                        if (line.length() + name.length() + 2 > LINE) {
                            out.println(line);
                            line.setLength(0);
                        }
                        line.append("  ").append(name);
                    }
                    out.println(line);
                });
    }
}
