package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.TinyModel.MODEL;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.run.RunFolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures of colours that a classifier distinguishes without a mistake, some of them in the wrong folder. */
class WrongLabelsTest {

    private static final String[] CLASSES = {"blue sea", "green hill", "red sky"};
    private static final int EACH = 20;

    @TempDir
    private static Path folder;

    /** The section about wrong labels after training on pictures of which the first few of each class are misplaced. */
    private static String section(String name, int misplaced) throws IOException {
        Path pictures = folder.resolve(name);
        for (int label = 0; label < CLASSES.length; label++) {
            for (int i = 0; i < EACH; i++) {
                boolean wrong = i < misplaced;
                Path place = pictures.resolve(CLASSES[wrong ? (label + 1) % CLASSES.length : label]);
                TestPictures.write(
                        place.resolve((wrong ? "misplaced" : "picture") + "-" + label + "-" + i + ".png"),
                        label,
                        100L * label + i);
            }
        }
        Path run = folder.resolve(name + "-run");
        coop(
                        "train -m % -d % -o % --method prototypes --shots 0 --bank %",
                        MODEL, pictures, run, folder.resolve("bank"))
                .ok();
        String page = Files.readString(run.resolve(RunFolder.REPORT));
        String after = page.substring(page.indexOf("<h2>Labels that look wrong"));
        return after.substring(0, after.indexOf("</section>")).replace('\u00a0', ' ');
    }

    @Test
    void misplacedPicturesAreNamedWithTheNumberExpectedByChance() throws IOException {
        assertThat(section("mixed", 1))
                .contains("misplaced-0-0.png", "misplaced-1-0.png", "misplaced-2-0.png", "3 images", "expected")
                .doesNotContain("picture-");
    }

    @Test
    void withoutThemThePageNamesNone() throws IOException {
        assertThat(section("pure", 0)).contains("No label is suspect").doesNotContain("picture-");
    }
}
