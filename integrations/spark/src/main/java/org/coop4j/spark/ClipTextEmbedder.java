package org.coop4j.spark;

import java.io.IOException;
import java.util.List;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.coop4j.base.RefusedException;
import org.coop4j.clip.Clip;
import org.coop4j.spark.AppendedColumns.Outcome;
import org.coop4j.text.Tokenizer.Overflow;

/**
 * Appends the features of texts. A text that exceeds
 * the context length is invalid unless {@code truncate} is set.
 */
public final class ClipTextEmbedder extends ClipEmbedder<ClipTextEmbedder> {

    private static final long serialVersionUID = 1L;

    public ClipTextEmbedder() {
        this(Identifiable.randomUID("clipTexts"));
    }

    public ClipTextEmbedder(String uid) {
        super(uid);
        setDefault(truncate(), false);
    }

    public static ClipTextEmbedder load(String path) {
        return read().load(path);
    }

    public static MLReader<ClipTextEmbedder> read() {
        return new DefaultParamsReader<>();
    }

    public BooleanParam truncate() {
        return new BooleanParam(this, "truncate", ClipStage.doc("truncate"));
    }

    public ClipTextEmbedder setTruncate(boolean value) {
        return setParam(truncate(), value);
    }

    @Override
    void requireInput(StructType schema) {
        ImageColumn.require(schema, required(inputCol()), DataTypes.StringType::equals, "texts (string)");
    }

    @Override
    public Dataset<Row> transform(Dataset<?> rows) {
        int column = rows.schema().fieldIndex(required(inputCol()));
        Overflow overflow = Overflow.of((boolean) getOrDefault(truncate()));
        return append(rows, new Texts(location(), column, overflow));
    }

    /** Encodes the texts of rows. */
    private record Texts(ModelLocation model, int column, Overflow overflow) implements AppendedColumns.Work {

        @Override
        public List<Outcome> of(List<Row> rows) throws IOException {
            Clip clip = SharedModels.get(model);
            return rows.stream().map(row -> encode(clip, row.getString(column))).toList();
        }

        /** Encodes one text alone: the last bits of BLAS' sums depend on the rest of a batch. */
        private Outcome encode(Clip clip, String text) {
            if (text == null) {
                return Outcome.failed(new IOException("the text is null"));
            }
            int length = clip.architecture().text().contextLength();
            try {
                int[] tokens = clip.tokenizer().tokenize(text, length, overflow);
                return Outcome.of(
                        EncodedRows.vector(clip.encodeTokens(List.of(tokens)).row(0)));
            } catch (RefusedException e) {
                return Outcome.failed(new IOException(e.getMessage(), e));
            }
        }
    }
}
