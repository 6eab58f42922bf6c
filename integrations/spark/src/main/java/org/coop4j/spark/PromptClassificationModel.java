package org.coop4j.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.ShippedModel;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.predict.ClassifierModel;

/**
 * Classifies images as {@code coop predict} does, with the classifier of any method or with hand-written prompts.
 *
 * <p>The learned classifier, a small file, is saved and sent to executors with the path and SHA-256 of its model, but
 * without the model.
 */
public final class PromptClassificationModel extends Model<PromptClassificationModel>
        implements ClassificationStage<PromptClassificationModel>, MLWritable {

    private static final long serialVersionUID = 1L;
    private static final String CLASSIFIER = "classifier.safetensors";

    private final String uid;

    /** Null while a stage is being read. */
    private SavedClassifier classifier;

    /** Makes a stage for Spark, which reads and copies stages; start with {@link #ofRun} instead. */
    public PromptClassificationModel(String uid) {
        this.uid = uid;
        setSharedDefaults();
    }

    /** Returns a stage with a classifier and default parameters. */
    static PromptClassificationModel of(ClassifierFile file) throws IOException {
        return new PromptClassificationModel(Identifiable.randomUID("prompt")).withClassifier(SavedClassifier.of(file));
    }

    /**
     * Sets the classifier.
     *
     * @throws IOException if the classifier is damaged
     */
    PromptClassificationModel withClassifier(SavedClassifier saved) throws IOException {
        saved.file();
        classifier = saved;
        return this;
    }

    /**
     * Returns the classifier of a run of {@code coop train}, with the shipped model or the recorded path of the model
     * unless another path is set.
     *
     * @param run the run's folder, or a classifier's file, as the driver sees it
     * @throws IOException if there is no classifier or it is damaged
     */
    public static PromptClassificationModel ofRun(String run) throws IOException {
        java.nio.file.Path path = ClassifierModel.classifierFile(java.nio.file.Path.of(run));
        SavedClassifier.requireSize(path.toString(), Files.size(path));
        ClassifierFile file = ClassifierFile.read(path);
        PromptClassificationModel model = of(file);
        if (file.modelSha256().equals(ShippedModel.sha256())) {
            return model.setModelPath(ShippedModel.NAME);
        }
        return file.origin().modelFile().map(model::setModelPath).orElse(model);
    }

    /** Returns a classifier of the prompt of the model's authors, or else "a photo of a CLASS.". */
    public static PromptClassificationModel zeroShot(String modelPath, List<String> classNames) throws IOException {
        return zeroShot(
                modelPath, classNames, PromptEnsemble.standard(clip(modelPath)).templates());
    }

    /**
     * Returns a classifier of hand-written prompts.
     *
     * @param modelPath the value of {@link #modelPath}
     * @param templates prompts with {@code {}} for the class name; the features of several are averaged
     */
    public static PromptClassificationModel zeroShot(String modelPath, List<String> classNames, List<String> templates)
            throws IOException {
        try (Classifier classifier = new PromptEnsemble(templates).classifier(clip(modelPath), classNames)) {
            return of(classifier.save()).setModelPath(modelPath);
        }
    }

    private static Clip clip(String modelPath) throws IOException {
        return SharedModels.get(new ModelLocation(modelPath, SharedModels.sha256(modelPath)));
    }

    public static PromptClassificationModel load(String path) {
        return read().load(path);
    }

    public static MLReader<PromptClassificationModel> read() {
        return new Reader();
    }

    @Override
    public MLWriter write() {
        return new MLWriter() {
            @Override
            public void saveImpl(String path) {
                new DefaultParamsWriter(PromptClassificationModel.this)
                        .session(sparkSession())
                        .saveImpl(path);
                Path file = new Path(path, CLASSIFIER);
                try (OutputStream out = files(file, sparkSession()).create(file, false)) {
                    out.write(classifier.bytes());
                } catch (IOException e) {
                    throw new UncheckedIOException("cannot write " + file, e);
                }
            }
        };
    }

    @Override
    public String uid() {
        return uid;
    }

    /** Returns the classes, in the order of the predictions. */
    public String[] classNames() {
        return file().classNames().toArray(String[]::new);
    }

    /** Returns the classifier's file: method, settings, classes and training. */
    public ClassifierFile file() {
        try {
            return classifier.file();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns a stage that answers features of images with this classifier, many of them together.
     *
     * @param features column of the vectors that {@link ClipImageEmbedder} makes
     * @throws IllegalArgumentException if it gives several labels, or changes the image tower
     */
    public ClipPoolTransformer together(String features) {
        ClassifierFile file = file();
        if (file.decision() != null || file.method().features() != FeatureKind.EMBEDDED) {
            throw new IllegalArgumentException(file.method().title()
                    + ": answers of images together are for single labels and the model's own features");
        }
        return copyValues(new ClipPoolTransformer(classifier), new ParamMap()).setInputCol(features);
    }

    /**
     * Returns the classifier for other classes, if its method can name new ones.
     *
     * @throws IllegalArgumentException if it cannot
     */
    public PromptClassificationModel forClasses(List<String> names) throws IOException {
        PromptClassificationModel other;
        try (SavedClassifier.Held held = classifier.acquire(SharedModels.get(location()));
                Classifier renamed = held.classifier().forClasses(names)) {
            other = of(renamed.save());
        }
        return copyValues(other, new ParamMap());
    }

    /** Returns the path that is set and the SHA-256 of the classifier's model, unless that is unknown. */
    @Override
    public ModelLocation location() {
        String learnedWith = file().modelSha256();
        return learnedWith.isEmpty()
                ? ClassificationStage.super.location()
                : new ModelLocation(required(modelPath()), learnedWith);
    }

    @Override
    public StructType transformSchema(StructType schema) {
        return appendedTo(schema);
    }

    @Override
    public Dataset<Row> transform(Dataset<?> rows) {
        ImageColumn column = ImageColumn.of(rows, required(inputCol()));
        Broadcast<SavedClassifier> sent = JavaSparkContext.fromSparkContext(
                        rows.sparkSession().sparkContext())
                .broadcast(classifier);
        return append(
                rows,
                new ImagePredictions(
                        location(), column, sent, List.copyOf(outputs().keySet()), (int) getOrDefault(topK())));
    }

    @Override
    public PromptClassificationModel copy(ParamMap extra) {
        PromptClassificationModel copy = new PromptClassificationModel(uid);
        copy.classifier = classifier;
        copyValues(copy, extra);
        return copy.setParent(parent());
    }

    private static FileSystem files(Path path, SparkSession session) throws IOException {
        return path.getFileSystem(session.sessionState().newHadoopConf());
    }

    /** Reader of a stage that refuses a damaged one. */
    private static final class Reader extends MLReader<PromptClassificationModel> {

        @Override
        public PromptClassificationModel load(String path) {
            DefaultParamsReader<PromptClassificationModel> parameters = new DefaultParamsReader<>();
            parameters.session(sparkSession());
            PromptClassificationModel read = parameters.load(path);
            Path file = new Path(path, CLASSIFIER);
            try {
                FileSystem files = files(file, sparkSession());
                SavedClassifier.requireSize(
                        file.toString(), files.getFileStatus(file).getLen());
                try (InputStream in = files.open(file)) {
                    return read.withClassifier(SavedClassifier.of(in.readAllBytes()));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(path + ": " + e.getMessage(), e);
            }
        }
    }
}
