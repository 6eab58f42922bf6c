package org.coop4j.spark;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.method.Classifier;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.pool.Pool;
import org.coop4j.pool.Pool.Answers;
import org.coop4j.pool.Pool.Evidence;
import org.coop4j.spark.AppendedColumns.Outcome;
import org.coop4j.spark.ImagePredictions.Output;

/**
 * Answers features of images as {@code coop sort} does, {@link #blockSize} consecutive rows of a partition together. An answer
 * depends on the other rows of its block, so that rows belong in random order, and answers are kept rather than this stage, which
 * cannot be saved. Made by {@link PromptClassificationModel#together}.
 */
public final class ClipPoolTransformer extends Transformer implements ClassificationStage<ClipPoolTransformer> {

    private static final long serialVersionUID = 1L;

    private final String uid;
    private final SavedClassifier classifier;

    ClipPoolTransformer(SavedClassifier classifier) {
        this(Identifiable.randomUID("pool"), classifier);
    }

    private ClipPoolTransformer(String uid, SavedClassifier classifier) {
        this.uid = uid;
        this.classifier = classifier;
        setSharedDefaults();
        setDefault(blockSize(), 10_000);
        setDefault(aloneCol(), "alone");
    }

    @Override
    public String uid() {
        return uid;
    }

    public IntParam blockSize() {
        return new IntParam(this, "blockSize", ClipStage.doc("blockSize"), ParamValidators.gtEq(1));
    }

    public Param<String> aloneCol() {
        return text("aloneCol");
    }

    public ClipPoolTransformer setBlockSize(int value) {
        return setParam(blockSize(), value);
    }

    public ClipPoolTransformer setAloneCol(String value) {
        return setParam(aloneCol(), value);
    }

    @Override
    public Map<Output, String> outputs() {
        Map<Output, String> names = new EnumMap<>(ClassificationStage.super.outputs());
        if (!getOrDefault(aloneCol()).isEmpty()) {
            names.put(Output.ALONE, getOrDefault(aloneCol()));
        }
        return names;
    }

    @Override
    public List<StructField> appended(StructType schema) {
        ImageColumn.require(schema, required(inputCol()), SQLDataTypes.VectorType()::equals, "vectors of features");
        return outputColumns();
    }

    @Override
    public StructType transformSchema(StructType schema) {
        return appendedTo(schema);
    }

    @Override
    public Dataset<Row> transform(Dataset<?> rows) {
        Broadcast<SavedClassifier> sent = JavaSparkContext.fromSparkContext(
                        rows.sparkSession().sparkContext())
                .broadcast(classifier);
        Together work = new Together(
                location(),
                rows.schema().fieldIndex(required(inputCol())),
                sent,
                List.copyOf(outputs().keySet()),
                (int) getOrDefault(topK()));
        return append(rows, work, (int) getOrDefault(blockSize()));
    }

    @Override
    public ClipPoolTransformer copy(ParamMap extra) {
        return copyValues(new ClipPoolTransformer(uid, classifier), extra);
    }

    /**
     * Answers the rows of a block.
     *
     * @param model the model
     * @param column number of the column of the features
     * @param classifier the learned classifier, without the model's weights
     * @param outputs the columns
     * @param topK number of most probable classes
     */
    private record Together(
            ModelLocation model, int column, Broadcast<SavedClassifier> classifier, List<Output> outputs, int topK)
            implements AppendedColumns.Work {

        @Override
        public List<Outcome> of(List<Row> rows) throws IOException {
            Clip clip = SharedModels.get(model);
            float[][] features = new float[rows.size()][];
            for (int i = 0; i < features.length; i++) {
                Vector vector = rows.get(i).getAs(column);
                features[i] = vector == null ? new float[clip.embedDim()] : floats(vector, clip.embedDim());
            }
            FeatureMatrix all = FeatureMatrix.of(List.of(features), clip.embedDim());
            int[] usable = Pool.usable(all);
            List<Outcome> outcomes = new ArrayList<>();
            rows.forEach(row ->
                    outcomes.add(Outcome.failed(new IOException("no features, or features without a direction"))));
            if (usable.length == 0) {
                return outcomes;
            }
            try (SavedClassifier.Held held = classifier.value().acquire(clip)) {
                Classifier learned = held.classifier();
                List<String> names = learned.classNames();
                FeatureMatrix pictures = all.rows(usable);
                FeatureMatrix texts =
                        PromptEnsemble.standard(clip).written(clip, names).weights();
                Answers answers = Pool.of(pictures, Progress.NONE)
                        .joint(Evidence.of(learned.logits(pictures)).texts(texts), Progress.NONE);
                for (int i = 0; i < usable.length; i++) {
                    double[] probabilities =
                            EncodedRows.vector(answers.probabilities().row(i)).toArray();
                    outcomes.set(
                            usable[i],
                            ImagePredictions.outcome(
                                    outputs,
                                    names,
                                    answers.labels()[i],
                                    answers.alone()[i],
                                    probabilities,
                                    null,
                                    topK));
                }
            }
            return outcomes;
        }

        private static float[] floats(Vector vector, int width) {
            if (vector.size() != width) {
                throw new IllegalArgumentException(
                        "expected features of width %d, which the model makes, got %d".formatted(width, vector.size()));
            }
            return EncodedRows.floats(vector);
        }
    }
}
