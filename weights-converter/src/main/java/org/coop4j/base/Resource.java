package org.coop4j.base;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Files on the class path, in the package of the class that uses them. */
public final class Resource {
    private Resource() {}

    /**
     * Opens a file.
     *
     * @param beside a class of its package
     * @throws FileNotFoundException if it is missing from the build
     */
    public static InputStream open(Class<?> beside, String name) throws FileNotFoundException {
        InputStream in = beside.getResourceAsStream(name);
        if (in == null) {
            throw new FileNotFoundException("resource %s of %s is missing: the jar is incomplete, build it again"
                    .formatted(name, beside.getPackageName()));
        }
        return in;
    }

    /**
     * Returns a file's content.
     *
     * @throws UncheckedIOException if it is missing or cannot be read
     */
    public static byte[] bytes(Class<?> beside, String name) {
        try (InputStream in = open(beside, name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the lines of a table, without blank ones and those that begin with #. */
    public static List<String> rows(Class<?> beside, String name) {
        return text(beside, name)
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
    }

    /**
     * Returns a file's content as a string in UTF-8.
     *
     * @throws UncheckedIOException if it is missing or cannot be read
     */
    public static String text(Class<?> beside, String name) {
        return new String(bytes(beside, name), StandardCharsets.UTF_8);
    }
}
