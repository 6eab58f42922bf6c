package org.coop4j.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.pool.Pool.Answers;
import org.coop4j.pool.Pool.Evidence;
import org.coop4j.pool.Pool.Question;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds for every pool, and what a pool refuses. */
class PoolTest {

    private static final int CLASSES = 6;
    private static final int WIDTH = 32;
    private static final double SCALE = 30;

    /** Pictures around a centre per class; the texts point only partly to the centres. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Drawn(FeatureMatrix units, FeatureMatrix texts, int[] labels) {

        static Drawn of(int n, long seed) {
            Random random = new Random(seed);
            float[] centres = values(random, CLASSES * WIDTH, 1);
            int[] labels = random.ints(n, 0, CLASSES).toArray();
            float[] features = values(random, n * WIDTH, 1.2f);
            for (int i = 0; i < features.length; i++) {
                features[i] += centres[labels[i / WIDTH] * WIDTH + i % WIDTH] + 1;
            }
            float[] texts = values(random, centres.length, 1.5f);
            for (int i = 0; i < texts.length; i++) {
                texts[i] += centres[i];
            }
            return new Drawn(
                    FeatureMatrix.of(n, WIDTH, features).normalized(),
                    FeatureMatrix.of(CLASSES, WIDTH, texts).normalized(),
                    labels);
        }

        private static float[] values(Random random, int count, float sd) {
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                values[i] = sd * (float) random.nextGaussian();
            }
            return values;
        }

        Pool pool() {
            return Pool.of(units, Progress.NONE);
        }

        FeatureMatrix logits() {
            return units.products(texts).times(SCALE);
        }

        Evidence evidence() {
            return Evidence.of(logits()).texts(texts);
        }

        double accuracy(int[] answers) {
            return (double) right(answers) / labels.length;
        }

        private long right(int[] answers) {
            return IntStream.range(0, labels.length)
                    .filter(i -> answers[i] == labels[i])
                    .count();
        }
    }

    private static int[] rows(List<Question> questions) {
        return questions.stream().mapToInt(Question::row).toArray();
    }

    @Test
    void jointAnswersAreBetterWhereThePoolHasTheClasses() {
        Drawn drawn = Drawn.of(600, 1);
        Answers answers = drawn.pool().joint(drawn.evidence(), Progress.NONE);
        assertThat(drawn.accuracy(answers.labels())).isGreaterThan(drawn.accuracy(answers.alone()) + 0.05);
        assertThat(answers.changed()).isEqualTo((int) IntStream.range(0, 600)
                .filter(i -> answers.labels()[i] != answers.alone()[i])
                .count());
    }

    /** Everything that a pool computes. */
    private static List<Object> everything(Drawn drawn) {
        Pool pool = drawn.pool();
        Answers answers = pool.joint(drawn.evidence(), Progress.NONE);
        double[][] map = pool.map(3, Progress.NONE);
        return List.of(
                answers.probabilities().toArray(),
                answers.confidences(),
                pool.ownness(drawn.logits(), SCALE),
                pool.next(drawn.logits(), SCALE, Map.of(), 40),
                pool.search().like(new int[] {1, 2}, new int[] {3}),
                map[0],
                map[1]);
    }

    @Test
    void theNumberOfThreadsChangesNoBit() throws Exception {
        Drawn drawn = Drawn.of(1_500, 2);
        List<Object> several = everything(drawn);
        ForkJoinPool one = new ForkJoinPool(1);
        try {
            List<Object> alone = one.submit(() -> everything(drawn)).get();
            for (int i = 0; i < several.size(); i++) {
                assertThat(alone.get(i)).isEqualTo(several.get(i));
            }
        } finally {
            one.shutdown();
        }
    }

    @Test
    void aPoolThatGrowsHasTheNeighboursOfTheWhole() {
        Drawn drawn = Drawn.of(900, 3);
        for (int first : new int[] {1, 5, 9, 256, 700}) {
            int[] before = IntStream.range(0, first).toArray();
            int[] after = IntStream.range(first, 900).toArray();
            Pool grown = Pool.of(drawn.units.rows(before), Progress.NONE).with(drawn.units.rows(after), Progress.NONE);
            Pool whole = drawn.pool();
            for (int i = 0; i < 900; i++) {
                for (int place = 0; place < Pool.NEIGHBOURS; place++) {
                    assertThat(grown.neighbours().row(i, place))
                            .as("neighbour %d of %d, %d at first", place, i, first)
                            .isEqualTo(whole.neighbours().row(i, place));
                }
            }
        }
    }

    /** Counts the pictures that are compared. */
    private static final class Compared implements Progress {
        private long pictures;

        @Override
        public Task task(String name, long total, Unit unit) {
            pictures += total;
            return Progress.NONE.task(name, total, unit);
        }
    }

    private static void assertSame(Pool found, Pool expected) {
        for (int i = 0; i < expected.size(); i++) {
            for (int place = 0; place < Pool.NEIGHBOURS; place++) {
                assertThat(found.neighbours().row(i, place))
                        .isEqualTo(expected.neighbours().row(i, place));
                assertThat(found.neighbours().cosine(i, place))
                        .isEqualTo(expected.neighbours().cosine(i, place));
            }
        }
    }

    @Test
    void neighboursAreKeptAndThoseOfAChangedPoolAreThoseOfTheWhole(@TempDir Path folder) throws IOException {
        Drawn drawn = Drawn.of(1_300, 12);
        float[] features = drawn.units.toArray();
        for (int copy = 0; copy < 12; copy++) { // equal features, of which the lowest rows are the nearest
            System.arraycopy(features, 5 * WIDTH, features, (100 * copy + 7) * WIDTH, WIDTH);
        }
        FeatureMatrix all = FeatureMatrix.of(1_300, WIDTH, features);
        Path file = folder.resolve("bank/neighbours");
        int[] first = IntStream.range(0, 1_300).filter(i -> i % 7 != 3).toArray();
        Pool.of(all.rows(first), file, Progress.NONE);
        List<int[]> changed = List.of(
                first,
                IntStream.range(0, 1_300).toArray(), // more, between the others
                IntStream.range(0, 1_300).filter(i -> i % 11 != 4).toArray(), // fewer
                IntStream.range(0, 1_300).map(i -> 1_299 - i).toArray()); // in another order
        for (int[] rows : changed) {
            Compared compared = new Compared();
            assertSame(Pool.of(all.rows(rows), file, compared), Pool.of(all.rows(rows), Progress.NONE));
            assertThat(compared.pictures > 0).isEqualTo(rows != first);
            Compared again = new Compared();
            assertSame(Pool.of(all.rows(rows), file, again), Pool.of(all.rows(rows), Progress.NONE));
            assertThat(again.pictures).isZero();
        }
    }

    @Test
    void aDamagedFileOfNeighboursIsMadeAgain(@TempDir Path folder) throws IOException {
        Drawn drawn = Drawn.of(1_000, 13);
        Path file = folder.resolve("neighbours");
        Pool.of(drawn.units, file, Progress.NONE);
        byte[] kept = Files.readAllBytes(file);
        for (int at : new int[] {kept.length - 3, kept.length / 2, 3}) {
            byte[] damaged = kept.clone();
            damaged[at] ^= 0x20;
            Files.write(file, damaged);
            assertSame(Pool.of(drawn.units, file, Progress.NONE), drawn.pool());
            assertThat(Files.readAllBytes(file)).isEqualTo(kept);
        }
        Files.write(file, Arrays.copyOf(kept, 1_000));
        assertSame(Pool.of(drawn.units, file, Progress.NONE), drawn.pool());
    }

    @Test
    void aThousandEqualPicturesHaveTheLowestRowsAsNeighbours() {
        float[] same = new float[1_000 * WIDTH];
        Arrays.fill(same, 0.3f);
        Pool pool = Pool.of(FeatureMatrix.of(1_000, WIDTH, same), Progress.NONE);
        assertThat(IntStream.range(0, Pool.NEIGHBOURS)
                        .map(place -> pool.neighbours().row(500, place)))
                .containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
        assertThat(IntStream.range(0, Pool.NEIGHBOURS)
                        .map(place -> pool.neighbours().row(2, place)))
                .containsExactly(0, 1, 3, 4, 5, 6, 7, 8);
        FeatureMatrix logits = FeatureMatrix.of(1_000, 2, new float[2_000]);
        Answers answers = pool.joint(Evidence.of(logits), Progress.NONE);
        assertThat(answers.labels()).containsOnly(0);
        assertThat(rows(pool.next(logits, 1, Map.of(), 3))).hasSize(3).doesNotHaveDuplicates();
        assertThat(pool.map(1, Progress.NONE)[0]).doesNotContain(Double.NaN);
    }

    @Test
    void knownPicturesKeepTheirLabelsAndAllKnownIsAllowed() {
        Drawn drawn = Drawn.of(100, 4);
        int[] rows = IntStream.range(0, 100).toArray();
        int[] wrong =
                IntStream.of(drawn.labels).map(label -> (label + 1) % CLASSES).toArray();
        assertThat(drawn.pool()
                        .joint(drawn.evidence().known(Pool.labels(rows, wrong)), Progress.NONE)
                        .labels())
                .isEqualTo(wrong);
    }

    @Test
    void checkedPicturesDecideAgainstJointAnswersThatLose() {
        Drawn drawn = Drawn.of(300, 5);
        Answers joint = drawn.pool().joint(drawn.evidence(), Progress.NONE);
        int[] changed = IntStream.range(0, 300)
                .filter(i -> joint.labels()[i] != joint.alone()[i])
                .toArray();
        // Those who checked say that the answers one by one were right.
        Map<Integer, Integer> checked = new HashMap<>();
        IntStream.of(changed).forEach(i -> checked.put(i, joint.alone()[i]));
        IntStream.range(0, 300).limit(30).forEach(i -> checked.putIfAbsent(i, joint.labels()[i]));
        assertThat(drawn.pool()
                        .joint(drawn.evidence().checked(checked), Progress.NONE)
                        .joint())
                .isFalse();
        Map<Integer, Integer> few = new HashMap<>();
        IntStream.of(changed).limit(29).forEach(i -> few.put(i, joint.alone()[i]));
        assertThat(drawn.pool()
                        .joint(drawn.evidence().checked(few), Progress.NONE)
                        .joint())
                .isTrue();
        Map<Integer, Integer> right = new HashMap<>();
        IntStream.range(0, 60).forEach(i -> right.put(i, drawn.labels[i]));
        assertThat(drawn.pool()
                        .joint(drawn.evidence().checked(right), Progress.NONE)
                        .joint())
                .isTrue();
    }

    @Test
    void smallPoolsAreAnsweredOneByOne() {
        Drawn one = Drawn.of(1, 6);
        Answers alone = one.pool().joint(one.evidence(), Progress.NONE);
        assertThat(alone.joint()).isFalse();
        assertThat(alone.labels()).isEqualTo(alone.alone());
        assertThat(rows(one.pool().next(one.logits(), SCALE, Map.of(), 12))).containsExactly(0);
        assertThat(one.pool().map(1, Progress.NONE)[0]).hasSize(1).doesNotContain(Double.NaN);
        Drawn fifteen = Drawn.of(15, 6);
        assertThat(fifteen.pool().joint(fifteen.evidence(), Progress.NONE).joint())
                .isFalse();
        FeatureMatrix single = FeatureMatrix.of(15, 1, new float[15]);
        assertThat(fifteen.pool().joint(Evidence.of(single), Progress.NONE).labels())
                .containsOnly(0);
    }

    @Test
    void aMaskedClassIsNeverTheAnswer() {
        Drawn drawn = Drawn.of(200, 7);
        float[] logits = drawn.logits().toArray();
        for (int i = 0; i < logits.length; i += CLASSES) {
            logits[i + 2] = Float.NEGATIVE_INFINITY;
        }
        FeatureMatrix masked = FeatureMatrix.of(200, CLASSES, logits);
        Pool pool = drawn.pool();
        assertThat(pool.joint(Evidence.of(masked).texts(drawn.texts), Progress.NONE)
                        .labels())
                .doesNotContain(2);
        assertThat(pool.ownness(masked, SCALE)).doesNotContain(Double.NaN).doesNotContain(Double.POSITIVE_INFINITY);
    }

    @Test
    void moreClassesThanPicturesAreAllowed() {
        FeatureMatrix units = Drawn.of(20, 8).units;
        FeatureMatrix logits = FeatureMatrix.of(20, 50, Drawn.values(new Random(1), 1_000, 3));
        assertThat(Pool.of(units, Progress.NONE)
                        .joint(Evidence.of(logits), Progress.NONE)
                        .labels())
                .hasSize(20);
    }

    @Test
    void aLabelThatAllLabelledNeighboursContradictIsFound() {
        FeatureMatrix units = Drawn.of(300, 5).units;
        Pool pool = Pool.of(units, Progress.NONE);
        Map<Integer, Integer> labels = new HashMap<>(Map.of(7, 0));
        for (int place = 0; place < 4; place++) {
            assertThat(pool.neighbours().contradicted(labels)).isEmpty(); // of fewer than four
            labels.put(pool.neighbours().row(7, place), place == 2 ? 2 : 1);
        }
        assertThat(pool.neighbours().contradicted(labels).get(7)).isEqualTo(1);
        labels.put(pool.neighbours().row(7, 4), 0);
        assertThat(pool.neighbours().contradicted(labels)).doesNotContainKey(7);
    }

    @Test
    void aMapOfAPartIsThatOfAPoolOfIt() {
        FeatureMatrix units = Drawn.of(100, 6).units;
        int[] rows = IntStream.range(0, 50).map(i -> 2 * i).toArray();
        assertThat(Pool.of(units, Progress.NONE).map(rows, 4, Progress.NONE))
                .isDeepEqualTo(Pool.of(units.rows(rows), Progress.NONE).map(4, Progress.NONE));
    }

    @Test
    void nextAsksForAllThatAreFreeAndForNoneTwice() {
        Drawn drawn = Drawn.of(50, 9);
        assertThat(rows(drawn.pool().next(drawn.logits(), SCALE, Map.of(3, 0, 4, -1), 1_000)))
                .hasSize(48)
                .doesNotHaveDuplicates()
                .doesNotContain(3, 4);
    }

    @Test
    void badInputIsNamed() {
        Drawn drawn = Drawn.of(40, 10);
        Pool pool = drawn.pool();
        float[] zero = drawn.units.toArray();
        Arrays.fill(zero, 2 * WIDTH, 3 * WIDTH, 0);
        zero[5 * WIDTH] = Float.NaN;
        FeatureMatrix broken = FeatureMatrix.of(40, WIDTH, zero);
        assertThrown(() -> Pool.of(broken, Progress.NONE), "row 2 of the features is zero or not finite");
        assertThat(Pool.usable(broken)).hasSize(38).doesNotContain(2, 5);
        assertThrown(() -> Pool.of(FeatureMatrix.of(0, WIDTH, new float[0]), Progress.NONE), "got none");
        assertThrown(
                () -> pool.joint(drawn.evidence().known(Map.of(40, 1)), Progress.NONE),
                "row 40: the pool has rows 0 to 39");
        assertThrown(
                () -> pool.joint(drawn.evidence().known(Map.of(4, 6)), Progress.NONE),
                "row 4: expected a label from 0 to 5, got 6");
        assertThrown(
                () -> pool.joint(drawn.evidence().known(Map.of(4, 1)).checked(Map.of(4, 1)), Progress.NONE),
                "row 4 is known");
        assertThrown(() -> Pool.labels(new int[] {1, 1}, new int[] {0, 2}), "row 1 has two labels");
        assertThrown(
                () -> pool.joint(drawn.evidence().texts(FeatureMatrix.of(6, 8, new float[48])), Progress.NONE),
                "expected texts of 6 classes of width 32, got 6 of width 8");
        float[] nan = drawn.logits().toArray();
        nan[7 * CLASSES + 1] = Float.NaN;
        assertThrown(
                () -> pool.joint(Evidence.of(FeatureMatrix.of(40, CLASSES, nan)), Progress.NONE),
                "the logits of row 7 have no largest one");
        assertThrown(() -> pool.with(FeatureMatrix.of(1, 2, new float[] {1, 0}), Progress.NONE), "width 32, got 2");
    }

    /** The promise: in at most a share δ of draws, more than a share ε of what is accepted is wrong. */
    @Test
    void acceptanceBreaksItsPromiseNoMoreOftenThanItSays() {
        Random random = new Random(11);
        int n = 2_000;
        double[] confidences = random.doubles(n).toArray();
        boolean[] right = new boolean[n];
        for (int i = 0; i < n; i++) {
            right[i] = random.nextDouble() < 0.7 + 0.3 * confidences[i];
        }
        int broken = 0;
        int accepting = 0;
        int draws = 400;
        for (int draw = 0; draw < draws; draw++) {
            Set<Integer> rows = new HashSet<>();
            while (rows.size() < 200) {
                rows.add(random.nextInt(n));
            }
            int[] drawn = rows.stream().mapToInt(Integer::intValue).toArray();
            boolean[] checked = new boolean[drawn.length];
            for (int i = 0; i < checked.length; i++) {
                checked[i] = right[drawn[i]];
            }
            Acceptance acceptance = Acceptance.of(confidences, drawn, checked, 0.1, 0.05);
            int[] accepted = IntStream.range(0, n)
                    .filter(i -> acceptance.accepts(confidences[i]))
                    .toArray();
            long wrong = IntStream.of(accepted).filter(i -> !right[i]).count();
            broken += wrong > 0.1 * accepted.length ? 1 : 0;
            accepting += accepted.length > 0 ? 1 : 0;
        }
        assertThat(accepting).isGreaterThan(draws / 2);
        assertThat(broken).isLessThanOrEqualTo(draws / 20);
    }

    @Test
    void fewerCheckedPicturesThanNeededAcceptNothing() {
        assertThat(Acceptance.fewest(0.1, 0.05)).isEqualTo(29);
        assertThat(Acceptance.fewest(0.05, 0.05)).isEqualTo(59);
        assertThat(Acceptance.fewest(0.02, 0.05)).isEqualTo(149);
        double[] confidences = new Random(1).doubles(500).toArray();
        int[] drawn = IntStream.range(0, 28).toArray();
        boolean[] right = new boolean[28];
        Arrays.fill(right, true);
        assertThat(Acceptance.of(confidences, drawn, right, 0.1, 0.05).lowest()).isEmpty();
        assertThrown(() -> Acceptance.of(confidences, drawn, right, 0, 0.05), "error");
    }

    @Test
    void setsCoverThePromisedShareOnAverage() {
        double covered = 0;
        int draws = 40;
        for (int draw = 0; draw < draws; draw++) {
            Drawn drawn = Drawn.of(300, 100 + draw);
            FeatureMatrix u =
                    drawn.pool().joint(drawn.evidence(), Progress.NONE).probabilities();
            Map<Integer, Integer> checked = new HashMap<>();
            IntStream.range(0, 60).forEach(i -> checked.put(i, drawn.labels[i]));
            AnswerSets sets = AnswerSets.of(u, checked, 0.1);
            covered += IntStream.range(60, 300)
                    .mapToDouble(i -> IntStream.of(sets.of(i)).anyMatch(k -> k == drawn.labels[i]) ? 1 : 0)
                    .average()
                    .orElseThrow();
        }
        assertThat(covered / draws).isBetween(0.88, 1.0);
        Drawn few = Drawn.of(30, 1);
        assertThat(AnswerSets.of(few.logits(), Map.of(1, 2), 0.1).level()).isZero();
    }
}
