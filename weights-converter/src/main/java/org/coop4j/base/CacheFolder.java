package org.coop4j.base;

import java.nio.file.Path;
import java.util.Map;

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

    /** Returns the folder of the hashes of models. */
    public static Path hashes() {
        return of(System.getenv()).resolve("hash");
    }
}
