package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.Method;
import org.coop4j.method.PromptMethod;
import org.coop4j.weights.model.ClipConfig;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Gradients in what methods change in both towers, against central differences in double precision. */
class ImageTowerGradientTest {

    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-6;
    private static final int IMAGES = 2;
    private static final int DRAWS = 3;

    @TempDir
    static Path folder;

    static Stream<Arguments> methods() {
        return Stream.of(
                Arguments.of("clip-lora", Map.of("params", "qkvo")),
                Arguments.of("clip-lora", Map.of("vision_start", 1, "text_start", 1)),
                Arguments.of("two-stage", Map.of()),
                Arguments.of("vpt", Map.of("image_length", 3)),
                Arguments.of("vpt", Map.of("image_length", 2, "first_block", 1)),
                Arguments.of("maple", Map.of()),
                Arguments.of("mmrl", Map.of("space", 5, "first_layer", 1, "template", "a photo of a {}.")));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void theGradientIsTheSlope(String id, Map<String, Object> settings) throws IOException {
        Path model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        try (Clip clip = TinyModel.open(model, 1);
                Workers workers = new Workers(1)) {
            PromptMethod method = (PromptMethod) Method.of(id).with(settings);
            Doubles graph = new Doubles(clip, method.besideContext(clip, 1));
            SDVariable loss = loss(clip, graph, method.changes(graph));
            Map<String, SDVariable> outputs = new TreeMap<>(graph.ops().differentiate(loss));
            assertThat(outputs).isNotEmpty();
            outputs.put("loss", loss);
            try (ExecutionPlan plan = graph.ops().plan(outputs, workers)) {
                outputs.remove("loss");
                for (String name : outputs.keySet()) {
                    plan.run();
                    INDArray gradient = plan.output(name).dup();
                    for (long i : chosen(gradient)) {
                        double slope =
                                (moved(plan, graph, name, i, STEP) - moved(plan, graph, name, i, -STEP)) / 2 / STEP;
                        assertThat(gradient.getDouble(i))
                                .as("%s of %s at %d", name, id, i)
                                .isCloseTo(slope, within(TOLERANCE * (1 + Math.abs(slope))));
                    }
                }
            }
        }
    }

    /** The largest element and some others. */
    private static long[] chosen(INDArray gradient) {
        long largest = 0;
        for (long i = 0; i < gradient.length(); i++) {
            if (Math.abs(gradient.getDouble(i)) > Math.abs(gradient.getDouble(largest))) {
                largest = i;
            }
        }
        long[] chosen = new Random(3).longs(DRAWS + 1L, 0, gradient.length()).toArray();
        chosen[0] = largest;
        return chosen;
    }

    private static double moved(ExecutionPlan plan, Doubles graph, String name, long i, double by) {
        INDArray array = graph.arrays.get(name);
        double before = array.getDouble(i);
        array.putScalar(i, before + by);
        plan.run();
        double loss = plan.output("loss").getDouble(0);
        array.putScalar(i, before);
        return loss;
    }

    /** A weighted sum of image features and, where the text tower is changed, of text features. */
    private static SDVariable loss(Clip clip, Doubles graph, Parameters.Changes changes) {
        ClipConfig.Vit vit = (ClipConfig.Vit) clip.architecture().vision();
        ClipConfig.Text text = clip.architecture().text();
        Parameters changed = changes.of(graph);
        SDVariable pixels = graph.random("pixels", IMAGES, 3, vit.imageSize(), vit.imageSize());
        List<SDVariable> images = new VisionTransformer(
                        changed, vit, clip.model().activation())
                .embedded(pixels, IMAGES, VisionTransformer.PIXELS, changes.imageRows());
        SDVariable loss = graph.weighted(images.get(0), IMAGES, clip.embedDim());
        for (SDVariable more : images.subList(1, images.size())) {
            loss = loss.add(graph.weighted(more, IMAGES, clip.embedDim()));
        }
        if (graph.names().stream().anyMatch(name -> name.startsWith("transformer."))) {
            PackedPrompts packed =
                    new PackedPrompts(List.of(new int[] {1, 2, 3, 9}, new int[] {1, 2, 9}), text.heads());
            SDVariable x = graph.random("tokens", packed.rows(), text.width());
            SDVariable features = new TextTransformer(
                            changed, text, clip.model().activation())
                    .forward(x, Transformer.packed(graph.ops(), packed.layout(), Queries.LAST));
            loss = loss.add(graph.weighted(features, 2, clip.embedDim()));
        }
        return loss;
    }

    /** A model in a graph in double precision, with learned tensors somewhere else than at their beginning. */
    private static final class Doubles implements Parameters, Parameters.Learned {

        private final Graph graph = Graph.create();
        private final Clip clip;
        private final Random random = new Random(7);
        private final Map<String, INDArray> arrays = new HashMap<>();
        private final Map<String, SDVariable> variables = new HashMap<>();

        Doubles(Clip clip, List<LearnedTensor> tensors) {
            this.clip = clip;
            for (LearnedTensor tensor : tensors) {
                double[] values = new double[tensor.values().length];
                for (int i = 0; i < values.length; i++) {
                    values[i] = tensor.values()[i] + 0.1 * random.nextGaussian();
                }
                arrays.put(tensor.name(), array(values, tensor.shape()));
                variables.put(tensor.name(), graph.variable(tensor.name(), arrays.get(tensor.name())));
            }
        }

        private static INDArray array(double[] values, long... shape) {
            return Nd4j.createFromArray(values).reshape('c', shape);
        }

        SDVariable random(String name, long... shape) {
            double[] values = new double[Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact))];
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextGaussian();
            }
            return graph.constant(name, array(values, shape));
        }

        SDVariable weighted(SDVariable x, int rows, int width) {
            return graph.innerProduct(x, random("weights of " + x.name(), rows, width));
        }

        @Override
        public Graph graph() {
            return graph;
        }

        @Override
        public Graph ops() {
            return graph;
        }

        @Override
        public Set<String> names() {
            return arrays.keySet();
        }

        @Override
        public SDVariable learned(String name) {
            return variables.get(name);
        }

        @Override
        public Graph.Dropout dropout(double rate) {
            return Graph.Dropout.NONE;
        }

        private INDArray weight(String name) {
            float[] floats = clip.weight(name);
            double[] values = new double[floats.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = floats[i];
            }
            try {
                return array(values, clip.model().weights().shape(name).toArray());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private SDVariable known(String key, INDArray array) {
            return variables.computeIfAbsent(key, k -> graph.constant(k, array.castTo(DataType.DOUBLE)));
        }

        @Override
        public SDVariable get(String name) {
            return known(name, weight(name));
        }

        @Override
        public SDVariable matrix(String name) {
            INDArray whole = weight(name);
            return known(name, whole.reshape('c', new long[] {whole.size(0), whole.length() / whole.size(0)}));
        }

        @Override
        public SDVariable rows(String name, int from, int to) {
            INDArray whole = weight(name);
            int width = Math.toIntExact(whole.length() / whole.size(0));
            double[] some = new double[(to - from) * width];
            for (int i = 0; i < some.length; i++) {
                some[i] = whole.getDouble((long) from * width + i);
            }
            long[] shape = whole.shape().clone();
            shape[0] = (long) to - from;
            return known(name + from, array(some, shape));
        }

        @Override
        public SDVariable stacked(String first, String second) {
            throw new UnsupportedOperationException(first);
        }

        @Override
        public SDVariable convolution(Convolution layer, SDVariable x) {
            throw new UnsupportedOperationException(layer.name());
        }
    }
}
