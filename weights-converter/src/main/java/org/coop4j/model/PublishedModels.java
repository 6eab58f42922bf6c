package org.coop4j.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.coop4j.base.JsonTree;
import org.coop4j.base.RefusedException;
import org.coop4j.base.Resource;

/**
 * OpenAI's released models (CLIP paper, appendix F, tables 19 and 20) and the SHA-256 of their files, which are part of
 * the download addresses in openai/CLIP's {@code clip/clip.py}; and Meta's Perception Encoders ({@code
 * core/vision_encoder/config.py} of facebookresearch/perception_models), with the revisions of their repositories;
 * Google's SigLIP, SigLIP 2 and TIPSv2 by the names of their repositories, with open_clip's names; models of single
 * fields, whose dimensions are in their repositories; and models that cannot be used. They stand in {@code
 * published.json}.
 */
public final class PublishedModels {
    private static final List<Model> MODELS = models();
    static final Map<String, ClipConfig> CONFIGS = configs();

    /**
     * A row of the file.
     *
     * @param name a pattern of names if the models cannot be used
     * @param config the dimensions; null for a model of a field, and for models that cannot be used
     * @param fields all that the file says of it
     */
    private record Model(String name, ClipConfig config, Map<?, ?> fields) {

        Optional<String> text(String key) {
            return fields.get(key) instanceof String text ? Optional.of(text) : Optional.empty();
        }

        Optional<FieldModel> field() {
            return text("field").map(any -> FieldModel.of(name, new JsonTree(name + ".", fields)));
        }

        /** Returns the repository of the Hub that has it under a name: Google's, or open_clip's own. */
        Optional<String> repository(String wanted) {
            if (wanted.equals(fields.get("open_clip"))) {
                return Optional.of("timm/" + wanted);
            }
            boolean google = config != null && config.text().unmasked() && name.equals(wanted);
            return google ? Optional.of("google/" + wanted) : Optional.empty();
        }
    }

    private PublishedModels() {}

    private static List<Model> models() {
        String json = Resource.text(PublishedModels.class, "published.json");
        List<Model> models = new ArrayList<>();
        try {
            return JsonTree.read("published models", json, file -> {
                for (Object key : file.fields().keySet()) {
                    String name = (String) key;
                    JsonTree model = file.object(name);
                    models.add(new Model(name, model.has("vision") ? ClipConfig.of(model) : null, model.fields()));
                }
                return models;
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, ClipConfig> configs() {
        Map<String, ClipConfig> configs = new LinkedHashMap<>();
        MODELS.stream().filter(model -> model.config != null).forEach(model -> configs.put(model.name, model.config));
        return Collections.unmodifiableMap(configs);
    }

    private static Optional<Model> find(Predicate<Model> wanted) {
        return MODELS.stream().filter(wanted).findFirst();
    }

    private static Optional<Model> named(String name) {
        return find(model -> model.name.equals(name));
    }

    /** Returns the published name of the file with this SHA-256, such as {@code OpenAI ViT-B/32}. */
    static Optional<String> knownAs(String sha256) {
        return find(model -> sha256.equals(model.fields.get("sha256")))
                .map(model -> (model.fields.containsKey("revision") ? "Meta " : "OpenAI ") + model.name);
    }

    /**
     * Returns the model of a field that a name means, by itself or as a repository of the Hub.
     *
     * @throws RefusedException if the name means several, or a model that cannot be used
     */
    public static Optional<FieldModel> ofField(String name) {
        find(model -> model.fields.containsKey("refused")
                        && name.toLowerCase(Locale.ROOT).matches(model.name))
                .ifPresent(model -> {
                    throw new RefusedException(name + " cannot be used: " + model.fields.get("refused"));
                });
        Optional<FieldModel> named = named(name).flatMap(Model::field);
        List<FieldModel> alike = MODELS.stream()
                .flatMap(model -> model.field().stream())
                .filter(model ->
                        model.name().startsWith(name + "-") || name.equalsIgnoreCase("hf:" + model.repository()))
                .toList();
        if (named.isEmpty() && alike.size() > 1) {
            throw new RefusedException(name + ": expected one of "
                    + alike.stream().map(FieldModel::name).collect(Collectors.joining(", ")));
        }
        return named.or(() -> alike.stream().findFirst());
    }

    /** Returns the repository of the Hugging Face Hub with a SigLIP of this name, Google's or open_clip's. */
    public static Optional<String> repository(String name) {
        return MODELS.stream().flatMap(model -> model.repository(name).stream()).findFirst();
    }

    /** Returns the licence of a model as its publisher states it; empty where a repository has one for all of it. */
    public static Optional<String> licence(String name) {
        return named(name).flatMap(model -> model.text("licence"));
    }

    /** Returns the names of the models whose files are known. */
    public static List<String> downloads() {
        return MODELS.stream()
                .filter(model -> model.fields.containsKey("sha256")
                        || model.fields.containsKey("field")
                        || model.repository(model.name).isPresent())
                .map(Model::name)
                .toList();
    }

    /** Returns the revision of Meta's repository of a Perception Encoder; empty for other names. */
    public static Optional<String> revision(String name) {
        return named(name).flatMap(model -> model.text("revision"));
    }

    /** Returns a model whose image tower has a name in timm, such as {@code vit_base_patch16_siglip_224}. */
    public static Optional<ClipConfig> ofTimm(String tower) {
        return find(model -> tower.equals(model.fields.get("timm"))).map(Model::config);
    }

    /** Returns the SHA-256 of the file that was published under a name such as {@code ViT-B/32}. */
    public static Optional<String> sha256(String name) {
        return named(name).flatMap(model -> model.text("sha256"));
    }
}
