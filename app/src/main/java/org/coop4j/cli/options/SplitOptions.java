package org.coop4j.cli.options;

import java.util.List;
import org.coop4j.console.CommandFailure;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.Split;
import picocli.CommandLine.Option;

/** Which part of a dataset a command works on. */
public final class SplitOptions {

    @Option(
            names = "--split",
            defaultValue = "test",
            paramLabel = "SPLIT",
            converter = Converters.SplitName.class,
            description = "train, val or test (default: ${DEFAULT-VALUE}).")
    private Split split;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description =
                    "The split's seed, where the data has no split (default: 1, and in eval the"
                            + " run's).")
    private Long seed;

    /** Where the split's random draws begin, if the data has none. */
    public long seed() {
        return seed == null ? 1 : seed;
    }

    /** The same, or null where nothing is said. */
    public Long seedIfGiven() {
        return seed;
    }

    /** The chosen part. */
    public Split split() {
        return split;
    }

    /** The images of the chosen part; there is at least one. */
    public List<LabelledImage> of(ImageDataset dataset) {
        List<LabelledImage> images = dataset.images(split);
        if (images.isEmpty()) {
            throw new CommandFailure(dataset.name() + " has no " + name() + " images");
        }
        return images;
    }

    /** The chosen part's name. */
    public String name() {
        return split.label();
    }
}
