package org.coop4j.run;

import org.coop4j.data.ClassHalf;
import org.coop4j.data.ImageDataset;

/**
 * A dataset as a run uses it. Where it lies does not matter: its lists tell it from others.
 *
 * @param name what results call it
 * @param classes which half of its classes
 * @param listsSha256 SHA-256 of class names, file names and labels; null in configurations of
 *     earlier versions that do not have it
 * @param template the hand-written prompt that suits it; null likewise
 * @param source where it lay; null likewise
 */
public record RunData(
        String name, ClassHalf classes, String listsSha256, String template, DataSpec source) {

    public RunData {
        if (name == null || classes == null) {
            throw new IllegalArgumentException(
                    "data: expected a name and a half of the classes, got "
                            + name
                            + " and "
                            + classes);
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

    /** Whether it is the same data, as far as both know. */
    boolean isSame(RunData other) {
        return name.equals(other.name)
                && classes == other.classes
                && sameIfKnown(listsSha256, other.listsSha256)
                && sameIfKnown(template, other.template);
    }

    private static boolean sameIfKnown(String a, String b) {
        return a == null || b == null || a.equals(b);
    }
}
