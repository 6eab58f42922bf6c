package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.cli.options.Converters;
import org.coop4j.cli.options.ModelOptions;
import org.coop4j.cli.options.Options;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureTable;
import org.coop4j.data.FeatureList;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.StoredFeatures;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.train.Training;
import org.coop4j.run.DataSpec;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The model that a command learns with, or features of the classes' texts in its place. */
final class SpaceOptions {

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description = ModelOptions.DESCRIPTION + " Required without --class-features.")
    private Path model;

    @Option(
            names = "--class-features",
            paramLabel = "FILE",
            converter = Converters.FileName.class,
            description = "In place of a model: features of the classes' texts (coop embed --texts),"
                    + " for methods that learn from features.")
    private Path classFeatures;

    @Option(
            names = "--logit-scale",
            paramLabel = "S",
            description = "With --class-features: the factor of cosines in logits (default: the features', else 100).")
    private Double logitScale;

    @Mixin
    private Options.Vocabulary vocabulary;

    /**
     * A space of features, and the data as it is used there.
     *
     * @param space to be closed
     */
    record Opened(FeatureSpace space, DataSpec data) {}

    /** Opens the model, or reads the features of the classes' texts. */
    Opened open(DataSpec data, Precision precision, Workers workers) throws IOException {
        require(
                model != null || classFeatures != null,
                "each run is compared with hand-written prompts: give a model with --model, or features of the classes'"
                        + " texts with --class-features");
        if (model == null) {
            return ofFeatures(data, workers);
        }
        require(
                classFeatures == null && logitScale == null,
                "--class-features and --logit-scale stand for a model: omit them, or --model");
        return new Opened(ModelOptions.openForTexts(model, vocabulary, precision, workers), data);
    }

    private Opened ofFeatures(DataSpec data, Workers workers) throws IOException {
        require(
                data.holdsFeatures(),
                "--class-features goes with features as --data: give a model with --model to encode images");
        require(
                logitScale == null || (logitScale > 0 && Double.isFinite(Math.log(logitScale))),
                "--logit-scale: expected a positive number, got " + logitScale);
        ImageDataset lists = data.load(1); // the names are those of any seed
        StoredFeatures images = lists.stored().orElseThrow();
        StoredFeatures texts = FeatureList.texts(classFeatures, lists.classNames());
        images.requireSameSpace(texts);
        float usual = texts.logLogitScale((float) Math.log(Training.LOGIT_SCALE));
        float scale = logitScale == null ? images.logLogitScale(usual) : (float) Math.log(logitScale);
        FeatureTable space = FeatureTable.of(
                images.precision(),
                images.modelSha256().isEmpty() ? texts.modelSha256() : images.modelSha256(),
                scale,
                lists.classNames(),
                FeatureList.ofClasses(texts, lists.classNames()),
                workers);
        String file = classFeatures.toAbsolutePath().normalize().toString();
        return new Opened(space, data.withTexts(new DataSpec.Texts(file, texts.sha256(), scale)));
    }
}
