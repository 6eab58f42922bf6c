package org.coop4j.analysis;

import java.io.IOException;
import java.util.List;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.method.Task;

/**
 * All that is found out about a run.
 *
 * @param pictures its images
 * @param comparison its classifiers beside baselines
 * @param suspects images whose labels look wrong, the most suspect first
 * @param duplicates images that are nearly the same
 */
public record Evidence(
        RunPictures pictures,
        Comparison comparison,
        List<LabelErrors.Suspect> suspects,
        List<NearDuplicates.Pair> duplicates) {

    public Evidence {
        suspects = List.copyOf(suspects);
        duplicates = List.copyOf(duplicates);
    }

    /** Finds out what the images alone tell. */
    public static Evidence of(
            FeatureSpace space, Task task, RunPictures pictures, Comparison comparison)
            throws IOException {
        List<RunPictures.Located> located = pictures.located();
        return new Evidence(
                pictures,
                comparison,
                LabelErrors.of(space, task, located),
                NearDuplicates.of(located));
    }
}
