package org.coop4j.studio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.studio.StudioFolder.fill;
import static org.coop4j.studio.StudioFolder.ids;
import static org.coop4j.studio.StudioFolder.picture;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.pool.Pool;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.studio.Pooled.Compared;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PooledTest {

    @TempDir
    private Path folder;

    /** Neighbours are as if all pictures had been there at once, and rows that others know keep their numbers. */
    @Test
    void picturesEnterThePoolAsTheyAreEncodedAndLeaveItWhenManyAreGone() throws Exception {
        Path photos = fill(folder.resolve("photos"), 12, "", "cat");
        Files.write(photos.resolve("copy.png"), picture(0));
        try (Clip clip = Clip.open(ShippedModel.file(folder));
                Studio studio = StudioFolder.open(photos);
                EncodedPhotos encoded = new EncodedPhotos(new Images(clip, Run.Options.of(folder.resolve("bank"))))) {
            Pooled pooled = new Pooled(encoded, () -> {});
            encoded.encode(studio.snapshot());
            pooled.add(studio.snapshot(), true);
            assertThat(pooled.latest()).isNull(); // few, and others are being encoded
            pooled.add(studio.snapshot(), false);
            Compared first = pooled.latest();
            assertThat(first.contents()).hasSize(24).doesNotHaveDuplicates();
            Files.write(photos.resolve("a.png"), picture(100));
            encoded.encode(studio.snapshot());
            pooled.add(studio.snapshot(), false);
            Compared more = pooled.latest();
            assertThat(more.contents().subList(0, 24)).isEqualTo(first.contents());
            assertThat(more.contents().get(24)).isEqualTo(Sha256.of(picture(100)));
            assertThat(more.rows().get(Sha256.of(picture(100)))).isEqualTo(24);
            Pool atOnce = Pool.of(more.pool().units(), Progress.NONE);
            for (int row = 0; row < 25; row++) {
                for (int place = 0; place < Pool.NEIGHBOURS; place++) {
                    assertThat(more.pool().neighbours().row(row, place))
                            .isEqualTo(atOnce.neighbours().row(row, place));
                }
            }
            List<String> cats = ids(studio, "cat");
            studio.remove(cats.subList(0, 2));
            pooled.add(studio.snapshot(), false);
            assertThat(pooled.latest()).isSameAs(more); // who asks leaves them out
            studio.remove(cats.subList(2, 4));
            pooled.add(studio.snapshot(), false);
            assertThat(pooled.latest().contents()).hasSize(21);
            assertThat(pooled.progress()).isNull();
        }
    }
}
