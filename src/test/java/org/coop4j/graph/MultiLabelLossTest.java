package org.coop4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.graph.Graph.Focus;
import org.coop4j.graph.host.Workers;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Losses of several labels and their gradients against ASL's and DualCoOp's own code. */
@Tag("portable")
class MultiLabelLossTest {

    private static final Path FOLDER = Path.of("test/resources/golden/multi_label");
    private static final double USUAL_CLIP = 0.05;
    private static final double ASL_EPSILON = 1e-8;

    static List<JsonNode> cases() throws IOException {
        List<JsonNode> cases = new ArrayList<>();
        for (JsonNode c : new ObjectMapper()
                .readTree(FOLDER.resolve("losses.json").toFile())
                .get("cases")) {
            if (!c.path("through_weight").asBoolean()) { // the other form of the reference, which is not used
                cases.add(c);
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void lossAndGradientEqualTheReferences(JsonNode c) throws IOException {
        String key = c.get("key").asText();
        try (SafetensorsFile golden = SafetensorsFile.open(FOLDER.resolve("losses.safetensors"))) {
            boolean dual = golden.names().contains(key + ".logits");
            float[] given = golden.floats(key + (dual ? ".logits" : ".z"));
            long[] y = golden.tensor(key + ".y").longs();
            int classes = Math.toIntExact(golden.shape(key + ".y").dim(1));
            double[] z = new double[y.length];
            double[] t = new double[y.length];
            for (int i = 0; i < z.length; i++) {
                int negative = i / classes * 2 * classes + i % classes;
                z[i] = dual ? (double) given[negative + classes] - given[negative] : given[i];
                t[i] = y[i] < 0 ? 0 : y[i] > 0 ? 1 : -1;
            }
            Focus focus = c.has("gamma_neg")
                    ? new Focus(
                            c.get("gamma_neg").asInt(),
                            c.get("gamma_pos").asInt(),
                            c.path("clip").asDouble(USUAL_CLIP),
                            c.path("eps").asDouble(ASL_EPSILON))
                    : null;
            float[] expected = golden.floats(key + ".gradient");
            for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
                double tolerance = type == DataType.DOUBLE ? 1e-6 : 2e-5;
                Graph graph = Graph.create();
                SDVariable logits = graph.variable(
                        "z",
                        Nd4j.createFromArray(z)
                                .reshape('c', z.length / classes, classes)
                                .castTo(type));
                SDVariable target = graph.constant(
                        "t",
                        Nd4j.createFromArray(t)
                                .reshape('c', z.length / classes, classes)
                                .castTo(type));
                SDVariable loss = graph.labelLoss(logits, target, focus);
                Map<String, SDVariable> outputs = new HashMap<>(graph.differentiate(loss));
                outputs.put("loss", loss);
                try (Workers workers = new Workers(2);
                        ExecutionPlan plan = graph.plan(outputs, workers)) {
                    plan.run();
                    double total = c.get("total").asDouble();
                    assertThat(plan.output("loss").getDouble(0)).isCloseTo(total, within(tolerance * total));
                    for (int i = 0; i < z.length; i++) {
                        double slope = plan.output("z").getDouble(i / classes, i % classes);
                        int negative = i / classes * 2 * classes + i % classes;
                        assertThat(slope)
                                .as("%s in %s at %d", key, type, i)
                                .isCloseTo(expected[dual ? negative + classes : i], within(tolerance));
                        if (dual) {
                            assertThat(-slope).isCloseTo(expected[negative], within(tolerance));
                        }
                    }
                }
            }
        }
    }
}
