package org.coop4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** The published split files among the test resources. */
public final class GoldenSplits {
    private GoldenSplits() {}

    public static byte[] bytes(String resource) throws IOException {
        try (InputStream in = new GZIPInputStream(GoldenSplits.class.getResourceAsStream(resource))) {
            return in.readAllBytes();
        }
    }

    public static ImageDataset read(String splitResource, Path folder) throws IOException {
        Path json = folder.resolve("split.json");
        Files.write(json, bytes(splitResource));
        return new SplitFile("golden", json, folder.resolve("images")).read().dataset();
    }
}
