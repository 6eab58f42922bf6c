package org.coop4j.serve;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Optional;
import org.coop4j.clip.Clip;
import org.coop4j.method.ClassifierFile;
import org.coop4j.run.Confidence;
import org.coop4j.run.RunResult;

/**
 * Description of a served classifier: an entry of {@code GET /models}, which leaves out null values.
 *
 * @param name its name in requests, {@linkplain #isName valid} there and its own
 * @param method its method with the distinctive settings
 * @param model file name of its CLIP
 * @param precision in which its CLIP encodes images, such as {@code bfloat16}
 * @param classNames the classes
 * @param test the test of its run; null without a run
 * @param threshold probability, 0 to 1, below which the page says "not sure"; may be null
 * @param least the threshold, or the one that the run suggests; 0 without one
 */
public record ClassifierInfo(
        String name,
        String method,
        String model,
        String precision,
        List<String> classNames,
        Test test,
        Double threshold,
        @JsonIgnore double least) {

    /**
     * The test of a run.
     *
     * @param dataset name of the data
     * @param trainImages number of training images
     * @param images number of test images
     * @param accuracy percentage of test images with the right label; null for sets of labels
     * @param map mean average precision; null for single labels
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Test(String dataset, int trainImages, int images, Double accuracy, Double map) {}

    /** Returns the name of its CLIP, without the hash of the shipped model's file. */
    String clip() {
        return model.replaceFirst("(-[0-9a-f]{12})?\\.safetensors$", "");
    }

    /** Returns true if a classifier may have this name, which is part of a path. */
    public static boolean isName(String name) {
        return name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    }

    /**
     * Describes a classifier.
     *
     * @param result of the run that learned it, if there is one
     */
    public static ClassifierInfo of(
            String name, ClassifierFile file, Clip clip, Optional<RunResult> result, Double threshold) {
        Test test = result.map(r -> new Test(
                        r.dataset(),
                        r.trainImages(),
                        r.testImages(),
                        r.accuracy(),
                        r.sets() == null ? null : r.sets().map()))
                .orElse(null);
        String modelName = String.valueOf(clip.model().path().getFileName());
        double least =
                threshold != null ? threshold : Confidence.of(file).threshold().orElse(0);
        return new ClassifierInfo(
                name,
                file.method().title(),
                modelName,
                clip.precision().id(),
                file.classNames(),
                test,
                threshold,
                least);
    }
}
