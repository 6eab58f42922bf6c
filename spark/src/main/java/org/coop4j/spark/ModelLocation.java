package org.coop4j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkFiles;
import org.coop4j.clip.ShippedModel;

/**
 * Where executors find a model, and what it has to be.
 *
 * @param path a path that driver and executors see (a {@code file:} URI may be given), the bare
 *     name of a file that {@code --files} or {@code SparkContext.addFile} distributed, or {@code
 *     coop4j-small}
 * @param sha256 of the file, in hexadecimal
 */
record ModelLocation(String path, String sha256) implements Serializable {

    /**
     * The file in this JVM.
     *
     * @throws IOException if there is none, saying where models may be
     */
    static Path file(String path) throws IOException {
        if (path.equals(ShippedModel.NAME)) {
            return ShippedModel.cached();
        }
        Path file = local(path);
        if (Files.exists(file)) {
            return file;
        }
        if (file.getNameCount() == 1 && !file.isAbsolute()) {
            Path distributed = Path.of(SparkFiles.get(path));
            if (Files.exists(distributed)) {
                return distributed;
            }
        }
        throw new IOException("no model file "
                + path
                + ": give a path that the driver and every executor see, or distribute the"
                + " file with --files and give its name alone");
    }

    private static Path local(String path) throws IOException {
        if (path.startsWith("file:")) {
            return Path.of(URI.create(path).getPath());
        }
        if (path.contains("://")) {
            throw new IOException(path
                    + " is not a local file, and weights are memory-mapped: distribute it"
                    + " with --files and give its name alone");
        }
        return Path.of(path);
    }
}
