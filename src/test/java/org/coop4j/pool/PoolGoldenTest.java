package org.coop4j.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.method.GoldenMethods;
import org.coop4j.pool.JointModel.Decided;
import org.coop4j.pool.Pool.Answers;
import org.coop4j.pool.Pool.Evidence;
import org.coop4j.pool.Pool.Question;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is said of a pool, against values of another implementation in double precision. */
class PoolGoldenTest {

    private static GoldenMethods open(String file) throws IOException {
        return GoldenMethods.open("pool", file);
    }

    static List<String> cases() throws IOException {
        try (GoldenMethods golden = open("joint")) {
            return golden.cases();
        }
    }

    /** A case of the joint answers. */
    private record Case(GoldenMethods golden, String key, Pool pool) {

        static Case of(GoldenMethods golden, String key) throws IOException {
            FeatureMatrix units = golden.matrix("pool").rows(golden.ints("joint." + key + ".rows"));
            return new Case(golden, key, Pool.of(units, Progress.NONE));
        }

        FeatureMatrix logits() throws IOException {
            return golden.matrix("joint." + key + ".logits");
        }

        Map<Integer, Integer> known() throws IOException {
            return golden.has("joint." + key + ".known")
                    ? Pool.labels(golden.ints("joint." + key + ".known"), golden.ints("joint." + key + ".known_labels"))
                    : Map.of();
        }

        FeatureSet labelled() throws IOException {
            FeatureMatrix support = golden.matrix("support");
            return golden.of(key).get("shots").asInt() > 0
                    ? new DenseFeatures(support.width(), 1, support.toArray(), golden.ints("support_labels"))
                    : FeatureSet.none(support.width());
        }

        void assertClose(String name, float[] actual) throws IOException {
            golden.assertClose(key, name, actual, golden.floats("joint." + key + "." + name));
        }

        void assertWithin(String name, double[] actual, double tolerance) throws IOException {
            GoldenMethods.assertWithin(
                    key + " " + name, golden.floats("joint." + key + "." + name), floats(actual), tolerance);
        }
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void neighboursAreTheNearestWithLowerRowsFirst(String key) throws IOException {
        try (GoldenMethods golden = open("joint")) {
            Neighbours neighbours = Case.of(golden, key).pool.neighbours();
            int[][] expected = golden.rows("joint." + key + ".neighbours");
            for (int i = 0; i < expected.length; i++) {
                int row = i;
                assertThat(IntStream.range(0, neighbours.count()).map(place -> neighbours.row(row, place)))
                        .as("row %d", i)
                        .containsExactly(Arrays.stream(expected[i]).boxed().toArray(Integer[]::new));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachRoundOfTheJointAnswersIsTheSame(String key) throws IOException {
        try (GoldenMethods golden = open("joint")) {
            Case c = Case.of(golden, key);
            try (JointModel model = new JointModel(
                    c.pool.units(), c.pool.neighbours(), c.logits(), golden.matrix("text"), c.labelled(), c.known())) {
                assertDecided(golden.of(key).get("decided"), model.decided);
                FeatureMatrix sharp = model.probabilities();
                float[] expected = golden.floats("joint." + key + ".sharp"); // before labels are known
                c.known().forEach((row, label) -> {
                    Arrays.fill(expected, row * sharp.width(), (row + 1) * sharp.width(), 0);
                    expected[row * sharp.width() + label] = 1;
                });
                golden.assertClose(key, "sharp", sharp.toArray(), expected);
                c.assertClose("start_means", floats(model.startMeans));
                for (int round = 1; round <= 2; round++) {
                    model.round();
                    c.assertClose("means." + round, floats(model.means));
                    int width = c.pool.units().width();
                    double[] covariance = model.covariance;
                    c.assertClose(
                            "covariance_diagonal." + round,
                            floats(IntStream.range(0, width)
                                    .mapToDouble(d -> covariance[d * width + d])
                                    .toArray()));
                    if (round == 1) {
                        assertGaussians(c, model, sharp);
                    }
                    GoldenMethods.assertWithin(
                            "z." + round,
                            golden.floats("joint." + key + ".z." + round),
                            model.probabilities().toArray(),
                            1e-4);
                }
            }
        }
    }

    private static void assertDecided(JsonNode expected, Decided actual) {
        Map<String, Double> all = Map.of(
                "gain", actual.gain(),
                "agreement", actual.agreement(),
                "effective_classes", actual.effectiveClasses(),
                "pull", actual.pull(),
                "shrinkage", actual.shrinkage(),
                "gauss", actual.gauss(),
                "prior", actual.prior(),
                "scale", actual.scale());
        Set<String> names =
                expected.properties().stream().map(Map.Entry::getKey).collect(Collectors.toSet());
        assertThat(all.keySet()).isEqualTo(names);
        all.forEach((name, value) -> {
            double wanted = expected.get(name).asDouble();
            assertThat(value).as(name).isCloseTo(wanted, within(1e-4 * Math.abs(wanted)));
        });
    }

    /** L of the first round, from b = ln p + γ L + prior · ln((N + 1) / (n + K)). */
    private static void assertGaussians(Case c, JointModel model, FeatureMatrix sharp) throws IOException {
        float[] expected = c.golden.floats("joint." + c.key + ".gauss.1");
        float[] actual = new float[expected.length];
        double largest = 0;
        for (int k = 0; k < sharp.width(); k++) {
            double count = 0;
            for (int i = 0; i < sharp.rows(); i++) {
                count += sharp.get(i, k);
            }
            double prior = model.decided.prior() * Math.log((count + 1) / (sharp.rows() + sharp.width()));
            for (int i = 0; i < sharp.rows(); i++) {
                int at = i * sharp.width() + k;
                double p = Math.log(Math.max(sharp.get(i, k), 1e-30));
                actual[at] = (float) ((model.base[at] - p - prior) / model.decided.gauss());
                largest = Math.max(largest, Math.abs(expected[at]));
            }
        }
        GoldenMethods.assertWithin("gauss.1", expected, actual, 1e-5 * largest);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void answersConfidencesAndStrangersAreTheSame(String key) throws IOException {
        try (GoldenMethods golden = open("joint")) {
            Case c = Case.of(golden, key);
            Evidence evidence = Evidence.of(c.logits())
                    .texts(golden.matrix("text"))
                    .labelled(c.labelled())
                    .known(c.known());
            Answers answers = c.pool.joint(evidence, Progress.NONE);
            assertThat(answers.joint()).isTrue();
            assertThat(answers.labels()).isEqualTo(golden.ints("joint." + key + ".answers"));
            c.assertWithin("confidence", answers.confidences(), 1e-4);
            double scale = golden.of(key).get("scale").asDouble();
            c.assertClose("ownness", floats(c.pool.ownness(c.logits(), scale)));
            int[] labels = golden.ints("labels");
            int[] rows = golden.ints("joint." + key + ".rows");
            assertAccuracy(golden.of(key).get("accuracy"), answers.labels(), labels, rows);
            assertAccuracy(golden.of(key).get("accuracy_one_by_one"), answers.alone(), labels, rows);
        }
    }

    private static void assertAccuracy(JsonNode expected, int[] answers, int[] labels, int[] rows) {
        int[] own = IntStream.range(0, rows.length)
                .filter(i -> labels[rows[i]] >= 0)
                .toArray();
        long right =
                IntStream.of(own).filter(i -> answers[i] == labels[rows[i]]).count();
        assertThat(100.0 * right / own.length).isCloseTo(expected.asDouble(), within(1e-9));
    }

    static List<String> questions() throws IOException {
        try (GoldenMethods golden = open("label_next")) {
            return golden.cases();
        }
    }

    @ParameterizedTest
    @MethodSource("questions")
    void whatToLabelNextIsTheSame(String key) throws IOException {
        try (GoldenMethods golden = open("label_next");
                GoldenMethods joint = open("joint")) {
            Case c = Case.of(joint, "strangers");
            double scale = golden.of(key).get("scale").asDouble();
            Map<Integer, Integer> answered = Pool.labels(golden.ints(key + ".rows"), golden.ints(key + ".labels"));
            LabelNext next = new LabelNext(c.pool, c.logits(), scale, answered);
            assertThat(next.base).isCloseTo(golden.of(key).get("base_cosine").asDouble(), within(1e-6));
            golden.assertClose(key, "weight", floats(next.weights));
            golden.assertClose(
                    key,
                    "gain",
                    floats(IntStream.range(0, c.pool.size())
                            .mapToDouble(i -> next.isAnswered(i) ? -1 : next.gain(i))
                            .toArray()));
            assertThat(IntStream.of(next.have).mapToDouble(have -> have).toArray())
                    .isEqualTo(IntStream.range(0, next.have.length)
                            .mapToDouble(k -> have(golden, key)[k])
                            .toArray());
            int count = golden.of(key).get("count").asInt();
            assertThat(c.pool.next(c.logits(), scale, answered, count).stream()
                            .mapToInt(Question::row)
                            .toArray())
                    .isEqualTo(golden.ints(key + ".next"));
        }
    }

    private static float[] have(GoldenMethods golden, String key) {
        try {
            return golden.floats(key + ".have");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void thresholdsAreTestedInOrderUntilOneFails() throws IOException {
        JsonNode json = GoldenMethods.read("/golden/pool/acceptance.json");
        for (JsonNode list : json.get("acceptance")) {
            String key = list.get("key").asText();
            double[] confidences = doubles(list.get("pool"));
            int[] drawn = GoldenMethods.ints(list.get("drawn"));
            boolean[] right = new boolean[drawn.length];
            for (int i = 0; i < right.length; i++) {
                right[i] = list.get("right").get(i).asInt() == 1;
            }
            Acceptance acceptance = Acceptance.of(
                    confidences,
                    drawn,
                    right,
                    list.get("error").asDouble(),
                    list.get("delta").asDouble());
            JsonNode lowest = list.get("lowest_accepted");
            assertThat(acceptance.lowest().isPresent()).as(key).isEqualTo(!lowest.isNull());
            double least =
                    Arrays.stream(confidences).filter(acceptance::accepts).min().orElse(-1);
            assertThat(least).as(key).isEqualTo(lowest.asDouble(-1));
            assertThat(acceptance.tests()).as(key).hasSize(list.get("tests").size());
            for (int i = 0; i < acceptance.tests().size(); i++) {
                Acceptance.Test ours = acceptance.tests().get(i);
                JsonNode theirs = list.get("tests").get(i);
                assertThat(ours.threshold())
                        .as(key)
                        .isEqualTo(theirs.get("threshold").asDouble());
                assertThat(ours.pictures())
                        .as(key)
                        .isEqualTo(theirs.get("pictures").asInt());
                assertThat(ours.wrong()).as(key).isEqualTo(theirs.get("wrong").asInt());
                double p = theirs.get("p").asDouble();
                assertThat(ours.p()).as(key).isCloseTo(p, within(1e-9 * p));
                assertThat(ours.passes()).as(key).isEqualTo(theirs.get("passes").asBoolean());
            }
        }
        for (JsonNode tail : json.get("binomial")) {
            double expected = tail.get("log_cdf").asDouble();
            assertThat(Acceptance.logCumulative(
                            tail.get("k").asInt(),
                            tail.get("n").asInt(),
                            tail.get("p").asDouble()))
                    .isCloseTo(expected, within(1e-9 * Math.abs(expected) + 1e-12));
        }
    }

    private static double[] doubles(JsonNode array) {
        return IntStream.range(0, array.size())
                .mapToDouble(i -> array.get(i).asDouble())
                .toArray();
    }

    @Test
    void setsHaveTheClassesAboveTheLevel() throws IOException {
        try (GoldenMethods golden = GoldenMethods.open("pool", "sets");
                GoldenMethods joint = open("joint")) {
            FeatureMatrix u = golden.matrix("probabilities");
            int[] labels = joint.ints("labels");
            int[] rows = joint.ints("joint.all_classes.rows");
            int[] calibration = golden.ints("calibration");
            int[] rest = golden.ints("rest");
            Map<Integer, Integer> checked = Pool.labels(
                    calibration,
                    IntStream.of(calibration).map(i -> labels[rows[i]]).toArray());
            for (JsonNode one : golden.json().get("sets")) {
                AnswerSets sets = AnswerSets.of(u, checked, one.get("alpha").asDouble());
                assertThat(sets.level()).isCloseTo(one.get("level").asDouble(), within(1e-6));
                int[][] expected = golden.rows("sets." + one.get("alpha").asText());
                for (int i = 0; i < rest.length; i++) {
                    int[] set = sets.of(rest[i]);
                    for (int k = 0; k < u.width(); k++) {
                        int label = k;
                        if (Math.abs(u.get(rest[i], k) - sets.level()) > 1e-5) {
                            assertThat(IntStream.of(set).anyMatch(l -> l == label))
                                    .isEqualTo(expected[i][k] == 1);
                        }
                    }
                }
            }
            double[] p = Pool.strangers(doubles(golden.floats("ownness")), golden.ints("stranger_calibration"));
            GoldenMethods.assertWithin("p", golden.floats("stranger_p"), floats(p), 1e-6);
        }
    }

    private static double[] doubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }

    @Test
    void searchesRankAsTheFileDoes() throws IOException {
        try (GoldenMethods golden = open("search_map");
                GoldenMethods joint = open("joint")) {
            Pool pool = Pool.of(joint.matrix("pool"), Progress.NONE);
            JsonNode json = golden.json();
            float[] text = joint.matrix("text").row(json.get("text_row").asInt());
            assertRanked(golden, "text", pool.search().words(text, null));
            for (Map.Entry<String, JsonNode> query : json.get("queries").properties()) {
                assertRanked(
                        golden,
                        "like." + query.getKey(),
                        pool.search()
                                .like(
                                        GoldenMethods.ints(query.getValue().get("like")),
                                        GoldenMethods.ints(query.getValue().get("not_like"))));
            }
        }
    }

    private static void assertRanked(GoldenMethods golden, String name, double[] scores) throws IOException {
        float[] expected = golden.floats(golden.has(name + ".scores") ? name + ".scores" : name);
        GoldenMethods.assertWithin(name, expected, floats(scores), 1e-5);
        int[] order = Search.best(scores, scores.length);
        int[] wanted = golden.ints(name + ".order");
        for (int i = 0; i < order.length; i++) {
            assertThat(scores[order[i]]).as("%s, place %d", name, i).isCloseTo(scores[wanted[i]], within(1e-6));
        }
    }

    @Test
    void theMapTakesTheSameSteps() throws IOException {
        try (GoldenMethods golden = open("search_map");
                GoldenMethods joint = open("joint")) {
            JsonNode json = golden.json().get("map");
            FeatureMatrix units = Pool.of(joint.matrix("pool"), Progress.NONE).units();
            Neighbours neighbours = Neighbours.of(units, PoolMap.NEIGHBOURS, Progress.NONE);
            PoolMap map = new PoolMap(units, neighbours, json.get("seed").asLong());
            GoldenMethods.assertWithin("bandwidth", golden.floats("map.bandwidth"), floats(map.bandwidths), 1e-6);
            assertThat(Arrays.stream(map.others).flatMapToInt(Arrays::stream).toArray())
                    .isEqualTo(golden.ints("map.column"));
            GoldenMethods.assertWithin(
                    "weight",
                    golden.floats("map.weight"),
                    floats(Arrays.stream(map.weights)
                            .flatMapToDouble(Arrays::stream)
                            .toArray()),
                    1e-5);
            assertPlaces(golden, "start", map, 1e-4);
            for (int epoch = 0; epoch < PoolMap.EPOCHS; epoch++) {
                map.epoch(epoch);
                if (golden.has("map.epoch" + (epoch + 1))) {
                    assertPlaces(golden, "epoch" + (epoch + 1), map, 1e-3);
                }
            }
            assertThat(kept(neighbours, map))
                    .isGreaterThan(json.get("neighbours_kept").get("end").asDouble() - 3);
            json.get("mix").properties().forEach(one -> assertThat(
                            Long.toUnsignedString(PoolMap.mix(Long.parseUnsignedLong(one.getKey()))))
                    .isEqualTo(one.getValue().asText()));
            int[] negatives = GoldenMethods.ints(json.get("first_negatives"));
            for (int i = 0; i < negatives.length; i++) {
                assertThat(PoolMap.negative(json.get("seed").asLong(), 0, 0, i, units.rows()))
                        .isEqualTo(negatives[i]);
            }
        }
    }

    private static void assertPlaces(GoldenMethods golden, String name, PoolMap map, double tolerance)
            throws IOException {
        float[] places = new float[2 * map.x.length];
        for (int i = 0; i < map.x.length; i++) {
            places[2 * i] = (float) map.x[i];
            places[2 * i + 1] = (float) map.y[i];
        }
        GoldenMethods.assertWithin(name, golden.floats("map." + name), places, tolerance);
    }

    /** Returns the mean share of the ten nearest pictures that are among the ten nearest on the map, in percent. */
    private static double kept(Neighbours neighbours, PoolMap map) {
        int n = map.x.length;
        long kept = 0;
        for (int i = 0; i < n; i++) {
            int row = i;
            Set<Integer> near = IntStream.range(0, n)
                    .filter(j -> j != row)
                    .boxed()
                    .sorted((a, b) -> Double.compare(distance(map, row, a), distance(map, row, b)))
                    .limit(10)
                    .collect(Collectors.toSet());
            kept += IntStream.range(0, 10)
                    .filter(place -> near.contains(neighbours.row(row, place)))
                    .count();
        }
        return 100.0 * kept / (10.0 * n);
    }

    private static double distance(PoolMap map, int i, int j) {
        return Math.hypot(map.x[i] - map.x[j], map.y[i] - map.y[j]);
    }
}
