package org.coop4j.data;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists folders in an order that does not depend on the file system.
 *
 * <p>Names that begin with a dot are hidden and ignored. Symbolic links are followed, since
 * datasets are often linked into place.
 */
public final class ImageFiles {
    private static final Logger log = LoggerFactory.getLogger(ImageFiles.class);

    /** Includes formats that cannot be read, so that their files are named and counted. */
    private static final Set<String> EXTENSIONS =
            Set.of("jpg", "jpeg", "jpe", "png", "bmp", "gif", "webp", "tif", "tiff", "heic", "heif", "avif");

    private static final int NAMED_IN_A_MESSAGE = 5;

    private ImageFiles() {}

    /** Returns true if the file's name has the extension of an image, in any letter case. */
    private static boolean isImage(Path file) {
        String name = file.getFileName().toString();
        return EXTENSIONS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    }

    /**
     * Returns the image files in a folder and the folders below it, sorted by name.
     *
     * <p>Other files are skipped, with a line in the log that names the first few.
     */
    public static List<Path> in(Path folder) throws IOException {
        List<Path> images = new ArrayList<>();
        List<Path> others = new ArrayList<>();
        Files.walkFileTree(
                folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes a) {
                        return isHidden(dir) && !dir.equals(folder)
                                ? FileVisitResult.SKIP_SUBTREE
                                : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes a) {
                        if (!isHidden(file)) {
                            (isImage(file) ? images : others).add(file);
                        }
                        return FileVisitResult.CONTINUE;
                    }
                });
        if (!others.isEmpty()) {
            List<String> names =
                    others.stream().map(file -> file.getFileName().toString()).toList();
            log.info(
                    "{}: skipped {} (not images): {}",
                    folder,
                    Numbers.count(names.size(), "file"),
                    Numbers.first(names, NAMED_IN_A_MESSAGE));
        }
        images.sort(Comparator.comparing(
                image -> folder.relativize(image).toString().replace('\\', '/')));
        return images;
    }

    /** Returns the folders directly in a folder, sorted by name, the hidden ones left out. */
    public static List<Path> foldersIn(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(e -> !isHidden(e) && Files.isDirectory(e))
                    .sorted(Comparator.comparing(e -> e.getFileName().toString()))
                    .toList();
        }
    }

    private static boolean isHidden(Path path) {
        Path name = path.getFileName();
        return name != null && name.toString().startsWith(".");
    }

    /**
     * Returns the file that a list names, which must lie below a folder.
     *
     * @param root the folder that the list's paths are relative to
     * @param source the list's file, for the message
     */
    public static Path resolve(Path root, String relative, Path source) throws DatasetException {
        Path path = null;
        String problem = relative.isBlank() ? "is empty" : null;
        try {
            path = Path.of(relative);
            if (path.isAbsolute() || relative.startsWith("/") || relative.indexOf('\\') >= 0) {
                problem = "is not relative with '/' between its parts";
            } else if (List.of(relative.split("/", -1)).contains("..")) {
                problem = "leads out of the image folder";
            }
        } catch (InvalidPathException e) {
            problem = "is not a path";
        }
        if (problem != null) {
            throw new DatasetException("%s: the path '%s' %s; paths must be relative to %s and stay below it"
                    .formatted(source, relative, problem, root));
        }
        return root.resolve(path);
    }
}
