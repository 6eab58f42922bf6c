package org.coop4j.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** The times when entries of folders were last added, removed or renamed; that of a missing folder is 0. */
public record FolderTimes(Map<Path, FileTime> times) {

    /** Returns the present times. */
    public static FolderTimes of(Collection<Path> folders) {
        Map<Path, FileTime> times = new HashMap<>();
        for (Path folder : folders) {
            try {
                times.put(folder, Files.getLastModifiedTime(folder));
            } catch (IOException e) {
                times.put(folder, FileTime.fromMillis(0));
            }
        }
        return new FolderTimes(times);
    }

    /** Returns true if a folder has another time by now. */
    public boolean isChanged() {
        return !equals(of(times.keySet()));
    }
}
