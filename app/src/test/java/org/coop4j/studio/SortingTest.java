package org.coop4j.studio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.coop4j.base.Sha256;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.pool.Pool.Answers;
import org.coop4j.studio.Pooled.Compared;
import org.coop4j.studio.Snapshot.Photo;
import org.coop4j.studio.Sorting.Check;
import org.coop4j.studio.Sorting.Promise;
import org.coop4j.studio.Sorting.Screen;
import org.junit.jupiter.api.Test;

class SortingTest {

    private static final List<String> NAMES = List.of("cat", "dog");

    /** As many as in the design: row 0 is answered most surely, all as cats. */
    private static final int PICTURES = 1_888;

    private final List<String> contents = IntStream.range(0, PICTURES)
            .mapToObj(i -> Sha256.of("picture " + i))
            .toList();
    private final Set<String> marks = new HashSet<>();
    private final Map<Integer, Integer> checked = new HashMap<>();

    private Snapshot now() {
        List<Photo> photos = new ArrayList<>();
        for (int row = 0; row < PICTURES; row++) {
            photos.add(new Photo(contents.get(row), row + ".png", 1, FileTime.fromMillis(0)));
        }
        return new Snapshot(Path.of("photos"), 1, 1, NAMES, photos, Set.of(), marks, null);
    }

    private Sorting sorting(Set<String> population, double delta) {
        Map<String, Integer> rows = new HashMap<>();
        contents.forEach(one -> rows.put(one, rows.size()));
        float[] p = new float[2 * PICTURES];
        double[] confidences = new double[PICTURES];
        for (int row = 0; row < PICTURES; row++) {
            p[2 * row] = 1 - row / 4_000f;
            p[2 * row + 1] = row / 4_000f;
            confidences[row] = p[2 * row];
        }
        int[] alone = IntStream.range(0, PICTURES).map(row -> row < 214 ? 1 : 0).toArray();
        FeatureMatrix all = FeatureMatrix.of(PICTURES, 2, p);
        Answers answers = new Answers(true, new int[PICTURES], confidences, alone, all);
        Check check = checked.isEmpty() ? null : new Check(checked, population, delta, false);
        return new Sorting(
                1, 1, new Compared(null, contents, rows), NAMES, all, true, answers, confidences.clone(), check);
    }

    /** Draws a picture of each 19, of which 65 are among the surest 1,228; two of these are wrong, and nearly all others. */
    private void check() {
        for (int row = 0; row < PICTURES && checked.size() < 100; row += row < 1_228 ? 19 : 18) {
            checked.put(row, row == 874 || row == 1_178 || row >= 1_228 ? -1 : 0);
            marks.add(Photo.drawn(contents.get(row)));
        }
    }

    @Test
    void aPromiseCountsWhatIsAcceptedWithWhatIsKnownOfIt() {
        check();
        Sorting sorting = sorting(Set.copyOf(contents), 0.05);
        // 13 twentieths are 1,228 pictures, of which 65 are checked: 122 of all may be wrong, and two are known
        Promise promise = sorting.promise(now(), 10);
        assertThat(promise).isEqualTo(new Promise(10, 29, 1_163, 120, 65, 2));
        assertThat(sorting.accepted(now(), 10)).hasSize(1_163).doesNotContainKey(contents.get(19));
        assertThat(sorting.promise(now(), 5).accepted()).isLessThan(1_163);
        assertThat(sorting.promise(now(), 2).needs()).isEqualTo(149);
        Screen screen = sorting.screen(now());
        assertThat(screen.rows().get(0).accepted().get(0)).isEqualTo(1_163);
        assertThat(screen.pictures()).isEqualTo(PICTURES - checked.size());
        assertThat(sorting(Set.copyOf(contents), 0.025).promise(now(), 10).needs())
                .isEqualTo(36);
    }

    @Test
    void newPicturesAreNoPartOfAPromiseAndThoseThatWereLabelledDoNotMakeTheOthersBetter() {
        check();
        Set<String> population = new HashSet<>(contents);
        Set<String> late = Set.copyOf(contents.subList(1, 11));
        population.removeAll(late);
        Set<String> gone = new HashSet<>();
        IntStream.range(0, 20).forEach(i -> gone.add(Sha256.of("labelled since " + i)));
        population.addAll(gone);
        Sorting sorting = sorting(population, 0.05);
        Promise promise = sorting.promise(now(), 10);
        int all = promise.accepted() + promise.checked() + gone.size();
        assertThat(promise.wrong()).isEqualTo(all / 10 - promise.missed());
        assertThat(sorting.accepted(now(), 10).keySet()).doesNotContainAnyElementsOf(late);
        Screen screen = sorting.screen(now());
        assertThat(screen.late()).isEqualTo(10);
        List<String> cats = screen.rows().get(0).pictures();
        assertThat(cats.subList(cats.size() - 10, cats.size()))
                .containsExactlyElementsOf(
                        contents.subList(1, 11).stream().map(Photo::id).toList());
    }

    @Test
    void whatAPersonRuledOutIsNotAnswered() {
        marks.add(Photo.wrong(contents.get(0), "cat"));
        marks.add(Photo.wrong(contents.get(1), "cat"));
        marks.add(Photo.wrong(contents.get(1), "dog"));
        marks.add(Photo.none(contents.get(2)));
        Screen screen = sorting(Set.of(), 0.05).screen(now());
        assertThat(screen.rows().get(1).pictures()).containsExactly(Photo.id(contents.get(0)));
        assertThat(screen.rows().get(0).pictures()).hasSize(PICTURES - 3).startsWith(Photo.id(contents.get(3)));
        assertThat(screen.strangers()).startsWith(Photo.id(contents.get(1)), Photo.id(contents.get(PICTURES - 1)));
        assertThat(screen.different()).hasSize(211); // of 214, since the answer to the first one is the same now
        assertThat(screen.doubts().get(0).id()).isEqualTo(Photo.id(contents.get(PICTURES - 1)));
        assertThat(screen.doubts().get(0).of()).containsExactly("cat", "dog");
        assertThat(screen.promises()).isEmpty();
    }
}
