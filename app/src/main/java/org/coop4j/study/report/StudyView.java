package org.coop4j.study.report;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.study.BaseToNewResults;
import org.coop4j.study.ClassGains;
import org.coop4j.study.FewShotResults;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.PublishedNumbers;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Robustness;
import org.coop4j.study.Shots;
import org.coop4j.study.Study;

/**
 * A study with the results that tables show.
 *
 * @param study runs of one model
 * @param model the model's name, unlike that of any other study
 * @param folder folder of its figures, with a slash at the end; empty for the only study
 * @param published the papers' numbers
 */
public record StudyView(
        Study study,
        String model,
        String folder,
        FewShotResults fewShot,
        BaseToNewResults baseNew,
        List<Robustness> robustness,
        List<ClassGains> classes,
        PublishedNumbers published) {

    private static final int LONGEST_SLUG = 60;

    static List<StudyView> of(List<Study> studies) {
        PublishedNumbers published = PublishedNumbers.shipped();
        Set<String> slugs = new HashSet<>();
        List<StudyView> views = new ArrayList<>();
        for (Study study : studies) {
            String name = study.model().name();
            boolean shared = studies.stream()
                            .filter(other -> other.model().name().equals(name))
                            .count()
                    > 1;
            String model = shared ? name + ", " + study.model().shortSha256() + "…" : name;
            views.add(new StudyView(
                    study,
                    model,
                    studies.size() == 1 ? "" : slug(model, slugs) + "/",
                    study.fewShot(),
                    study.baseNew(),
                    study.robustness(),
                    study.classGains(),
                    published));
        }
        return views;
    }

    /** Returns the backbone as the papers name it, if the model is a published one. */
    Optional<String> backbone() {
        return study.model().backbone();
    }

    /** Returns a paper's number, averaged over the datasets tested on: see {@link PublishedNumbers#find}. */
    Optional<Score> published(
            String trainedOn, List<String> datasets, ClassHalf half, MethodLabel method, Shots shots) {
        return published.find(trainedOn, datasets, half, method, shots, backbone());
    }

    /** Returns a file name that was not given before. */
    static String slug(String name, Set<String> used) {
        String plain =
                name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        String stem = plain.isEmpty() ? "unnamed" : plain.substring(0, Math.min(LONGEST_SLUG, plain.length()));
        String slug = stem;
        for (int n = 2; !used.add(slug); n++) {
            slug = stem + "-" + n;
        }
        return slug;
    }
}
