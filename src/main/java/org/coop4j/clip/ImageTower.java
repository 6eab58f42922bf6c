package org.coop4j.clip;

import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;

/** CLIP's image tower ({@code encode_image}) of either kind. */
public final class ImageTower {

    private ImageTower() {}

    /**
     * Image features, not normalised.
     *
     * @param activation of a ViT's MLPs
     * @param images normalised pixels [batch, 3, side, side]
     * @param batch number of images
     * @return [batch, embed]
     */
    public static SDVariable features(
            Parameters weights,
            ClipConfig.Vision architecture,
            MlpActivation activation,
            SDVariable images,
            int batch) {
        return VisualProjection.after(
                weights,
                rows(weights, architecture, activation, images, batch, batch),
                architecture);
    }

    /**
     * What the visual projection makes image features of.
     *
     * @param rows of the result: the images', and for a ViT any number more, which fill it up
     * @return [rows, {@link VisualProjection#width}]
     */
    static SDVariable rows(
            Parameters weights,
            ClipConfig.Vision architecture,
            MlpActivation activation,
            SDVariable images,
            int batch,
            int rows) {
        if (architecture instanceof ClipConfig.Vit vit) {
            return new VisionTransformer(weights, vit, activation).forward(images, batch, rows);
        }
        if (architecture instanceof ClipConfig.ResNet resNet) {
            return new ModifiedResNet(weights, resNet.layers(), resNet.heads())
                    .forward(images, batch, resNet.imageSize());
        }
        throw new IllegalStateException("unknown image tower " + architecture);
    }
}
