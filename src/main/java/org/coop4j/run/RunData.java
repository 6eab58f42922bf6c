package org.coop4j.run;

import java.util.Objects;
import org.coop4j.data.ClassHalf;
import org.coop4j.data.ImageDataset;

/**
 * A dataset as a run uses it. Where it lies does not matter: its lists tell it from others.
 *
 * @param name what results call it
 * @param classes which half of its classes
 * @param listsSha256 SHA-256 of class names, file names and labels
 * @param template the hand-written prompt that suits it
 * @param source where it lay
 */
public record RunData(
        String name, ClassHalf classes, String listsSha256, String template, DataSpec source) {

    public RunData {
        if (name == null || classes == null || listsSha256 == null || source == null) {
            throw new IllegalArgumentException(
                    "data: expected name, classes, listsSha256 and source, got %s, %s, %s and %s"
                            .formatted(name, classes, listsSha256, source));
        }
    }

    /** A dataset whose lists were read. */
    public static RunData of(DataSpec source, ImageDataset lists, ClassHalf classes) {
        return new RunData(
                source.name(),
                classes,
                source.listsSha256(lists),
                source.handWrittenPrompt(),
                source);
    }

    /** Returns true if it is the same data, wherever it lies. */
    boolean isSame(RunData other) {
        return name.equals(other.name)
                && classes == other.classes
                && listsSha256.equals(other.listsSha256)
                && Objects.equals(template, other.template);
    }
}
