package org.coop4j.run;

import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.coop4j.base.Numbers;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.DatasetException;
import org.coop4j.data.FewShotSampler.FewShotSample;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.method.Method;

/**
 * Which images a run learns from.
 *
 * @param shots training images a class; 0 for all
 * @param seed where every random draw of the run begins
 * @param views random crops of each training image that are encoded, used in turn; 0 for the one
 *     centre crop of the test transform
 */
public record Sample(int shots, long seed, int views) {

    /** Of a method that learns nothing. */
    public static final Sample NONE = new Sample(0, 0, 0);

    public Sample {
        if (shots < 0) {
            throw new IllegalArgumentException("shots: expected 1 or more, or 0 for all images, got " + shots);
        }
        if (views < 0) {
            throw new IllegalArgumentException("views: expected 0 or more, got " + views);
        }
    }

    /** The images of the test transform. */
    public Sample(int shots, long seed) {
        this(shots, seed, 0);
    }

    /**
     * The images and classes that a method learns from. Few-shot sampling precedes the halving of
     * the classes, as in the reference, so that both halves are of one sample.
     *
     * @param notes is told of classes that have too few images
     * @throws DatasetException if there is nothing to learn from
     */
    public ImageDataset draw(ImageDataset whole, Method method, ClassHalf classes, Consumer<String> notes)
            throws DatasetException {
        if (whole.train().isEmpty()) {
            throw new DatasetException("%s has test images alone and nothing to learn from: learn on another dataset"
                    .formatted(whole.name()));
        }
        if (shots == 0) {
            return whole.half(classes);
        }
        FewShotSample drawn = method.sample(whole, shots, seed);
        note(drawn.shortages(), notes);
        return drawn.dataset().half(classes);
    }

    /** One sentence, however many classes fall short. */
    private void note(List<FewShotSample.Shortage> all, Consumer<String> notes) {
        List<FewShotSample.Shortage> shortages =
                all.stream().filter(shortage -> shortage.split() == Split.TRAIN).toList();
        if (shortages.isEmpty()) {
            return;
        }
        FewShotSample.Shortage least = shortages.stream()
                .min(Comparator.comparingInt(FewShotSample.Shortage::available))
                .orElseThrow();
        notes.accept("%s fewer than %d training images (%s: %d): all are used"
                .formatted(
                        Numbers.count(shortages.size(), "class has", "classes have"),
                        shots,
                        least.className(),
                        least.available()));
    }
}
