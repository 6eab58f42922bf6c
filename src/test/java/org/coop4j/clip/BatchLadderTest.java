package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchLadderTest {

    private final List<String> made = new ArrayList<>();
    private final List<String> ran = new ArrayList<>();
    private final List<Integer> asked = new ArrayList<>();

    /** Says what happens to a plan. */
    private record Plan(int size, List<String> ran) implements ImageBatches {

        @Override
        public void run(FloatBuffer pixels, int from, float[][] features) {
            ran.add(features.length + " from " + from + " of " + size);
        }

        @Override
        public void close() {
            ran.add("closed " + size);
        }
    }

    /** Of 12 images at most, with no plan for two. */
    private BatchLadder ladder() {
        return new BatchLadder(
                12,
                size -> {
                    made.add("plan of " + size);
                    return new Plan(size, ran);
                },
                size -> {
                    asked.add(size);
                    return size != 2;
                });
    }

    private void run(ImageBatches batches, int... counts) {
        for (int count : counts) {
            batches.run(FloatBuffer.allocate(0), 7, new float[count][]);
        }
    }

    @Test
    void imagesTakeTheSmallestPlanThatMayBeUsed() {
        run(ladder(), 1, 2, 3, 4, 5, 8, 9, 12);
        assertThat(ran)
                .containsExactly(
                        "1 from 7 of 1",
                        "2 from 7 of 4",
                        "3 from 7 of 4",
                        "4 from 7 of 4",
                        "5 from 7 of 8",
                        "8 from 7 of 8",
                        "9 from 7 of 12",
                        "12 from 7 of 12");
        assertThat(asked).as("each once, the full one never").containsExactly(1, 2, 4, 8);
        assertThat(made).containsExactly("plan of 1", "plan of 4", "plan of 8", "plan of 12");
    }

    @Test
    void plansAreMadeWhenTheyAreNeededAndClosed() {
        BatchLadder ladder = ladder();
        assertThat(made).isEmpty();
        run(ladder, 12, 12, 1);
        assertThat(made).containsExactly("plan of 12", "plan of 1");
        ran.clear();
        ladder.close();
        assertThat(ran).containsExactlyInAnyOrder("closed 12", "closed 1");
    }
}
