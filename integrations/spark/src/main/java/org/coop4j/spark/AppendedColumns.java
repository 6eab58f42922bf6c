package org.coop4j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * Appends columns to rows, one batch of rows at a time.
 *
 * @param work computes the columns' values
 * @param width number of columns of the extended rows
 * @param batch rows per batch
 * @param invalid treatment of rows without values
 */
record AppendedColumns(Work work, int width, int batch, Invalid invalid) implements MapPartitionsFunction<Row, Row> {

    /** Treatment of a row whose image or text cannot be used: values of {@code handleInvalid}. */
    enum Invalid {
        /** The job fails with the reason. */
        ERROR,
        /** The row is left out. */
        SKIP,
        /** The row stays, without a result and with the reason in the error column. */
        KEEP;

        /** Returns the value of the parameter. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Invalid of(String word) {
            return Arrays.stream(values())
                    .filter(value -> value.word().equals(word))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "handleInvalid: expected error, skip or keep, got \"" + word + "\""));
        }
    }

    /** Computation of rows' values on an executor. */
    interface Work extends Serializable {

        /** Returns the outcome of each row, in order. */
        List<Outcome> of(List<Row> rows) throws IOException;
    }

    /**
     * The outcome of a row.
     *
     * @param values of the appended columns; empty if there is a problem
     * @param problem the reason for no values, or null
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Outcome(Object[] values, IOException problem) {

        static Outcome of(Object... values) {
            return new Outcome(values, null);
        }

        static Outcome failed(IOException problem) {
            return new Outcome(new Object[0], problem);
        }
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        return Stream.generate(() -> next(rows))
                .takeWhile(next -> !next.isEmpty())
                .flatMap(this::extended)
                .iterator();
    }

    private List<Row> next(Iterator<Row> rows) {
        List<Row> next = new ArrayList<>();
        while (next.size() < batch && rows.hasNext()) {
            next.add(rows.next());
        }
        return next;
    }

    private Stream<Row> extended(List<Row> rows) {
        List<Row> extended = new ArrayList<>();
        try {
            List<Outcome> outcomes = work.of(rows);
            for (int i = 0; i < rows.size(); i++) {
                IOException problem = outcomes.get(i).problem;
                if (problem == null || invalid == Invalid.KEEP) {
                    extended.add(extended(rows.get(i), outcomes.get(i)));
                } else if (invalid == Invalid.ERROR) {
                    throw new IOException(
                            problem.getMessage() + "; set handleInvalid to skip to leave out such rows, or to keep",
                            problem);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return extended.stream();
    }

    private Row extended(Row row, Outcome outcome) {
        Object[] values = new Object[width];
        Arrays.setAll(values, i -> i < row.length() ? row.get(i) : null);
        System.arraycopy(outcome.values, 0, values, row.length(), outcome.values.length);
        if (outcome.problem != null) {
            values[width - 1] = outcome.problem.getMessage();
        }
        return RowFactory.create(values);
    }
}
