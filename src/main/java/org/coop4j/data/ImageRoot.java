package org.coop4j.data;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * The folder that the paths of a list are relative to.
 *
 * @param directory the folder
 */
public record ImageRoot(Path directory) {
    /**
     * Returns the file that a list names, which always lies below the folder.
     *
     * @param source the list's file, for the message
     */
    public Path resolve(String relative, Path source) throws DatasetException {
        Path path;
        try {
            path = Path.of(relative);
        } catch (InvalidPathException e) {
            throw refused(relative, source, "is not a path", e);
        }
        if (relative.isBlank()) {
            throw refused(relative, source, "is empty", null);
        }
        if (path.isAbsolute() || relative.startsWith("/") || relative.indexOf('\\') >= 0) {
            throw refused(relative, source, "is not relative with '/' between its parts", null);
        }
        for (Path part : path) {
            if (part.toString().equals("..")) {
                throw refused(relative, source, "leads out of the image folder", null);
            }
        }
        return directory.resolve(path);
    }

    private DatasetException refused(String relative, Path source, String why, Exception cause) {
        return new DatasetException(
                "%s: the path '%s' %s; paths must be relative to %s and stay below it"
                        .formatted(source, relative, why, directory),
                cause);
    }
}
