package org.coop4j.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * The attributes of a file that show whether it has changed: device and inode, size, and the times of the last change of
 * its content and of the file itself; programs cannot set the latter.
 *
 * @param size in bytes
 * @param changed time of the last change of any kind
 * @param identity all attributes in one line
 */
public record FileState(long size, Instant changed, String identity) {

    /** Returns the current state of the file at a path; empty if the file system has no such attributes. */
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
            return Optional.empty(); // unknown, whatever the file is
        }
    }
}
