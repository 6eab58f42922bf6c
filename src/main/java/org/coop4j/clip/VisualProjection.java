package org.coop4j.clip;

import org.coop4j.model.ClipConfig;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * The last linear layer of CLIP's image tower: a ViT's {@code visual.proj}, or the last layer of a ResNet's attention
 * pooling.
 *
 * @param name of the weight in a model file
 * @param weight [embed, width], whatever its orientation in the model file
 * @param bias [1, embed]; null for a ViT
 */
public record VisualProjection(String name, FeatureMatrix weight, FeatureMatrix bias) {

    private static final String VIT = "visual.proj"; // [width, embed]
    private static final String RESNET = "visual.attnpool.c_proj.weight"; // [embed, width]
    private static final String RESNET_BIAS = "visual.attnpool.c_proj.bias"; // [embed]

    static VisualProjection of(NativeWeights weights) {
        ClipConfig architecture = weights.architecture();
        int embed = architecture.embedDim();
        int width = width(architecture.vision());
        if (architecture.vision() instanceof ClipConfig.Vit) {
            FeatureMatrix stored = FeatureMatrix.of(width, embed, weights.floats(VIT));
            return new VisualProjection(VIT, stored.transposed(), null);
        }
        return new VisualProjection(
                RESNET,
                FeatureMatrix.of(embed, width, weights.floats(RESNET)),
                FeatureMatrix.of(1, embed, weights.floats(RESNET_BIAS)));
    }

    /** Returns a matrix of the weight's shape, converted to the orientation of the model file or back. */
    public FeatureMatrix turned(FeatureMatrix matrix) {
        return name.equals(VIT) ? matrix.transposed() : matrix;
    }

    /** Returns the width of the projected rows. */
    static int width(ClipConfig.Vision vision) {
        return vision instanceof ClipConfig.ResNet resNet ? resNet.outputWidth() : vision.width();
    }

    /** Returns the projection in a graph, or the rows themselves; x [batch, width] → [batch, embed]. */
    public static SDVariable after(Parameters weights, SDVariable x, ClipConfig.Vision vision) {
        if (!vision.projects()) {
            return x;
        }
        return vision instanceof ClipConfig.Vit
                ? weights.graph().project(x, weights.get(VIT))
                : weights.graph().linear(x, weights.get(RESNET), weights.get(RESNET_BIAS));
    }
}
