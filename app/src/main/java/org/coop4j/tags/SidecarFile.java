package org.coop4j.tags;

import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction.IoConsumer;
import org.coop4j.base.OpenFile;
import org.coop4j.base.TextFile;
import org.coop4j.image.Keywords;
import org.coop4j.image.Keywords.Embedded;

/**
 * The XMP sidecar of a picture. It is replaced as a whole or not at all, and only if no other program has changed it meanwhile.
 *
 * @param picture is never written; null if it is gone
 * @param file the sidecar, which need not exist
 */
record SidecarFile(Path picture, Path file) {

    private static final String ENDING = ".xmp";
    private static final int LARGEST = 16 << 20;
    private static final int TRIES = 3;
    private static final Embedded NOTHING = new Embedded(null, List.of());

    /** The result of a change. */
    enum Outcome {
        CREATED,
        UPDATED, // or deleted
        UNCHANGED
    }

    /** Finds sidecars and pictures, folder by folder. */
    static final class Finder {
        private final boolean byStem;
        private Path folder;
        private Map<String, List<Path>> stems; // the files of the folder

        /**
         * @param byStem true to name a new sidecar photo.xmp, if it is the picture's alone
         */
        Finder(boolean byStem) {
            this.byStem = byStem;
        }

        /**
         * Finds the sidecar of a picture: {@code photo.jpg.xmp}, or a {@code photo.xmp} that belongs to no other file, such as a
         * raw one.
         */
        SidecarFile of(Path picture) throws IOException {
            Path full = full(picture);
            Path stem = byStem(picture);
            boolean alone = (byStem || Files.exists(stem)) && !Files.exists(full) && isAlone(picture);
            return new SidecarFile(picture, alone ? stem : full);
        }

        private boolean isAlone(Path picture) throws IOException {
            return alike(picture).stream().allMatch(other -> other.equals(picture.getFileName()));
        }

        /** Returns the sidecar in a file, with its picture if that is there. */
        SidecarFile ofFile(Path file) throws IOException {
            Path own = file.resolveSibling(stem(file));
            if (Files.isRegularFile(own)) {
                return new SidecarFile(own, file);
            }
            List<Path> pictures = alike(file);
            return new SidecarFile(pictures.isEmpty() ? null : file.resolveSibling(pictures.get(0)), file);
        }

        /** Returns the names of files with this stem that are no sidecars. */
        private List<Path> alike(Path file) throws IOException {
            Path parent = file.toAbsolutePath().getParent();
            if (!parent.equals(folder)) {
                stems = new HashMap<>();
                try (DirectoryStream<Path> files = Files.newDirectoryStream(parent)) {
                    for (Path other : files) {
                        if (!other.toString().endsWith(ENDING)) {
                            stems.computeIfAbsent(stem(other), stem -> new ArrayList<>())
                                    .add(other.getFileName());
                        }
                    }
                }
                folder = parent;
            }
            return stems.getOrDefault(stem(file), List.of());
        }
    }

    /** Returns photo.jpg.xmp of photo.jpg. */
    static Path full(Path picture) {
        return picture.resolveSibling(picture.getFileName() + ENDING);
    }

    /** Returns photo.xmp of photo.jpg. */
    static Path byStem(Path picture) {
        return picture.resolveSibling(stem(picture) + ENDING);
    }

    /** Returns true if no other file has the stem of a picture. */
    static boolean isAlone(Path picture) throws IOException {
        return new Finder(true).isAlone(picture);
    }

    private static String stem(Path file) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot <= 0 ? name : name.substring(0, dot);
    }

    /** Returns true if the file speaks of us at all, whether or not it can be read. */
    boolean isOurs() throws IOException {
        return new String(OpenFile.read(file, LARGEST), StandardCharsets.ISO_8859_1).contains(Sidecar.OWN);
    }

    /** Returns the sidecar to look into. */
    Sidecar read() throws IOException {
        return sidecar(content(file), NOTHING);
    }

    private static byte[] content(Path file) throws IOException {
        return Files.exists(file) ? OpenFile.read(file, LARGEST) : null;
    }

    private static Sidecar sidecar(byte[] content, Embedded inside) throws IOException {
        try {
            return Sidecar.of(content == null ? null : TextFile.utf8(content), inside.xmp(), inside.words());
        } catch (CharacterCodingException e) {
            throw new InputException("not UTF-8", e);
        }
    }

    /**
     * Changes the sidecar.
     *
     * @param dry true to write nothing
     * @throws IOException if it cannot be read, changed safely or written; it is as before then
     */
    Outcome change(IoConsumer<Sidecar> change, boolean dry) throws IOException {
        for (int attempt = 1; attempt <= TRIES; attempt++) {
            byte[] before = content(file);
            Sidecar sidecar = sidecar(before, picture == null ? NOTHING : Keywords.embedded(picture));
            change.accept(sidecar);
            byte[] after = sidecar.text()
                    .map(text -> text.getBytes(StandardCharsets.UTF_8))
                    .orElse(null);
            if (Arrays.equals(before, after)) {
                return Outcome.UNCHANGED;
            }
            if (dry || replace(before, after)) {
                return before == null ? Outcome.CREATED : Outcome.UPDATED;
            }
        }
        throw new InputException("another program changes it all the time");
    }

    /** Returns false if another program has changed the file. */
    private boolean replace(byte[] before, byte[] after) throws IOException {
        if (before != null) {
            requireWritable();
        }
        Path target = before == null ? file : file.toRealPath(); // a link stays a link
        try (AtomicFile whole = after == null ? null : AtomicFile.create(target)) {
            if (whole != null) {
                whole.write(ByteBuffer.wrap(after), 0);
                whole.permissionsOf(
                        before == null ? picture : target, true); // a read-only picture has tags that change
            }
            if (!Arrays.equals(content(target), before)) {
                return false;
            }
            if (whole == null) {
                Files.delete(target);
            } else {
                whole.commit();
            }
            return true;
        }
    }

    /** Refuses a file without its owner's permission to write, which the superuser could write. */
    private void requireWritable() throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        boolean writable = view == null
                ? Files.isWritable(file)
                : view.readAttributes().permissions().contains(PosixFilePermission.OWNER_WRITE);
        require(writable, "read-only");
    }
}
