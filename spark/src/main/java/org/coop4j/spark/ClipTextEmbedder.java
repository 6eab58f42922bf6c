package org.coop4j.spark;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.spark.AppendedColumns.Outcome;
import org.coop4j.text.TextTooLongException;
import org.coop4j.text.Tokenizer;

/**
 * Appends the features of texts: a vector as {@code coop embed} writes it, to the bit, not
 * normalised. A text that exceeds the context length is invalid, unless it is to be truncated.
 */
public final class ClipTextEmbedder extends Transformer implements ClipStage<ClipTextEmbedder>, DefaultParamsWritable {

    private static final long serialVersionUID = 1L;

    private final String uid;
    private final ClipParams clipParams;
    private final Param<String> outputCol;
    private final BooleanParam truncate;

    public ClipTextEmbedder() {
        this(Identifiable.randomUID("clipTexts"));
    }

    public ClipTextEmbedder(String uid) {
        this.uid = uid;
        clipParams = new ClipParams(uid, "texts (string)");
        outputCol = ClipParams.text(uid, "outputCol", "output column: a vector");
        truncate = new BooleanParam(uid, "truncate", "whether texts that exceed the context length are cut");
        clipParams.setDefaults(this);
        setDefault(outputCol, "features");
        setDefault(truncate, false);
    }

    /** Reads a stage that {@link #save} wrote. */
    public static ClipTextEmbedder load(String path) {
        return read().load(path);
    }

    /** Reads stages of this kind. */
    public static MLReader<ClipTextEmbedder> read() {
        return new DefaultParamsReader<>();
    }

    @Override
    public String uid() {
        return uid;
    }

    @Override
    public ClipParams clipParams() {
        return clipParams;
    }

    /** The output column. */
    public Param<String> outputCol() {
        return outputCol;
    }

    public String getOutputCol() {
        return getOrDefault(outputCol);
    }

    public ClipTextEmbedder setOutputCol(String value) {
        return setParam(outputCol, value);
    }

    /** Whether texts that exceed the context length are cut. */
    public BooleanParam truncate() {
        return truncate;
    }

    public boolean getTruncate() {
        return (boolean) getOrDefault(truncate);
    }

    public ClipTextEmbedder setTruncate(boolean value) {
        return setParam(truncate, value);
    }

    @Override
    public StructType transformSchema(StructType schema) {
        DataType type = schema.apply(required(inputCol())).dataType();
        if (!type.equals(DataTypes.StringType)) {
            throw new IllegalArgumentException(
                    "column \"%s\" holds %s: expected texts (string)".formatted(getInputCol(), type.simpleString()));
        }
        StructField vector = DataTypes.createStructField(getOutputCol(), SQLDataTypes.VectorType(), true);
        return AppendedColumns.schema(schema, List.of(vector), invalidRows(), getErrorCol());
    }

    @Override
    public Dataset<Row> transform(Dataset<?> rows) {
        StructType schema = transformSchema(rows.schema(), true);
        Texts texts = new Texts(
                location(),
                rows.schema().fieldIndex(getInputCol()),
                getTruncate() ? Tokenizer.Overflow.TRUNCATE : Tokenizer.Overflow.FAIL);
        return new AppendedColumns(texts, 1, getBatchSize(), invalidRows()).appendTo(rows, schema);
    }

    /** Encodes the texts of rows. */
    private record Texts(ModelLocation model, int column, Tokenizer.Overflow overflow) implements AppendedColumns.Work {

        @Override
        public List<Outcome> of(List<Row> rows) throws IOException {
            Clip clip = SharedModels.get(model);
            List<Outcome> outcomes = new ArrayList<>();
            for (Row row : rows) {
                outcomes.add(row.isNullAt(column) ? isNull() : encode(clip, row.getString(column)));
            }
            return outcomes;
        }

        private static Outcome isNull() {
            return Outcome.failed(new IOException("the text is null"));
        }

        /** One by one: in the last bits, BLAS' sums depend on what is multiplied together. */
        private Outcome encode(Clip clip, String text) {
            int length = clip.architecture().text().contextLength();
            int[] tokens;
            try {
                tokens = clip.tokenizer().tokenize(text, length, overflow);
            } catch (TextTooLongException e) {
                return Outcome.failed(new IOException(e.getMessage(), e));
            }
            FeatureMatrix features = clip.encodeTokens(List.of(tokens));
            return Outcome.of(EncodedRows.vector(features.row(0)));
        }
    }

    @Override
    public ClipTextEmbedder copy(ParamMap extra) {
        return defaultCopy(extra);
    }
}
