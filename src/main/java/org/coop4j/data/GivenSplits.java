package org.coop4j.data;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a dataset of the parts that a user's folders or list name.
 *
 * <p>train and test, with or without val; test alone, for evaluation; or train and val, where val
 * is the test list as well, as the reference does with ImageNet. train alone is refused.
 */
final class GivenSplits {
    private static final Logger log = LoggerFactory.getLogger(GivenSplits.class);

    private GivenSplits() {}

    /** Refuses shares for data that has a division. */
    static void requireNoShares(String source, Optional<SplitShares> shares)
            throws DatasetException {
        if (shares.isPresent()) {
            throw new DatasetException(source + " has a split of its own: omit --split");
        }
    }

    static ImageDataset assemble(
            String name,
            String source,
            List<String> classNames,
            Map<Split, List<LabelledImage>> parts)
            throws DatasetException {
        List<LabelledImage> train = parts.getOrDefault(Split.TRAIN, List.of());
        List<LabelledImage> val = parts.getOrDefault(Split.VAL, List.of());
        List<LabelledImage> test = parts.getOrDefault(Split.TEST, List.of());
        if (test.isEmpty()) {
            if (val.isEmpty()) {
                throw new DatasetException(
                        source
                                + " has training images alone: add test images, or give the images"
                                + " undivided to have them split 50/20/30");
            }
            log.info("{} has no test images: the val images are the test images too", source);
            test = val;
        }
        try {
            return new ImageDataset(name, classNames, train, val, test);
        } catch (IllegalArgumentException e) {
            throw new DatasetException(source + ": " + e.getMessage(), e);
        }
    }
}
