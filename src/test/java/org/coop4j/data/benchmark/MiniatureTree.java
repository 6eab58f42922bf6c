package org.coop4j.data.benchmark;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes a dataset's folder in its true layout, with few and empty image files. */
public record MiniatureTree(Path root) {
    /** Makes numbered images in a folder. */
    public MiniatureTree images(String folder, int count) throws IOException {
        for (int i = 1; i <= count; i++) {
            file(folder + "/image_%04d.jpg".formatted(i));
        }
        return this;
    }

    public MiniatureTree file(String path) throws IOException {
        return text(path, "");
    }

    public MiniatureTree text(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        return this;
    }

    /** Copies a test resource. */
    public MiniatureTree resource(String path, String resource) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        try (InputStream in = MiniatureTree.class.getResourceAsStream(resource)) {
            Files.copy(in, file);
        }
        return this;
    }
}
