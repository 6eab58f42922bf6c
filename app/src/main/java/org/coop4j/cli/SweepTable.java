package org.coop4j.cli;

import org.coop4j.console.AlignedLines;
import org.coop4j.console.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.coop4j.base.Numbers;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.SweepRun;

/**
 * The runs of a sweep as a table, a row a method and a column a number of shots, that fills in as
 * results arrive: "87.5±0.4" is mean and standard deviation over the seeds, "87.5 2/3" the mean of
 * two results of three.
 */
final class SweepTable {

    private static final String RUNNING = "…";
    private static final String FAILED = "failed";

    /** Hand-written prompts, before all numbers of shots. */
    private static final int NO_SHOTS = -1;

    private final Map<Row, Map<Integer, Cell>> rows = new LinkedHashMap<>();
    private final Set<Integer> columns = new TreeSet<>(SweepTable::allLast);

    SweepTable(List<SweepRun> runs) {
        for (SweepRun run : runs) {
            columns.add(column(run));
            cell(run).planned++;
        }
    }

    /** A line of the table. */
    record Row(String dataset, String method) {
        static Row of(SweepRun run) {
            String from = run.trainedOn().equals(run.dataset()) ? "" : " from " + run.trainedOn();
            String half =
                    switch (run.half()) {
                        case ALL -> "";
                        case BASE -> ", base";
                        case NEW -> ", new";
                    };
            return new Row(run.dataset(), run.label() + from + half);
        }
    }

    private static final class Cell {
        private int planned;
        private int failed;
        private boolean running;
        private final List<Double> accuracies = new ArrayList<>();

        String text() {
            if (accuracies.isEmpty()) {
                return running ? RUNNING : failed > 0 ? FAILED : "";
            }
            SeedSummary summary = SeedSummary.of(accuracies, Double::doubleValue);
            return accuracies.size() < planned
                    ? Numbers.number(summary.mean(), 1) + " " + accuracies.size() + "/" + planned
                    : summary.compact();
        }
    }

    /** All training images (0) are more than any number of shots. */
    private static int allLast(int a, int b) {
        return Integer.compare(a == 0 ? Integer.MAX_VALUE : a, b == 0 ? Integer.MAX_VALUE : b);
    }

    private static int column(SweepRun run) {
        return run.learns() ? run.shots() : NO_SHOTS;
    }

    private Cell cell(SweepRun run) {
        return rows.computeIfAbsent(Row.of(run), row -> new LinkedHashMap<>())
                .computeIfAbsent(column(run), shots -> new Cell());
    }

    void running(SweepRun run) {
        cell(run).running = true;
    }

    void finished(SweepRun run, double accuracy) {
        cell(run).running = false;
        cell(run).accuracies.add(accuracy);
    }

    void failed(SweepRun run) {
        cell(run).running = false;
        cell(run).failed++;
    }

    /** The place of a run's row, counted from 0, the header not counted. */
    int row(SweepRun run) {
        return List.copyOf(rows.keySet()).indexOf(Row.of(run));
    }

    /** A table of the rows, with a header of two lines. */
    AlignedLines table() {
        Table.Kind[] alignment = new Table.Kind[2 + columns.size()];
        Arrays.fill(alignment, Table.Kind.NUMBERS);
        alignment[0] = Table.Kind.WORDS;
        alignment[1] = Table.Kind.WORDS;
        AlignedLines table = new AlignedLines(alignment);
        table.row(header());
        String last = "";
        for (Map.Entry<Row, Map<Integer, Cell>> row : rows.entrySet()) {
            String dataset = row.getKey().dataset();
            List<String> cells = new ArrayList<>();
            cells.add(dataset.equals(last) ? "" : dataset);
            cells.add(row.getKey().method());
            for (int shots : columns) {
                Cell cell = row.getValue().get(shots);
                cells.add(cell == null ? "" : cell.text());
            }
            table.row(cells.toArray(String[]::new));
            last = dataset;
        }
        return table;
    }

    private String[] header() {
        List<String> cells = new ArrayList<>(List.of("DATASET", "METHOD"));
        for (int shots : columns) {
            cells.add(
                    switch (shots) {
                        case NO_SHOTS -> "-";
                        case 0 -> "ALL";
                        case 1 -> "1 SHOT";
                        default -> shots + " SHOTS";
                    });
        }
        return cells.toArray(String[]::new);
    }
}
