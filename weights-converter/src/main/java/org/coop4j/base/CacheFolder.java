package org.coop4j.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/** The folder that keeps features, random models and hashes between runs. */
public final class CacheFolder {

    private CacheFolder() {}

    /** Returns {@code $COOP_CACHE}, or coop4j's folder in the user's cache. */
    public static Path of(Map<String, String> environment) {
        String own = environment.get("COOP_CACHE");
        if (own != null && !own.isBlank()) {
            return Path.of(own);
        }
        String cache = environment.get("XDG_CACHE_HOME");
        Path folder =
                cache != null && !cache.isBlank() ? Path.of(cache) : Path.of(System.getProperty("user.home"), ".cache");
        return folder.resolve("coop4j");
    }

    /** Returns the folder of the feature banks. */
    public static Path bank() {
        return of(System.getenv()).resolve("bank");
    }

    /** Deletes a folder of the program's own with all that is in it, if it is there. */
    public static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** Returns the folder of the hashes of models. */
    public static Path hashes() {
        return of(System.getenv()).resolve("hash");
    }
}
