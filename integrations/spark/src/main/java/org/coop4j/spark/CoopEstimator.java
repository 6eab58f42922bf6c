package org.coop4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
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
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.coop4j.base.Progress;
import org.coop4j.base.Require;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.Moments;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.run.Images;
import org.coop4j.run.Learned;
import org.coop4j.run.Recipe;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig.RunData;

/**
 * Learns a classifier of images by any method of coop4j: CoOp, its family, Tip-Adapter and others.
 *
 * <p>The driver draws the few-shot sample from the labels alone, the executors encode the drawn images, and the driver
 * learns from their features. For a method in closed form that learns from all rows, the executors sum the features, and
 * the driver gets the sums and a small sample to choose settings by.
 */
public final class CoopEstimator extends Estimator<PromptClassificationModel>
        implements ClassificationStage<CoopEstimator>, DefaultParamsWritable {

    private static final long serialVersionUID = 1L;

    private final String uid;

    public CoopEstimator() {
        this(Identifiable.randomUID("coop"));
    }

    public CoopEstimator(String uid) {
        this.uid = uid;
        setSharedDefaults();
        setDefault(labelCol(), "label");
        setDefault(idCol(), "path");
        setDefault(classNames(), new String[0]);
        setDefault(template(), PromptTemplates.PHOTO);
        setDefault(method(), Method.STANDARD);
        setDefault(settings(), new String[0]);
        setDefault(shots(), 16);
        setDefault(seed(), 1L);
    }

    public static CoopEstimator load(String path) {
        return read().load(path);
    }

    public static MLReader<CoopEstimator> read() {
        return new DefaultParamsReader<>();
    }

    @Override
    public String uid() {
        return uid;
    }

    public Param<String> labelCol() {
        return text("labelCol");
    }

    public Param<String> idCol() {
        return text("idCol");
    }

    public Param<String> validationIndicatorCol() {
        return text("validationIndicatorCol");
    }

    public StringArrayParam classNames() {
        return new StringArrayParam(this, "classNames", ClipStage.doc("classNames"));
    }

    public Param<String> template() {
        return text("template");
    }

    public Param<String> method() {
        return text("method");
    }

    public StringArrayParam settings() {
        return new StringArrayParam(this, "settings", ClipStage.doc("settings"));
    }

    public IntParam shots() {
        return new IntParam(this, "shots", ClipStage.doc("shots"), ParamValidators.gtEq(0));
    }

    public LongParam seed() {
        return new LongParam(this, "seed", ClipStage.doc("seed"));
    }

    public CoopEstimator setLabelCol(String value) {
        return setParam(labelCol(), value);
    }

    public CoopEstimator setIdCol(String value) {
        return setParam(idCol(), value);
    }

    public CoopEstimator setValidationIndicatorCol(String value) {
        return setParam(validationIndicatorCol(), value);
    }

    public CoopEstimator setClassNames(String... value) {
        return setParam(classNames(), value);
    }

    public CoopEstimator setTemplate(String value) {
        return setParam(template(), value);
    }

    public CoopEstimator setMethod(String value) {
        return setParam(method(), value);
    }

    public CoopEstimator setSettings(String... value) {
        return setParam(settings(), value);
    }

    public CoopEstimator setShots(int value) {
        return setParam(shots(), value);
    }

    public CoopEstimator setSeed(long value) {
        return setParam(seed(), value);
    }

    @Override
    public List<StructField> appended(StructType schema) {
        Recipe.checked(Method.of(getOrDefault(method())), given());
        schema.apply(getOrDefault(idCol()));
        ImageColumn.require(
                schema,
                getOrDefault(labelCol()),
                type -> type.equals(DataTypes.StringType) || type instanceof NumericType,
                "names or numbers of classes");
        validationCol()
                .ifPresent(column -> ImageColumn.require(schema, column, DataTypes.BooleanType::equals, "boolean"));
        return ClassificationStage.super.appended(schema);
    }

    @Override
    public StructType transformSchema(StructType schema) {
        return appendedTo(schema);
    }

    private Optional<String> validationCol() {
        return Optional.of(validationIndicatorCol()).filter(this::isDefined).map(this::getOrDefault);
    }

    @Override
    public PromptClassificationModel fit(Dataset<?> rows) {
        appendedTo(rows.schema());
        try {
            return copyValues(learn(rows), new ParamMap()).setParent(this);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private PromptClassificationModel learn(Dataset<?> rows) throws IOException {
        long draw = (long) getOrDefault(seed());
        Method learns = Method.of(getOrDefault(method()));
        boolean sums = learns.learnsFromSums() && (int) getOrDefault(shots()) == 0;
        LabelledRows labelled = LabelledRows.of(
                rows,
                new LabelledRows.Columns(getOrDefault(idCol()), getOrDefault(labelCol()), validationCol()),
                List.of(getOrDefault(classNames())),
                sums ? OptionalLong.of(draw) : OptionalLong.empty());
        ImageDataset lists = labelled.lists();
        ModelLocation location = location();
        Clip clip = SharedModels.get(location);
        ClipImageEmbedder embedder =
                copyValues(new ClipImageEmbedder(), new ParamMap()).setModelSha256(location.sha256());
        DataSpec source = DataSpec.of(Path.of(lists.name()))
                .with()
                .template(isSet(template()) ? getOrDefault(template()) : null)
                .splitSeed(draw)
                .build();
        Images images = Images.of(clip, lists, new Images.Encoder() {
            @Override
            public ImageFeatures encode(List<LabelledImage> some, FeatureKind kind) throws IOException {
                // A changed image tower is the driver's; the executors read the pixels for it.
                return kind instanceof FeatureKind.Changed
                        ? labelled.encode(embedder, some, FeatureKind.PIXELS).by(clip, kind)
                        : labelled.encode(embedder, some, kind);
            }

            @Override
            public Moments sums() {
                return sums ? labelled.sums(embedder, clip.embedDim()) : null;
            }
        });
        Recipe recipe = Recipe.ofOneView(learns, given(), Recipe.Lists.of(source, lists), clip);
        RunData data = images.data(source, draw, ClassHalf.ALL);
        Progress logged = new Progress() {
            @Override
            public void note(String message) {
                log().info(message);
            }

            @Override
            public void warn(String message) {
                log().warn(message);
            }
        };
        try (Learned learned = new Run(images, recipe.named(recipe.method().title()), data, logged).learn()) {
            ClassifierFile file = learned.file();
            return PromptClassificationModel.of(file.withOrigin(file.origin().withModelFile(location.path())));
        }
    }

    private Map<String, String> given() {
        Map<String, String> given = new LinkedHashMap<>();
        given.put("shots", String.valueOf((int) getOrDefault(shots())));
        given.put("seed", String.valueOf((long) getOrDefault(seed())));
        for (String setting : getOrDefault(settings())) {
            String[] parts = setting.split("=", 2);
            Require.that(parts.length == 2, "settings: expected name=value, got \"%s\"", setting);
            given.put(parts[0].strip(), parts[1]);
        }
        return given;
    }

    @Override
    public CoopEstimator copy(ParamMap extra) {
        return defaultCopy(extra);
    }
}
