package org.coop4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructType;
import org.coop4j.clip.Clip;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.benchmark.Benchmarks.PromptTemplates;
import org.coop4j.method.Classifier;
import org.coop4j.method.Learner;
import org.coop4j.method.Method;
import org.coop4j.method.Task;
import org.coop4j.method.train.Trainer;
import org.coop4j.run.Run;
import org.coop4j.run.Sample;

/**
 * Learns a classifier of images by any method of coop4j: CoOp, its family, Tip-Adapter and others.
 *
 * <p>The few-shot sample is drawn on the driver from the labels alone; the drawn images are encoded
 * on the executors; the driver learns from their features.
 */
public final class CoopEstimator extends Estimator<PromptClassificationModel>
        implements ClassificationStage<CoopEstimator>, DefaultParamsWritable {

    private static final long serialVersionUID = 1L;

    private final String uid;
    private final ClipParams clipParams;
    private final Param<String> labelCol;
    private final Param<String> idCol;
    private final Param<String> validationIndicatorCol;
    private final StringArrayParam classNames;
    private final Param<String> template;
    private final Param<String> method;
    private final StringArrayParam settings;
    private final IntParam shots;
    private final LongParam seed;

    public CoopEstimator() {
        this(Identifiable.randomUID("coop"));
    }

    public CoopEstimator(String uid) {
        this.uid = uid;
        clipParams = new ClipParams(uid, ClipParams.IMAGES);
        labelCol = ClipParams.text(uid, "labelCol", "the class: its name, or its number counted from 0");
        idCol = ClipParams.text(
                uid,
                "idCol",
                "column that tells rows apart; rows are ordered by it before the sample is"
                        + " drawn, so that partitions do not matter");
        validationIndicatorCol = ClipParams.text(
                uid,
                "validationIndicatorCol",
                "true for rows that methods may choose settings with; all others are" + " learned from");
        classNames = new StringArrayParam(
                this, "classNames", "names of the classes in order, if labelCol has numbers without names");
        template = ClipParams.text(uid, "template", "hand-written prompt, {} standing for the class name");
        method = ClipParams.text(uid, "method", "method, as coop methods lists them");
        settings = new StringArrayParam(
                this, "settings", "settings of the method and of its training, such as context_length=4");
        shots = new IntParam(uid, "shots", "images a class to learn from; 0 takes all", ParamValidators.gtEq(0));
        seed = new LongParam(uid, "seed", "seed of the sample and of the training");
        clipParams.setDefaults(this);
        setDefault(labelCol, "label");
        setDefault(idCol, "path");
        setDefault(classNames, new String[0]);
        setDefault(template, PromptTemplates.PHOTO);
        setDefault(method, Method.STANDARD);
        setDefault(settings, new String[0]);
        setDefault(shots, 16);
        setDefault(seed, 1L);
    }

    /** Reads a stage that {@link #save} wrote. */
    public static CoopEstimator load(String path) {
        return read().load(path);
    }

    /** Reads stages of this kind. */
    public static MLReader<CoopEstimator> read() {
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

    /** The class of an image: its name, or its number counted from 0. */
    public Param<String> labelCol() {
        return labelCol;
    }

    public String getLabelCol() {
        return getOrDefault(labelCol);
    }

    public CoopEstimator setLabelCol(String value) {
        return setParam(labelCol, value);
    }

    /** Tells rows apart and orders them; {@code path}, unless it is set. */
    public Param<String> idCol() {
        return idCol;
    }

    public String getIdCol() {
        return getOrDefault(idCol);
    }

    public CoopEstimator setIdCol(String value) {
        return setParam(idCol, value);
    }

    /** True for rows that methods may choose settings with. */
    public Param<String> validationIndicatorCol() {
        return validationIndicatorCol;
    }

    public CoopEstimator setValidationIndicatorCol(String value) {
        return setParam(validationIndicatorCol, value);
    }

    /** Names of the classes in order. */
    public StringArrayParam classNames() {
        return classNames;
    }

    public String[] getClassNames() {
        return getOrDefault(classNames);
    }

    public CoopEstimator setClassNames(String... value) {
        return setParam(classNames, value);
    }

    /** The hand-written prompt that suits the images. */
    public Param<String> template() {
        return template;
    }

    public String getTemplate() {
        return getOrDefault(template);
    }

    public CoopEstimator setTemplate(String value) {
        return setParam(template, value);
    }

    /** The method, as {@code coop methods} lists them. */
    public Param<String> method() {
        return method;
    }

    public String getMethod() {
        return getOrDefault(method);
    }

    public CoopEstimator setMethod(String value) {
        return setParam(method, value);
    }

    /** Settings of the method and of its training: {@code name=value}. */
    public StringArrayParam settings() {
        return settings;
    }

    public String[] getSettings() {
        return getOrDefault(settings);
    }

    public CoopEstimator setSettings(String... value) {
        return setParam(settings, value);
    }

    /** Images a class to learn from; 0 takes all. */
    public IntParam shots() {
        return shots;
    }

    public int getShots() {
        return (int) getOrDefault(shots);
    }

    public CoopEstimator setShots(int value) {
        return setParam(shots, value);
    }

    /** The seed of the sample and of the training. */
    public LongParam seed() {
        return seed;
    }

    public long getSeed() {
        return (long) getOrDefault(seed);
    }

    public CoopEstimator setSeed(long value) {
        return setParam(seed, value);
    }

    @Override
    public StructType transformSchema(StructType schema) {
        chosen();
        schema.apply(getIdCol());
        DataType label = schema.apply(getLabelCol()).dataType();
        require(
                label.equals(DataTypes.StringType) || label instanceof NumericType,
                getLabelCol(),
                label,
                "names or numbers of classes");
        if (isDefined(validationIndicatorCol)) {
            String column = getOrDefault(validationIndicatorCol);
            DataType type = schema.apply(column).dataType();
            require(type.equals(DataTypes.BooleanType), column, type, "boolean");
        }
        return predictedSchema(schema);
    }

    private static void require(boolean holds, String column, DataType type, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "column \"%s\" holds %s: expected %s".formatted(column, type.simpleString(), expected));
        }
    }

    @Override
    public PromptClassificationModel fit(Dataset<?> rows) {
        transformSchema(rows.schema(), true);
        Optional<String> validationCol = isDefined(validationIndicatorCol)
                ? Optional.of(getOrDefault(validationIndicatorCol))
                : Optional.empty();
        LabelledRows labelled =
                LabelledRows.of(rows, getIdCol(), getLabelCol(), validationCol, List.of(getClassNames()));
        try {
            PromptClassificationModel learned = learn(rows, labelled);
            copyValues(learned, new ParamMap());
            return learned.setParent(this);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private PromptClassificationModel learn(Dataset<?> rows, LabelledRows labelled) throws IOException {
        ChosenMethod chosen = chosen();
        ModelLocation location = location();
        Clip clip = SharedModels.get(location);
        List<String> names = labelled.lists().classNames();
        Task task = new Task(names, getTemplate(), PromptTemplates.ensemble(getTemplate()), getSeed());
        Learner learner = chosen.method().learner(clip, task);
        ImageDataset drawn = draw(labelled.lists(), chosen.method());
        ClipImageEmbedder embedder =
                copyValues(new ClipImageEmbedder(), new ParamMap()).setModelSha256(location.sha256());
        FewShotRows fewShot = new FewShotRows(labelled, drawn);
        try (Classifier classifier = learner.fit(
                fewShot.encode(rows, getIdCol(), embedder, chosen.method()),
                new Trainer(chosen.training(), getSeed()))) {
            Map<String, String> account = new LinkedHashMap<>(classifier.save().training());
            account.put(Run.MODEL_FILE, getModelPath());
            account.put("shots", Integer.toString(getShots()));
            account.put("seed", Long.toString(getSeed()));
            return PromptClassificationModel.of(classifier.save().withTraining(account));
        }
    }

    private ImageDataset draw(ImageDataset all, Method by) throws IOException {
        Sample sample = new Sample(getShots(), getSeed(), 0);
        return sample.draw(all, by, ClassHalf.ALL, log()::warn);
    }

    private ChosenMethod chosen() {
        return ChosenMethod.of(getMethod(), List.of(getSettings()), getShots());
    }

    @Override
    public CoopEstimator copy(ParamMap extra) {
        return defaultCopy(extra);
    }
}
