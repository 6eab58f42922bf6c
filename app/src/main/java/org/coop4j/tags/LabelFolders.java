package org.coop4j.tags;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.IoFunction.IoConsumer;
import org.coop4j.base.NewName;
import org.coop4j.base.Require;
import org.coop4j.base.SafeName;
import org.coop4j.base.Sha256;

/** Folders of labels, into which pictures are put with their sidecars. Nothing is overwritten. */
public final class LabelFolders {

    private final Path root;
    private final boolean move;
    private final Map<String, Path> folders = new TreeMap<>(); // by label

    /**
     * Checks the names of the folders, which are made when the first picture comes.
     *
     * @param move false to leave the pictures where they are
     * @throws IllegalArgumentException if a label cannot be a folder on every system
     */
    public LabelFolders(Path root, boolean move, Collection<String> labels) {
        this.root = root.toAbsolutePath().normalize();
        this.move = move;
        Set<String> taken = new HashSet<>();
        for (String label : labels) {
            String name;
            try {
                name = SafeName.folder(label);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "the class %s cannot be a folder: %s".formatted(label, e.getMessage()), e);
            }
            boolean isNew = taken.add(name.toLowerCase(Locale.ROOT)) || folders.containsKey(label);
            Require.that(isNew, "the class %s cannot be a folder: another one differs in case alone", label);
            folders.put(label, this.root.resolve(name));
        }
    }

    boolean moves() {
        return move;
    }

    /** Returns true if a file lies in these folders. */
    boolean hold(Path file) {
        return file.toAbsolutePath().normalize().startsWith(root);
    }

    /** Puts a picture into the folder of a label, as {@link #put(Path, String, boolean, IoConsumer)} does. */
    public Path put(Path picture, String label) throws IOException {
        return put(picture, label, false, place -> {});
    }

    /**
     * Puts a picture into the folder of a label, unless its bytes are there already, or it is a link to be moved, which might
     * lead nowhere from there. A name that is taken gets a number.
     *
     * @param dry true to do nothing
     * @param begin receives the place before it is taken
     * @return its place
     */
    Path put(Path picture, String label, boolean dry, IoConsumer<Path> begin) throws IOException {
        Path folder = folders.get(label);
        if (move && Files.isSymbolicLink(picture)) {
            return picture;
        }
        if (!dry) {
            Files.createDirectories(folder);
        }
        Set<String> taken = new HashSet<>();
        while (true) {
            Path to = folder.resolve(SafeName.free(picture.getFileName().toString(), one -> !taken.add(one)));
            if (isSame(picture, to)) {
                if (move && !dry && wasInterrupted(picture, to)) {
                    carry(picture, to, true);
                }
                return to;
            }
            if (isFree(picture, to)) {
                try {
                    if (!dry) {
                        begin.accept(to);
                        carry(picture, to, move);
                    }
                    return to;
                } catch (FileAlreadyExistsException e) {
                    // taken meanwhile: the next name
                }
            }
        }
    }

    /** Returns true if both are one file under two names. */
    private static boolean wasInterrupted(Path picture, Path to) throws IOException {
        return Files.isSameFile(picture, to) && !picture.toRealPath().equals(to.toRealPath());
    }

    /** Returns true if both are files of the same bytes. */
    static boolean isSame(Path one, Path other) throws IOException {
        return Files.isRegularFile(one) && Files.isRegularFile(other) && Files.mismatch(one, other) < 0;
    }

    private static boolean isThere(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean isFree(Path picture, Path to) throws IOException {
        return files(picture, to).values().stream().noneMatch(LabelFolders::isThere)
                && (!isThere(SidecarFile.byStem(picture)) || !isThere(to.getParent()) || SidecarFile.isAlone(to));
    }

    /** Returns the places of a picture and its possible sidecars, by where they are. */
    private static Map<Path, Path> files(Path picture, Path to) throws IOException {
        Map<Path, Path> files = new LinkedHashMap<>();
        files.put(picture, to);
        files.put(SidecarFile.full(picture), SidecarFile.full(to));
        Path stem = SidecarFile.byStem(picture);
        if (isThere(stem) && SidecarFile.isAlone(picture)) {
            files.put(stem, SidecarFile.byStem(to));
        }
        return files;
    }

    /**
     * Puts a picture and its sidecars to another place, or finishes that: the picture is the last that goes.
     *
     * @throws FileAlreadyExistsException if other files are there
     */
    static void carry(Path picture, Path to, boolean move) throws IOException {
        List<Path> carried = new ArrayList<>();
        for (Map.Entry<Path, Path> one : files(picture, to).entrySet()) {
            if (Files.exists(one.getKey())) {
                if (!isSame(one.getKey(), one.getValue())) {
                    if (move) {
                        NewName.link(one.getKey(), one.getValue());
                    } else {
                        AtomicFile.copy(one.getKey(), one.getValue());
                    }
                }
                carried.add(one.getKey());
            }
        }
        if (move) {
            Collections.reverse(carried);
            for (Path file : carried) {
                Files.delete(file);
            }
        }
    }

    /** Returns what tells whether a picture was changed since, or for copies also one of its sidecars. */
    static String identity(Path picture, boolean moved) throws IOException {
        String all = "";
        for (Path file : moved ? Set.of(picture) : files(picture, picture).keySet()) {
            all += Files.exists(file) ? Sha256.of(file) : "-";
        }
        return all;
    }

    /** Deletes a copy; the picture is the last that goes. */
    static void delete(Path copy) throws IOException {
        List<Path> files = new ArrayList<>(files(copy, copy).keySet());
        Collections.reverse(files);
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
