package org.coop4j.method;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.stream.IntStream;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;

/** Features and scikit-learn's results among the test resources. */
public final class GoldenFeatures {
    private GoldenFeatures() {}

    public static JsonNode read(String resource) throws IOException {
        try (InputStream in = GoldenFeatures.class.getResourceAsStream(resource)) {
            return new JsonMapper().readTree(in);
        }
    }

    /** The features under {@code part} with the labels under {@code part}_labels. */
    public static FeatureSet features(JsonNode node, String part) {
        JsonNode values = node.get(part);
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i).floatValue();
        }
        return new DenseFeatures(node.get("dimension").asInt(), 1, floats, ints(node.get(part + "_labels")));
    }

    static int[] ints(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    }
}
