package org.coop4j.cli.options;

import java.util.Optional;
import org.coop4j.image.ExifOrientation;
import org.coop4j.run.DataSpec;
import picocli.CommandLine.Option;

/** What is done with the EXIF orientation of images. */
public final class ExifOption {

    @Option(
            names = "--exif",
            paramLabel = "keep|apply",
            converter = Converters.Exif.class,
            description = {
                "Apply the EXIF orientation of images, or keep the pixels as they are stored"
                    + " (default: what the run did; else apply, but keep for published datasets and"
                    + " split files, as the reference does)."
            })
    private ExifOrientation exif;

    /** The same data with what is said, if anything is. */
    public DataSpec of(DataSpec data) {
        return exif == null ? data : data.withExif(exif);
    }

    /** What is said, or else this. */
    public ExifOrientation or(ExifOrientation otherwise) {
        return Optional.ofNullable(exif).orElse(otherwise);
    }

    /** Whether anything is said. */
    public boolean isGiven() {
        return exif != null;
    }
}
