package org.coop4j.model.convert;

import static org.coop4j.base.InputException.require;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.InputException;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ModelVocabulary;
import org.coop4j.weights.Shape;

/**
 * Infers a model's dimensions from its tensors' shapes, as {@code build_model} of openai/CLIP does. Shapes do not show
 * the heads: they are taken to be 64 channels wide, or those of the published model of the same width.
 *
 * @param shapes by OpenAI's names
 */
record ArchitectureInference(Map<String, Shape> shapes) {
    private static final int HEAD_WIDTH = 64;

    /** Heads of the attention pooling in every Perception Encoder. */
    private static final int POOL_HEADS = 8;

    private static final int MAX_WIDTH_WITH_KNOWN_HEADS = 1024;

    /** Wider vision transformers exist only in open_clip, as H, g and bigG, with 16 heads of 80, 88 or 104 channels. */
    private static final List<Integer> WIDER = List.of(1280, 1408, 1664);

    private static final int HEADS_OF_WIDER = 16;

    /** Infers the architecture of a model with tensors of these shapes, by OpenAI's names. */
    static ClipConfig infer(Map<String, Shape> shapes) throws InputException {
        ArchitectureInference inference = new ArchitectureInference(shapes);
        try {
            ClipConfig.Vision vision = inference.vision();
            int embedDim = inference.dim("text_projection", 1);
            return new ClipConfig(embedDim, vision, inference.text());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new InputException("impossible architecture: " + e.getMessage(), e);
        }
    }

    private ClipConfig.Vision vision() throws InputException {
        if (shapes.containsKey("visual.proj")) {
            return vit();
        }
        if (shapes.containsKey("visual.layer1.0.conv1.weight")) {
            return resNet();
        }
        if (shapes.containsKey("visual.attn_pool.probe")) {
            throw headsUnknown("the tensors of SigLIP show neither heads nor activation");
        }
        require(
                !shapes.containsKey(OpenAiNames.TRUNK + "register_tokens"),
                "TIPS is converted from its folder, with %s and %s beside the weights",
                HuggingFaceConfig.FILE,
                ModelVocabulary.TIPS.file());
        require(
                !shapes.containsKey("blocks.0.ls1.gamma"),
                "an image tower without a text tower, such as DINOv2: use hf:google/tipsv2-b14, which has both");
        throw new InputException("not a CLIP model: it has neither visual.proj (of a vision transformer) nor"
                + " visual.layer1.0.conv1.weight (of a ResNet)");
    }

    private ClipConfig.Vit vit() throws InputException {
        int width = dim("visual.conv1.weight", 0);
        int patch = dim("visual.conv1.weight", 3);
        boolean peCore = shapes.containsKey("visual.attn_pool.probe");
        boolean classToken = !peCore || shapes.containsKey("visual.class_embedding");
        boolean wider = !peCore && width > MAX_WIDTH_WITH_KNOWN_HEADS;
        if (wider && !WIDER.contains(width)) {
            throw headsUnknown("the vision width " + width + " is not one of OpenAI's or open_clip's models");
        }
        return new ClipConfig.Vit(
                Math.multiplyExact(patch, grid("visual.positional_embedding", classToken ? 1 : 0)),
                patch,
                width,
                count("visual\\.transformer\\.resblocks\\.(\\d+)\\..*"),
                wider ? HEADS_OF_WIDER : peCore ? publishedHeads(width) : heads("vision", width),
                dim("visual.transformer.resblocks.0.mlp.c_fc.weight", 0),
                peCore
                        ? new ClipConfig.Pooling(
                                classToken, true, POOL_HEADS, dim("visual.attn_pool.mlp.c_fc.weight", 0))
                        : null);
    }

    /** Returns the heads of the published Perception Encoder of this width. */
    private static int publishedHeads(int width) throws InputException {
        return ClipConfig.published().values().stream()
                .filter(published -> published.family() == ClipConfig.Family.PE_CORE
                        && published.vision().width() == width)
                .findFirst()
                .orElseThrow(() -> headsUnknown("no published Perception Encoder has the vision width " + width))
                .vision()
                .heads();
    }

    private ClipConfig.ResNet resNet() throws InputException {
        List<Integer> layers = new ArrayList<>();
        for (int stage = 1; stage <= 4; stage++) {
            layers.add(count("visual\\.layer" + stage + "\\.(\\d+)\\..*"));
        }
        int width = dim("visual.layer1.0.conv1.weight", 0);
        int pooled = Math.multiplyExact(width, ClipConfig.ResNet.STRIDE);
        return new ClipConfig.ResNet(
                Math.multiplyExact(grid("visual.attnpool.positional_embedding", 1), ClipConfig.ResNet.STRIDE),
                layers,
                width,
                heads("attention pooling", pooled));
    }

    private ClipConfig.Text text() throws InputException {
        int width = dim("ln_final.weight", 0);
        return new ClipConfig.Text(
                dim("positional_embedding", 0),
                dim("token_embedding.weight", 0),
                width,
                heads("text", width),
                count("transformer\\.resblocks\\.(\\d+)\\..*"),
                dim("transformer.resblocks.0.mlp.c_fc.weight", 0));
    }

    private static int heads(String tower, int width) throws InputException {
        if (width % HEAD_WIDTH != 0) {
            throw headsUnknown("the %s width %d is not a multiple of 64".formatted(tower, width));
        }
        return width / HEAD_WIDTH;
    }

    private static InputException headsUnknown(String reason) {
        return new InputException(reason
                + ", so the number of heads is unknown: convert a folder with the weights and a configuration file,"
                + " such as " + OpenClipConfig.FILE);
    }

    private int grid(String positions, int others) throws InputException {
        int patches = dim(positions, 0) - others;
        int grid = (int) Math.round(Math.sqrt(patches));
        require(
                grid >= 1 && grid * grid == patches,
                "%s has %d rows, expected a square number and %d",
                positions,
                patches + others,
                others);
        return grid;
    }

    private int count(String pattern) {
        Pattern compiled = Pattern.compile(pattern);
        return (int) shapes.keySet().stream()
                .map(compiled::matcher)
                .filter(Matcher::matches)
                .map(matcher -> matcher.group(1))
                .distinct()
                .count();
    }

    private int dim(String name, int axis) throws InputException {
        Shape shape = shapes.get(name);
        require(shape != null, "not a complete CLIP model: tensor %s is missing", name);
        require(
                shape.rank() > axis && shape.dim(axis) <= Integer.MAX_VALUE / 64,
                "tensor %s has the implausible shape %s",
                name,
                shape);
        return (int) shape.dim(axis);
    }
}
