package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.ConvertedModel;
import org.coop4j.weights.model.ModelMetadata;
import org.coop4j.weights.model.PreprocessConfig;

/** Describes a converted model, for people and as JSON. */
final class ModelSummary {

    private ModelSummary() {}

    /** "ViT-B/32, 151,277,313 parameters, quick_gelu, OpenAI ViT-B/32". */
    static String line(ModelMetadata metadata) {
        ClipConfig architecture = metadata.architecture();
        return "%s, %s parameters, %s; from %s"
                .formatted(
                        name(architecture),
                        Numbers.count(architecture.parameterCount()),
                        metadata.activation().id(),
                        source(metadata.source()));
    }

    /** The published name, or what it is made of. */
    private static String name(ClipConfig architecture) {
        return publishedName(architecture).orElseGet(() -> vision(architecture.vision()));
    }

    private static Optional<String> publishedName(ClipConfig architecture) {
        return ClipConfig.publishedNames().stream()
                .filter(name -> published(name).equals(architecture))
                .findFirst();
    }

    private static ClipConfig published(String name) {
        try {
            return ClipConfig.named(name);
        } catch (InputException e) {
            throw new IllegalStateException("every published name is known", e);
        }
    }

    private static String resize(PreprocessConfig pixels) {
        return pixels.squash()
                ? "both sides to %d (bicubic)".formatted(pixels.size())
                : "shorter side to %d (bicubic), centre crop".formatted(pixels.size());
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
        StringBuilder text = new StringBuilder();
        if (source.file().isEmpty()) {
            text.append(source.format());
        } else {
            text.append(source.file()).append(" (").append(source.format()).append(')');
        }
        source.knownAs().ifPresent(name -> text.append(", known as ").append(name));
        return text.toString();
    }

    /** For people; reads the whole file for its hash. */
    static AlignedLines table(ConvertedModel model, double logitScale) throws IOException {
        ClipConfig architecture = model.architecture();
        ClipConfig.Text text = architecture.text();
        PreprocessConfig pixels = model.preprocessing();
        AlignedLines table = new AlignedLines(Table.Kind.WORDS, Table.Kind.WORDS);
        table.row("model", publishedName(architecture).orElse("not a published architecture"));
        table.row("file", model.path() + ", " + Numbers.bytes(Files.size(model.path())));
        table.row("SHA-256", model.sha256());
        table.row("source", source(model.source()));
        model.source().sha256().ifPresent(hash -> table.row("its SHA-256", hash));
        table.row("parameters", parameters(architecture));
        table.row("image tower", vision(architecture.vision()));
        table.row(
                "text tower",
                "%s, width %d, %s, context %d, vocabulary %s"
                        .formatted(
                                Numbers.count(text.layers(), "layer"),
                                text.width(),
                                Numbers.count(text.heads(), "head"),
                                text.contextLength(),
                                Numbers.count(text.vocabularySize())));
        table.row("features", architecture.embedDim() + " wide");
        table.row("activation", model.activation().id());
        table.row("pixels", "%s; mean %s, deviation %s".formatted(resize(pixels), pixels.mean(), pixels.std()));
        return table.row("logit scale", "%.2f".formatted(logitScale));
    }

    private static String parameters(ClipConfig architecture) {
        long vision = architecture.visionParameterCount();
        return "%s: image tower %s, text tower %s"
                .formatted(
                        Numbers.count(architecture.parameterCount()),
                        Numbers.count(vision),
                        Numbers.count(architecture.parameterCount() - vision));
    }

    /** For programs. */
    static ObjectNode json(ConvertedModel model, double logitScale) throws IOException {
        ClipConfig architecture = model.architecture();
        ObjectNode json = Json.object();
        json.put("file", model.path().toString());
        json.put("bytes", Files.size(model.path()));
        json.put("sha256", model.sha256());
        publishedName(architecture).ifPresent(name -> json.put("name", name));
        json.set("source", Json.parse(model.source().toJson()));
        json.set("architecture", Json.parse(architecture.toJson()));
        ObjectNode parameters = json.putObject("parameters");
        parameters.put("all", architecture.parameterCount());
        parameters.put("image", architecture.visionParameterCount());
        parameters.put("text", architecture.parameterCount() - architecture.visionParameterCount());
        json.put("activation", model.activation().id());
        json.set("preprocessing", Json.parse(model.preprocessing().toJson()));
        json.put("logit_scale", logitScale);
        return json;
    }
}
