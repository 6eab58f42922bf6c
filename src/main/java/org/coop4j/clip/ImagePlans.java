package org.coop4j.clip;

import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.clip.ImageBatches.Apart;
import org.coop4j.clip.ImageBatches.Together;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Makes plans of an image tower, or of its first layers: "images" [batch, 3, side, side] →
 * "features".
 *
 * @param workers run the plans
 * @param precision of products with weights
 * @param kind which rows of the tower features are
 */
record ImagePlans(
        NativeWeights weights,
        ClipConfig architecture,
        MlpActivation activation,
        Workers workers,
        Precision precision,
        FeatureKind kind) {

    /** Rows of a ViT's full batch: BLAS packs the weights once for all of them. */
    private static final int ROWS_PER_BATCH = 3200;

    /** Images of a ViT's full batch at most: the pixels of more are not held. */
    private static final int MOST_IMAGES = 32;

    /** Rows from which on BLAS multiplies a row in one way, on most processors. */
    private static final int NOT_FEW_ROWS = 16;

    private static final int RESNET_BATCH = 4;

    /** Of the same tower in a precision. */
    ImagePlans in(Precision other) {
        return new ImagePlans(weights, architecture, activation, workers, other, kind);
    }

    ClipConfig.Vision tower() {
        return architecture.vision();
    }

    /** The tower without most of its layers: it has all shapes of products that there are. */
    ClipConfig.Vision shallow() {
        ClipConfig.Vision vision = tower();
        if (vision instanceof ClipConfig.Vit v) {
            int layers = Math.min(2, v.layers());
            return new ClipConfig.Vit(
                    v.imageSize(), v.patchSize(), v.width(), layers, v.heads(), v.mlpWidth());
        }
        if (vision instanceof ClipConfig.ResNet r) {
            List<Integer> layers = r.layers().stream().map(n -> Math.min(2, n)).toList();
            return new ClipConfig.ResNet(r.imageSize(), layers, r.width(), r.heads());
        }
        return vision;
    }

    int imageSize() {
        return tower().imageSize();
    }

    /** Width of a feature. */
    int width() {
        return kind == FeatureKind.EMBEDDED
                ? architecture.embedDim()
                : VisualProjection.width(tower());
    }

    /** Images of a full batch. */
    int batch() {
        return tower() instanceof ClipConfig.Vit vit
                ? Math.max(1, Math.min(MOST_IMAGES, ROWS_PER_BATCH / vit.tokens()))
                : RESNET_BATCH;
    }

    /** Images one after another, on all threads. */
    Together together(ClipConfig.Vision vision, int images) {
        return new Together(plan(vision, images, images, workers), images);
    }

    /**
     * The same, and where a ViT's layers have a row for each image, they have not few: BLAS
     * multiplies those in another way.
     */
    Together filledUp(ClipConfig.Vision vision, int images) {
        int rows = vision instanceof ClipConfig.Vit ? Math.max(images, NOT_FEW_ROWS) : images;
        return new Together(plan(vision, images, rows, workers), images);
    }

    /** The images of a ViT with their rows, and those of each thread, from multiples on. */
    Together aligned(ClipConfig.Vision vision, int images, int alignment) {
        int each = alignment * workers.count() / greatestCommonDivisor(workers.count(), images);
        Graph graph = Graph.create().in(precision);
        SDVariable features =
                new AlignedVisionTransformer(weights, (ClipConfig.Vit) vision, activation, each)
                        .forward(graph, images(graph, images), images, kind);
        return new Together(plan(graph, features, workers), images);
    }

    private static int greatestCommonDivisor(int a, int b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }

    /** A plan for each thread, or one where a device has the threads. */
    Apart apart(ClipConfig.Vision vision) {
        if (Backend.currentForm() == Backend.Form.PORTABLE) {
            return new Apart(() -> plan(vision, 1, 1, workers), 1, workers);
        }
        return new Apart(() -> plan(vision, 1, 1, new Workers(1)), workers.count(), workers);
    }

    private ExecutionPlan plan(ClipConfig.Vision vision, int images, int rows, Workers threads) {
        Graph graph = Graph.create().in(precision);
        FrozenParameters parameters = new FrozenParameters(graph, weights);
        SDVariable features =
                ImageTower.rows(
                        parameters,
                        vision,
                        activation,
                        images(graph, images),
                        images,
                        rows); // [rows, width]
        if (kind == FeatureKind.EMBEDDED) {
            features = VisualProjection.after(parameters, features, vision); // [rows, embed]
        }
        if (rows > images) {
            features = graph.selectRows(features, IntStream.range(0, images).toArray());
        }
        return plan(graph, features, threads);
    }

    private SDVariable images(Graph graph, int batch) {
        return graph.placeholder("images", DataType.FLOAT, batch, 3, imageSize(), imageSize());
    }

    private static ExecutionPlan plan(Graph graph, SDVariable features, Workers threads) {
        features.rename("features");
        return graph.plan(List.of("features"), threads);
    }
}
