package org.coop4j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Appends columns to rows, computed some rows at a time.
 *
 * @param work computes the columns' values
 * @param columns how many columns it computes
 * @param batch rows at a time
 * @param invalid what becomes of rows that have no values
 */
record AppendedColumns(Work work, int columns, int batch, Invalid invalid) implements MapPartitionsFunction<Row, Row> {

    /** What becomes of a row whose image or text cannot be used: values of {@code handleInvalid}. */
    enum Invalid {
        /** The job fails, and says why. */
        ERROR,
        /** The row is left out. */
        SKIP,
        /** The row stays, without a result, and the error column says why. */
        KEEP;

        /** The value of the parameter. */
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

    /** Computes values for rows on an executor. */
    interface Work extends Serializable {

        /** What comes of each row, in order. */
        List<Outcome> of(List<Row> rows) throws IOException;
    }

    /**
     * What comes of a row.
     *
     * @param values of the appended columns; null if there is a problem
     * @param problem why there are none, or null
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Outcome(Object[] values, IOException problem) {

        static Outcome of(Object... values) {
            return new Outcome(values, null);
        }

        static Outcome failed(IOException problem) {
            return new Outcome(null, problem);
        }
    }

    /**
     * The schema with the appended columns.
     *
     * @throws IllegalArgumentException if a column is there already
     */
    static StructType schema(StructType input, List<StructField> appended, Invalid invalid, String errorCol) {
        StructType schema = input;
        List<StructField> all = new ArrayList<>(appended);
        if (invalid == Invalid.KEEP) {
            all.add(DataTypes.createStructField(errorCol, DataTypes.StringType, true));
        }
        for (StructField field : all) {
            if (Arrays.asList(schema.fieldNames()).contains(field.name())) {
                throw new IllegalArgumentException(
                        "the rows have a column \"%s\" already: drop it, or choose another name"
                                .formatted(field.name()));
            }
            schema = schema.add(field);
        }
        return schema;
    }

    /**
     * The rows with the columns.
     *
     * @param schema what {@link #schema} gave
     */
    Dataset<Row> appendTo(Dataset<?> rows, StructType schema) {
        return rows.toDF().mapPartitions(this, Encoders.row(schema));
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        return new Batches(rows);
    }

    private final class Batches implements Iterator<Row> {

        private final Iterator<Row> rows;
        private final Queue<Row> ready = new ArrayDeque<>();

        Batches(Iterator<Row> rows) {
            this.rows = rows;
        }

        @Override
        public boolean hasNext() {
            while (ready.isEmpty() && rows.hasNext()) {
                List<Row> next = new ArrayList<>();
                while (next.size() < batch && rows.hasNext()) {
                    next.add(rows.next());
                }
                add(next);
            }
            return !ready.isEmpty();
        }

        private void add(List<Row> next) {
            List<Outcome> outcomes;
            try {
                outcomes = work.of(next);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            for (int i = 0; i < next.size(); i++) {
                Outcome outcome = outcomes.get(i);
                if (outcome.problem == null || invalid == Invalid.KEEP) {
                    ready.add(appended(next.get(i), outcome));
                } else if (invalid == Invalid.ERROR) {
                    throw new UncheckedIOException(new IOException(
                            outcome.problem.getMessage()
                                    + "; handleInvalid = skip leaves such rows out, keep"
                                    + " keeps them",
                            outcome.problem));
                }
            }
        }

        private Row appended(Row row, Outcome outcome) {
            int given = row.size();
            int error = invalid == Invalid.KEEP ? 1 : 0;
            Object[] values = new Object[given + columns + error];
            for (int i = 0; i < given; i++) {
                values[i] = row.get(i);
            }
            if (outcome.problem == null) {
                System.arraycopy(outcome.values, 0, values, given, columns);
            } else {
                values[given + columns] = outcome.problem.getMessage();
            }
            return RowFactory.create(values);
        }

        @Override
        public Row next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return ready.remove();
        }
    }
}
