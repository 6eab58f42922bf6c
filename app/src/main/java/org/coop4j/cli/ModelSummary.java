package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import org.coop4j.base.Numbers;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.Json;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.ConvertedModel;
import org.coop4j.weights.model.ModelMetadata;
import org.coop4j.weights.model.PreprocessConfig;

/** Describes a converted model, for people and as JSON. */
final class ModelSummary {

    private ModelSummary() {}

    /** Returns "ViT-B/32, 151,277,313 parameters, quick_gelu; from ViT-B-32.pt (OpenAI)". */
    static String line(ModelMetadata metadata) {
        ClipConfig architecture = metadata.architecture();
        return "%s, %s parameters, %s; from %s"
                .formatted(
                        architecture.publishedName().orElseGet(() -> vision(architecture.vision())),
                        Numbers.count(architecture.parameterCount()),
                        metadata.activation().id(),
                        source(metadata.source()));
    }

    private static String vision(ClipConfig.Vision vision) {
        if (vision instanceof ClipConfig.Vit vit) {
            return "ViT of %s, patch %d, width %d, %s, %d px"
                    .formatted(
                            Numbers.count(vit.layers(), "layer"),
                            vit.patchSize(),
                            vit.width(),
                            Numbers.count(vit.heads(), "head"),
                            vit.imageSize());
        }
        ClipConfig.ResNet resNet = (ClipConfig.ResNet) vision;
        return "ModifiedResNet %s, width %d, %s, %d px"
                .formatted(resNet.layers(), resNet.width(), Numbers.count(resNet.heads(), "head"), resNet.imageSize());
    }

    private static String source(ModelMetadata.SourceInfo source) {
        String form = source.file().isEmpty() ? "%2$s%3$s" : "%1$s (%2$s)%3$s";
        String name = source.knownAs().map(known -> ", known as " + known).orElse("");
        return form.formatted(source.file(), source.format(), name);
    }

    /** Returns a table for people; reads the whole file for its hash. */
    static AlignedLines table(ConvertedModel model, double logitScale) throws IOException {
        ClipConfig architecture = model.architecture();
        ClipConfig.Text text = architecture.text();
        PreprocessConfig pixels = model.preprocessing();
        AlignedLines table = new AlignedLines()
                .row("model", architecture.publishedName().orElse("not a published architecture"))
                .row("file", model.path() + ", " + Numbers.bytes(Files.size(model.path())))
                .row("SHA-256", model.sha256())
                .row("source", source(model.source()));
        model.source().sha256().ifPresent(hash -> table.row("its SHA-256", hash));
        long all = architecture.parameterCount();
        long image = architecture.visionParameterCount();
        return table.row(
                        "parameters",
                        "%s: image tower %s, text tower %s"
                                .formatted(Numbers.count(all), Numbers.count(image), Numbers.count(all - image)))
                .row("image tower", vision(architecture.vision()))
                .row(
                        "text tower",
                        "%s, width %d, %s, context %d, vocabulary %s"
                                .formatted(
                                        Numbers.count(text.layers(), "layer"),
                                        text.width(),
                                        Numbers.count(text.heads(), "head"),
                                        text.contextLength(),
                                        Numbers.count(text.vocabularySize())))
                .row("features", architecture.embedDim() + " wide")
                .row("activation", model.activation().id())
                .row(
                        "pixels",
                        "%s to %d (bicubic)%s; mean %s, deviation %s"
                                .formatted(
                                        pixels.squash() ? "both sides" : "shorter side",
                                        pixels.size(),
                                        pixels.squash() ? "" : ", centre crop",
                                        pixels.mean(),
                                        pixels.std()))
                .row("logit scale", "%.2f".formatted(logitScale));
    }

    /** Returns JSON for programs. */
    static ObjectNode json(ConvertedModel model, double logitScale) throws IOException {
        ClipConfig architecture = model.architecture();
        long all = architecture.parameterCount();
        long image = architecture.visionParameterCount();
        ObjectNode json = Json.object()
                .put("file", model.path().toString())
                .put("bytes", Files.size(model.path()))
                .put("sha256", model.sha256());
        architecture.publishedName().ifPresent(name -> json.put("name", name));
        json.set("source", Json.parse(model.source().toJson()));
        json.set("architecture", Json.parse(architecture.toJson()));
        json.putObject("parameters").put("all", all).put("image", image).put("text", all - image);
        json.put("activation", model.activation().id());
        json.set("preprocessing", Json.parse(model.preprocessing().toJson()));
        return json.put("logit_scale", logitScale);
    }
}
