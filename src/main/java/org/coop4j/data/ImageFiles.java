package org.coop4j.data;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.base.Log;
import org.coop4j.base.Numbers;
import org.slf4j.Logger;

/**
 * Lists folders in an order that does not depend on the file system.
 *
 * <p>Hidden files and folders (their names begin with a dot) and those that systems leave behind, such as {@code
 * __MACOSX}, are passed over, and so are files that are no images. Symbolic links are followed, since datasets are often
 * linked into place.
 */
public final class ImageFiles {
    private static final Logger log = Log.of(ImageFiles.class);

    /** Includes formats that cannot be read, so that their files are named and counted. */
    private static final Set<String> EXTENSIONS =
            Set.of("jpg", "jpeg", "jpe", "png", "bmp", "gif", "webp", "tif", "tiff", "heic", "heif", "avif");

    /** Names, in lower case, that archives and file managers leave behind. */
    private static final Set<String> LEFT_BEHIND = Set.of("__macosx", "thumbs.db", "desktop.ini");

    /** Linux's order of paths, on which a list's split depends: by their bytes. */
    static final Comparator<Path> ORDER = Comparator.comparing(
            path -> path.toString().replace(File.separatorChar, '/').getBytes(UTF_8), Arrays::compareUnsigned);

    private final Set<Path> passedOver = new LinkedHashSet<>();

    /** Returns the image files in a folder and the folders below it, sorted by name, with a note of what is passed over. */
    public static List<Path> in(Path folder) throws IOException {
        ImageFiles files = new ImageFiles();
        List<Path> images = files.images(folder);
        files.report(folder, log::warn);
        return images;
    }

    /** Returns the image files in a folder and the folders below it, sorted by name, and counts what is passed over. */
    public List<Path> images(Path folder) throws IOException {
        return images(folder, true, (entered, attributes) -> {});
    }

    /**
     * Returns the image files in a folder and the folders below it.
     *
     * @param follow false to leave out folders that are links
     * @param seen receives each folder before it is listed, and each image
     */
    public List<Path> images(Path folder, boolean follow, BiConsumer<Path, BasicFileAttributes> seen)
            throws IOException {
        List<Path> images = new ArrayList<>();
        EnumSet<FileVisitOption> options =
                follow ? EnumSet.of(FileVisitOption.FOLLOW_LINKS) : EnumSet.noneOf(FileVisitOption.class);
        Files.walkFileTree(folder, options, Integer.MAX_VALUE, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes a) {
                if (!dir.equals(folder) && !isKept(dir)) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                seen.accept(dir, a);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes a) {
                String name = file.getFileName().toString();
                String extension = name.substring(name.lastIndexOf('.') + 1);
                if (isKept(file) && !(a.isSymbolicLink() && Files.isDirectory(file))) {
                    if (EXTENSIONS.contains(extension.toLowerCase(Locale.ROOT))) {
                        images.add(file);
                        seen.accept(file, a);
                    } else if (!extension.equalsIgnoreCase("xmp")) { // a sidecar
                        passedOver.add(file);
                    }
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException && !file.equals(folder)) {
                    return FileVisitResult.CONTINUE; // deleted since its folder was listed
                }
                throw e;
            }
        });
        images.sort(Comparator.comparing(image -> image.toString().replace('\\', '/')));
        return images;
    }

    /** Returns the folders directly in a folder, sorted by name. */
    public List<Path> folders(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(e -> isKept(e) && Files.isDirectory(e))
                    .sorted(Comparator.comparing(e -> e.getFileName().toString()))
                    .toList();
        }
    }

    /** Says in one sentence what was passed over, if anything was. */
    void report(Path folder, Consumer<String> notes) {
        if (!passedOver.isEmpty()) {
            List<String> names = passedOver.stream()
                    .map(path -> path.getFileName().toString())
                    .distinct()
                    .sorted()
                    .toList();
            notes.accept("%s: passed over %s without images: %s"
                    .formatted(
                            folder,
                            Numbers.count(passedOver.size(), "file or folder", "files and folders"),
                            Numbers.first(names)));
        }
    }

    private boolean isKept(Path path) {
        String name = String.valueOf(path.getFileName());
        boolean kept = !name.startsWith(".") && !LEFT_BEHIND.contains(name.toLowerCase(Locale.ROOT));
        if (!kept) {
            passedOver.add(path);
        }
        return kept;
    }

    /**
     * Returns the file that a list names, which must lie below a folder.
     *
     * @param root the folder that the list's paths are relative to
     * @param source the list's file, for the message
     */
    public static Path resolve(Path root, String relative, Path source) throws InputException {
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
        InputException.require(
                problem == null,
                "%s: the path '%s' %s; paths must be relative to %s and stay below it",
                source,
                relative,
                problem,
                root);
        return root.resolve(path);
    }
}
