package org.coop4j.base;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

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
        } catch (FileAlreadyExistsException | AccessDeniedException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) { // another disk, or one without hard links
            AtomicFile.copy(from, to);
        }
    }
}
