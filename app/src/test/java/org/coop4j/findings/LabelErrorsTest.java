package org.coop4j.findings;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.Scores;
import org.coop4j.findings.LabelErrors.Suspect;
import org.coop4j.findings.RunComparison.Located;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logits of made-up classifiers of four classes: noise, and a larger one for the true class. */
class LabelErrorsTest {

    private static final int CLASSES = 4;
    private static final int IMAGES = 200;

    /** Labels, of which the first few are wrong, and logits that are higher for the true class. */
    private static LabelErrors of(int images, int wrong, double strength, long seed) {
        Random random = new Random(seed);
        int[] labels = new int[images];
        float[][] logits = new float[images][CLASSES];
        List<Located> pictures = new ArrayList<>();
        for (int i = 0; i < images; i++) {
            int truth = random.nextInt(CLASSES);
            labels[i] = i < wrong ? (truth + 1) % CLASSES : truth;
            for (int c = 0; c < CLASSES; c++) {
                logits[i][c] = (float) (random.nextGaussian() + (c == truth ? strength : 0));
            }
            pictures.add(new Located(new LabelledImage(Path.of(i + ".jpg"), labels[i], "c" + labels[i]), "", "test"));
        }
        return LabelErrors.of(pictures, new Scores(labels, logits));
    }

    private static boolean isWrong(Suspect suspect, int wrong) {
        String name = suspect.picture().image().path().toString();
        return Integer.parseInt(name.replace(".jpg", "")) < wrong;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void anAccurateClassifierFindsWrongLabelsAndFewOthers(long seed) {
        int wrong = 10;
        LabelErrors found = of(IMAGES, wrong, 8, seed);
        long right = found.suspects().stream().filter(s -> isWrong(s, wrong)).count();
        assertThat(right).isGreaterThanOrEqualTo(9);
        assertThat(found.suspects().size() - right).isLessThanOrEqualTo(1);
        assertThat(found.significant()).isTrue();
        assertThat(found.expected()).isLessThan(1);
        assertThat(found.suspects()).allMatch(s -> s.probability() > s.own());
        assertThat(found.suspects().get(0).own())
                .isLessThanOrEqualTo(
                        found.suspects().get(found.suspects().size() - 1).own() + 1e-3);
    }

    /** A third of its predictions are wrong, and all labels are right. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void theMostSuspectOfAWeakClassifierMayBeChance(long seed) {
        LabelErrors found = of(IMAGES, 0, 1.5, seed);
        assertThat(found.significant()).isFalse();
        assertThat(found.suspects()).hasSize(10);
        assertThat(found.expected()).isGreaterThan(5);
    }

    @Test
    void aFewFalseAlarmsAtMostWhereAllLabelsAreRight() {
        int alarms = 0;
        for (long seed = 1; seed <= 40; seed++) {
            LabelErrors found = of(IMAGES, 0, 3.5, seed);
            alarms += found.significant() ? found.suspects().size() : 0;
        }
        assertThat(alarms).isLessThanOrEqualTo(8);
    }

    @Test
    void suspectsThatMayBeChanceAreAtMostTheTwentiethPart() {
        assertThat(of(40, 0, 1.5, 1).suspects()).hasSize(2);
    }

    @Test
    void nothingIsSuspectWhereEverythingIsRightOrThereIsTooLittle() {
        assertThat(of(IMAGES, 0, 30, 1).suspects()).isEmpty();
        LabelErrors few = of(19, 5, 30, 1);
        assertThat(few.suspects()).isEmpty();
        assertThat(few.expected()).isNaN();
    }
}
