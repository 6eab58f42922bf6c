package org.coop4j.data.benchmark;

import java.util.List;
import java.util.stream.Stream;
import org.coop4j.base.Resource;

/** The hand-written prompt templates; "{}" stands for the class name. */
public final class PromptTemplates {
    /** The template of data that has none of its own. */
    public static final String PHOTO = "a photo of a {}.";

    private static final String IMAGENET = "ImageNet";

    private PromptTemplates() {}

    /** Returns OpenAI's 80 templates for ImageNet, in the order of their notebook. */
    public static List<String> imageNet() {
        return read("templates-imagenet.txt");
    }

    /** Returns the 7 templates that OpenAI's notebook selects from the 80. */
    public static List<String> selected() {
        return read("templates-selected.txt");
    }

    /**
     * Returns the ensemble that the CoOp reference uses with a dataset: the 7 selected templates,
     * and for every dataset but ImageNet its own after them.
     */
    public static List<String> ensemble(Benchmark benchmark) {
        return benchmark.name().equals(IMAGENET) ? selected() : ensemble(benchmark.template());
    }

    /** Returns the 7 selected templates and the data's own after them. */
    public static List<String> ensemble(String own) {
        return Stream.concat(selected().stream(), Stream.of(own)).toList();
    }

    private static List<String> read(String resource) {
        return Resource.text(PromptTemplates.class, resource).lines().toList();
    }
}
