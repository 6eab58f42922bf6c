package org.coop4j.base;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.Set;

/** Names that no other file has: they are taken in one step, whatever other programs do, so that nothing is overwritten. */
public final class NewName {

    private NewName() {}

    /**
     * Gives a file a second name: a hard link, or a copy where the disk has none.
     *
     * @throws FileAlreadyExistsException if the name is taken
     */
    public static void link(Path from, Path to) throws IOException {
        try {
            if (Files.isSymbolicLink(from)) {
                Files.createSymbolicLink(to, Files.readSymbolicLink(from));
            } else {
                Files.createLink(to, from);
            }
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) { // this disk has no hard links
            Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
        }
    }

    /**
     * Puts a file into a folder under its own name, with a number if another file has it. A move that was interrupted is finished.
     *
     * @param move false to leave a copy where it is
     * @return its place in the folder
     */
    public static Path put(Path from, Path folder, boolean move) throws IOException {
        Files.createDirectories(folder);
        Set<String> taken = new HashSet<>();
        while (true) {
            String name = SafeName.free(from.getFileName().toString(), taken::contains);
            Path to = folder.resolve(name);
            boolean isThere = Files.exists(to, LinkOption.NOFOLLOW_LINKS);
            if (isThere && to.toRealPath().equals(from.toRealPath())) {
                return to;
            }
            boolean linked = isThere && move && Files.isSameFile(from, to); // killed between the link and the deletion
            try {
                if (!linked && move) {
                    link(from, to);
                } else if (!linked) {
                    Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
                }
            } catch (FileAlreadyExistsException e) {
                taken.add(name);
                continue;
            }
            if (move) {
                Files.delete(from);
            }
            return to;
        }
    }
}
