package org.coop4j.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What a file system says of a file, by which one that has changed since is told from one that has
 * not: its device and number, its size, and the times when its content and the file itself last
 * changed, of which programs cannot set the second.
 *
 * @param size bytes
 * @param changed when the file last changed in any way
 * @param identity all of it, in one line
 */
public record FileState(long size, Instant changed, String identity) {

    /** The state of the file at a path now; empty where the file system has no such numbers. */
    public static Optional<FileState> of(Path path) {
        try {
            Map<String, Object> all = Files.readAttributes(path, "unix:dev,ino,size,lastModifiedTime,ctime");
            Instant modified = ((FileTime) all.get("lastModifiedTime")).toInstant();
            Instant changed = ((FileTime) all.get("ctime")).toInstant();
            Object size = all.get("size");
            String identity = "%s:%s %s bytes, modified %s, changed %s"
                    .formatted(all.get("dev"), all.get("ino"), size, modified, changed);
            return Optional.of(new FileState((long) size, changed, identity));
        } catch (UnsupportedOperationException | IOException e) {
            return Optional.empty(); // the state is not known, whatever the file is
        }
    }
}
