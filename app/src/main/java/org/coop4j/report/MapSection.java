package org.coop4j.report;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.base.RefusedException;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.coop4j.findings.RunComparison.ComparedRun;
import org.coop4j.image.ImageDecoder;
import org.coop4j.method.Classifier;
import org.coop4j.page.HeatPicture;
import org.coop4j.page.Section;
import org.coop4j.page.Section.Picture;
import org.coop4j.page.Thumbnails;
import org.coop4j.predict.HeatMap;
import org.coop4j.predict.ImageClassifier;

/**
 * Heat maps on the page of a run.
 *
 * @param clip the model; empty if only features are given
 */
record MapSection(ComparedRun run, Optional<Clip> clip, Progress progress) {

    static final int MOST = 40;

    private static final int SIDE = 224;
    private static final Duration BUDGET = Duration.ofSeconds(30);

    /**
     * An image, and the class that its map is about.
     *
     * @param line below the picture
     */
    record Asked(Path file, String label, String line) {}

    /** Shows maps until the time is up; a run of features has none. */
    Section of(Stream<Asked> all) {
        Section section = new Section("Why these answers");
        List<Asked> asked = all.limit(MOST).toList();
        if (clip.isEmpty() || asked.isEmpty()) {
            return section;
        }
        List<Picture> pictures = new ArrayList<>();
        int looked = 0;
        try (Classifier learned = run.learned().file().open(clip.get());
                ImageClassifier classifier = ImageClassifier.of(
                        clip.get(), learned, run.learned().file().origin().exif());
                Progress.Task task = progress.task("heat maps", asked.size(), Progress.Unit.IMAGES)) {
            long begun = System.nanoTime();
            while (looked < asked.size() && System.nanoTime() - begun < BUDGET.toNanos()) {
                picture(classifier, asked.get(looked++)).ifPresent(pictures::add);
                task.advance(1);
            }
        } catch (RefusedException | IOException e) {
            return section.verdict("There are no maps: " + e.getMessage() + ".");
        }
        if (pictures.isEmpty()) {
            return section;
        }
        String left = looked == asked.size()
                ? ""
                : " %d more are left out, to save time: coop predict --why draws them."
                        .formatted(asked.size() - looked);
        return section.verdict("Where mistakes and suspects speak for the class below each picture.")
                .list(HeatPicture.legend("it", run.result().sets() == null, true))
                .paragraph(HeatPicture.MEANING + left)
                .pictures("", pictures);
    }

    private static Optional<Picture> picture(ImageClassifier classifier, Asked one) {
        try {
            HeatMap map = classifier.why(InputImage.of(one.file), one.label);
            byte[] drawn = new ImageDecoder()
                    .decode(one.file, classifier.exif(), image -> HeatPicture.of(image, map, SIDE, "jpg"));
            String strongest = "strongest spot %s log-odds".formatted(Numbers.signed(map.strongest(), 3));
            return Optional.of(
                    Thumbnails.picture(one.file, drawn, HeatPicture.title(map), List.of(one.line, strongest)));
        } catch (IOException e) { // it is gone, or there are features only
            return Optional.empty();
        }
    }
}
