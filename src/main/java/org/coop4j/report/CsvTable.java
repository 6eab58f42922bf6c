package org.coop4j.report;

import com.fasterxml.jackson.databind.SequenceWriter;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/** Comma-separated values (RFC 4180), a line feed after each record. */
final class CsvTable {

    private final List<List<String>> records = new ArrayList<>();

    CsvTable(String... header) {
        records.add(List.of(header));
    }

    /** A record being filled, field by field. */
    final class Row {
        private final List<String> fields = new ArrayList<>();

        private Row() {}

        Row add(String... texts) {
            fields.addAll(List.of(texts));
            return this;
        }

        /** A number with four decimals, empty if it is unknown. */
        Row number(double value) {
            return add(Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "");
        }

        Row number(OptionalDouble value) {
            return number(value.orElse(Double.NaN));
        }

        Row number(Optional<Double> value) {
            return number(value.orElse(Double.NaN));
        }

        /** A probability, whose leading zeros count. */
        Row probability(Optional<Double> value) {
            return add(value.map(p -> String.format(Locale.ROOT, "%.3g", p)).orElse(""));
        }

        void end() {
            if (fields.size() != records.get(0).size()) {
                throw new IllegalStateException(
                        fields.size() + " fields in a table of " + records.get(0).size());
            }
            records.add(fields);
        }
    }

    Row row() {
        return new Row();
    }

    boolean isEmpty() {
        return records.size() == 1;
    }

    /** All records, the header first. */
    String text() {
        CsvSchema schema = CsvSchema.emptySchema().withLineSeparator("\n");
        StringWriter text = new StringWriter();
        try (SequenceWriter writer = new CsvMapper().writer(schema).writeValues(text)) {
            writer.writeAll(records);
        } catch (IOException e) {
            throw new UncheckedIOException("a string can always be written to", e);
        }
        return text.toString();
    }
}
