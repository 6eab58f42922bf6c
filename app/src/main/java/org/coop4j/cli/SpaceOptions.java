package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.coop4j.base.Progress;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.DataSpec.InSpace;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The model that a command learns with, or features of the classes' texts in its place. */
final class SpaceOptions {

    @Mixin
    ModelOptions options;

    @Option(names = "--class-features", paramLabel = "FILE", converter = FileName.class)
    Path classFeatures;

    @Option(names = "--logit-scale", paramLabel = "S")
    Double logitScale;

    /** Returns the factor of cosines in logits; null for the features' own. */
    Double logitScale() {
        require(
                logitScale == null || (logitScale > 0 && logitScale < Double.POSITIVE_INFINITY),
                "--logit-scale: expected a positive number, got %s",
                logitScale);
        return logitScale;
    }

    /** Opens the model, by default the shipped one as the studio does, or reads the features of the classes' texts. */
    InSpace open(DataSpec data, Optional<Precision> precision, Workers workers, Progress progress) throws IOException {
        Path model = options.model;
        require(
                model != null || classFeatures != null || !data.holdsFeatures(),
                "each run is compared with hand-written prompts: give a model with --model, or features of the classes'"
                        + " texts with --class-features");
        if (model == null && classFeatures != null) {
            require(
                    data.holdsFeatures(),
                    "--class-features goes with features as --data: give a model with --model to encode images");
            return data.withTexts(classFeatures, logitScale(), workers);
        }
        if (model == null) {
            progress.note("no model was given: " + ShippedModel.NAME + ", which is shipped");
            model = Path.of(ShippedModel.NAME);
        } else {
            require(
                    classFeatures == null && logitScale == null,
                    "--class-features and --logit-scale stand for a model: omit them, or --model");
        }
        return new InSpace(options.vocabulary.open(model, precision, workers), data);
    }
}
