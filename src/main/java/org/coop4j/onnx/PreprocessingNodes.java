package org.coop4j.onnx;

import java.util.List;
import java.util.function.IntFunction;
import onnx.Onnx.TensorProto.DataType;
import org.coop4j.image.Preprocessing;
import org.coop4j.model.PreprocessConfig.Interpolation;

/**
 * The transform of test images: antialiased resize of the shorter side, centre crop, normalisation, rounded
 * like {@link org.coop4j.image.Preprocessing#fitted}.
 */
record PreprocessingNodes(OnnxGraph graph, Preprocessing preprocessing) {

    private static final double PILLOW_CUBIC = -0.5; // the coefficient of its bicubic kernel

    /** Adds the transform: an image [height, width, 3] of bytes → normalised pixels [1, 3, side, side]. */
    String forward(String image) {
        int side = preprocessing.size();
        String resized = preprocessing.config().squash() ? graph.integers(side, side) : shorterSide(image, side);
        String pixels = graph.node("Unsqueeze", graph.transpose(image, 2, 0, 1), graph.integers(0));
        pixels = graph.node(
                "Resize",
                List.of(
                        "mode",
                        preprocessing.config().interpolation() == Interpolation.BICUBIC ? "cubic" : "linear",
                        "cubic_coeff_a",
                        PILLOW_CUBIC,
                        "antialias",
                        1,
                        "exclude_outside",
                        1,
                        "coordinate_transformation_mode",
                        "half_pixel"),
                pixels,
                "",
                "",
                graph.concatenate(0, graph.integers(1, 3), resized));
        pixels = crop(pixels, resized, side);
        pixels = graph.cast(pixels, DataType.FLOAT);
        pixels = graph.node("Div", pixels, graph.number(255));
        String centred = graph.node("Sub", pixels, channels("mean", preprocessing::mean));
        return graph.node("Div", centred, channels("std", preprocessing::std));
    }

    /** Adds the height and width with the shorter one at {@code side}. */
    private String shorterSide(String image, int side) {
        String sides = graph.node("Shape", List.of("start", 0, "end", 2), image); // height, width
        String shorter = graph.node("ReduceMin", sides);
        String scaled = graph.times(sides, graph.integers(side));
        return graph.node("Div", scaled, shorter); // of whole numbers, so truncated
    }

    private String crop(String pixels, String resized, int side) {
        String rest = graph.node("Sub", resized, graph.integers(side, side));
        String half = graph.node("Div", graph.cast(rest, DataType.FLOAT), graph.number(2));
        String rounded = graph.node("Round", half); // half to even
        String from = graph.cast(rounded, DataType.INT64);
        String to = graph.plus(from, graph.integers(side, side));
        return graph.node("Slice", pixels, from, to, graph.integers(2, 3));
    }

    private String channels(String name, IntFunction<Float> values) {
        return graph.constant(name, new long[] {3, 1, 1}, values.apply(0), values.apply(1), values.apply(2));
    }
}
