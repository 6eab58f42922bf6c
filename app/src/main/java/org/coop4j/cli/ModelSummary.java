package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.ConvertedModel;
import org.coop4j.weights.model.ModelMetadata;
import org.coop4j.weights.model.PreprocessConfig;

/** Describes a converted model for people. */
final class ModelSummary {

    private ModelSummary() {}

    /** Returns "ViT-B/32, 151,277,313 parameters, quick_gelu; from ViT-B-32.pt (OpenAI)". */
    static String line(ModelMetadata metadata) {
        ClipConfig architecture = metadata.architecture();
        return "%s, %s parameters, %s; from %s"
                .formatted(
                        architecture.publishedName().orElseGet(() -> vision(architecture.vision())),
                        Numbers.count(architecture.parameterCount()),
                        activation(metadata),
                        source(metadata.source()));
    }

    private static String vision(ClipConfig.Vision vision) {
        if (vision instanceof ClipConfig.Vit vit) {
            return "%s of %s, patch %d, width %d, %s, %d px"
                    .formatted(
                            vit.pooling() == null ? "ViT" : vit.family().title(),
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

    /** Returns the facts about a model by name; reads the whole file for its hash. */
    static Map<String, String> facts(ConvertedModel model) throws IOException {
        ClipConfig architecture = model.architecture();
        ClipConfig.Text text = architecture.text();
        PreprocessConfig pixels = model.preprocessing();
        long all = architecture.parameterCount();
        long image = architecture.visionParameterCount();
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("model", architecture.publishedName().orElse("not a published architecture"));
        facts.put("file", model.path() + ", " + Numbers.bytes(Files.size(model.path())));
        facts.put("SHA-256", model.sha256());
        facts.put("source", source(model.source()));
        model.source().sha256().ifPresent(hash -> facts.put("its SHA-256", hash));
        facts.put(
                "parameters",
                "%s: image tower %s, text tower %s"
                        .formatted(Numbers.count(all), Numbers.count(image), Numbers.count(all - image)));
        facts.put("image tower", vision(architecture.vision()));
        facts.put(
                "text tower",
                "%s, width %d, %s, context %d, vocabulary %s"
                        .formatted(
                                Numbers.count(text.layers(), "layer"),
                                text.width(),
                                Numbers.count(text.heads(), "head"),
                                text.contextLength(),
                                Numbers.count(text.vocabularySize())));
        facts.put("features", architecture.embedDim() + " wide");
        facts.put("activation", activation(model.metadata()));
        model.metadata().vocabulary().ifPresent(own -> facts.put("vocabulary", own.file()));
        facts.put(
                "pixels",
                "%s to %d (%s)%s; mean %s, deviation %s"
                        .formatted(
                                pixels.squash() ? "both sides" : "shorter side",
                                pixels.size(),
                                pixels.interpolation().id(),
                                pixels.squash() ? "" : ", centre crop",
                                pixels.mean(),
                                pixels.std()));
        return facts;
    }
}
