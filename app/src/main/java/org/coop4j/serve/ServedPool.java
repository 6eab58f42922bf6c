package org.coop4j.serve;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.eval.Labels;
import org.coop4j.image.ExifOrientation;
import org.coop4j.pool.Search;
import org.coop4j.run.Images;

/**
 * Pictures of a folder, which stay as they were at the start.
 *
 * @param encoder the classifier whose model encoded them; null for a pool that is not served
 * @param paths of the pictures below the folder
 */
public record ServedPool(
        String name, ServedClassifier encoder, List<String> paths, FeatureMatrix units, Search search) {

    /** Encodes pictures below a folder into the bank; unreadable ones are left out. */
    public static ServedPool of(
            String name, Path folder, List<Path> files, ServedClassifier encoder, Images images, Progress progress)
            throws IOException {
        List<LabelledImage> listed = files.stream()
                .map(path -> LabelledImage.of(path, Labels.ofStates(0, k -> 0), List.of(), ExifOrientation.APPLY, null))
                .toList();
        ImageFeatures features = images.encode(listed, "pictures of " + name, progress);
        FeatureMatrix units = features.matrix().normalized();
        List<String> paths = features.images().stream()
                .map(image -> folder.relativize(image.path()).toString().replace('\\', '/'))
                .toList();
        return new ServedPool(name, encoder, paths, units, new Search(units));
    }
}
