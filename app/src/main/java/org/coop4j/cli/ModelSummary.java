package org.coop4j.cli;

import static org.coop4j.base.Numbers.bytes;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.Table.Kind.WORDS;

import java.io.IOException;
import java.nio.file.Files;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.PreprocessConfig;

/** Describes a converted model for people. */
final class ModelSummary {

    private ModelSummary() {}

    /** Returns "ViT-B/32, 151,277,313 parameters, quick_gelu; from ViT-B-32.pt (OpenAI)". */
    static String line(ModelMetadata metadata) {
        ClipConfig architecture = metadata.architecture();
        return "%s, %s parameters, %s; from %s"
                .formatted(
                        architecture.publishedName().orElseGet(() -> vision(architecture.vision())),
                        count(architecture.parameterCount()),
                        activation(metadata),
                        source(metadata.source()));
    }

    private static String vision(ClipConfig.Vision vision) {
        if (vision instanceof ClipConfig.Vit vit) {
            return "%s of %s, patch %d, width %d, %s, %d px"
                    .formatted(
                            vit.family() == ClipConfig.Family.CLIP
                                    ? "ViT"
                                    : vit.family().title(),
                            count(vit.layers(), "layer"),
                            vit.patchSize(),
                            vit.width(),
                            count(vit.heads(), "head"),
                            vit.imageSize());
        }
        ClipConfig.ResNet resNet = (ClipConfig.ResNet) vision;
        return "ModifiedResNet %s, width %d, %s, %d px"
                .formatted(resNet.layers(), resNet.width(), count(resNet.heads(), "head"), resNet.imageSize());
    }

    private static String activation(ModelMetadata metadata) {
        String image = metadata.activation().id();
        String text = metadata.textActivation().id();
        return text.equals(image) ? image : "%s (images), %s (texts)".formatted(image, text);
    }

    private static String source(ModelMetadata.SourceInfo source) {
        String form = source.file().isEmpty() ? "%2$s%3$s" : "%1$s (%2$s)%3$s";
        String name = source.knownAs().map(known -> ", known as " + known).orElse("");
        return form.formatted(source.file(), source.format(), name);
    }

    /** The numbers of parameters; the components are the keys of the JSON. */
    private record Parameters(long all, long image, long text) {}

    /** Returns the facts about a model; reads the whole file for its hash. */
    static Table<ConvertedModel> facts(ConvertedModel model) throws IOException {
        ClipConfig architecture = model.architecture();
        ClipConfig.Text text = architecture.text();
        PreprocessConfig pixels = model.preprocessing();
        long all = architecture.parameterCount();
        long image = architecture.visionParameterCount();
        long bytes = Files.size(model.path());
        String sha256 = model.sha256();
        double logitScale = Math.exp(model.weights().floats("logit_scale")[0]);
        return new Table<ConvertedModel>()
                .text("name", m -> architecture.publishedName().orElse("not a published architecture"))
                .text("file", m -> m.path().toString())
                .shown("bytes", WORDS, m -> bytes, m -> bytes(bytes))
                .text("sha256", m -> sha256)
                .shown(
                        "source",
                        WORDS,
                        m -> Json.parse(m.source().toJson()),
                        m -> source(m.source())
                                + m.source()
                                        .sha256()
                                        .map(hash -> ", SHA-256 " + hash)
                                        .orElse(""))
                .shown(
                        "parameters",
                        WORDS,
                        m -> new Parameters(all, image, all - image),
                        m -> "%s: image tower %s, text tower %s"
                                .formatted(count(all), count(image), count(all - image)))
                .shown(
                        "architecture",
                        WORDS,
                        m -> Json.parse(architecture.toJson()),
                        m -> "%s; text: %s, width %d, %s, context %d, vocabulary %s; features %d wide"
                                .formatted(
                                        vision(architecture.vision()),
                                        count(text.layers(), "layer"),
                                        text.width(),
                                        count(text.heads(), "head"),
                                        text.contextLength(),
                                        count(text.vocabularySize()),
                                        architecture.embedDim()))
                .text("activation", m -> m.activation().id())
                .text("text_activation", m -> m.metadata().textActivation().id())
                .text(
                        "vocabulary",
                        m -> m.metadata().vocabulary().map(own -> own.file()).orElse(""))
                .shown(
                        "preprocessing",
                        WORDS,
                        m -> Json.parse(pixels.toJson()),
                        m -> "%s to %d (%s)%s; mean %s, deviation %s"
                                .formatted(
                                        pixels.squash() ? "both sides" : "shorter side",
                                        pixels.size(),
                                        pixels.interpolation().id(),
                                        pixels.squash() ? "" : ", centre crop",
                                        pixels.mean(),
                                        pixels.std()))
                .shown("publication", WORDS, m -> m.metadata().publication().orElse(null), m -> m.metadata()
                        .publication()
                        .map(known -> known.from() + ", licence: " + known.licence())
                        .orElse(""))
                .text("template", m -> m.metadata().template().orElse(""))
                .number("logit_scale", 2, m -> logitScale)
                .row(model);
    }
}
