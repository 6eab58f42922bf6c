package org.coop4j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkFiles;
import org.coop4j.clip.ShippedModel;

/**
 * The path of a model on executors, and its expected hash.
 *
 * @param path a path that driver and executors see (maybe a {@code file:} URI), the name of a file that {@code --files}
 *     or {@code SparkContext.addFile} distributed, or {@code coop4j-small}
 * @param sha256 of the file, in hexadecimal
 */
record ModelLocation(String path, String sha256) implements Serializable {

    /**
     * Returns the file on this machine.
     *
     * @throws IOException if there is none
     */
    static Path file(String path) throws IOException {
        if (path.equals(ShippedModel.NAME)) {
            return ShippedModel.cached();
        }
        boolean isUri = path.startsWith("file:");
        if (path.contains("://") && !isUri) {
            throw new IOException(
                    path + " is not a local file, so it cannot be mapped: pass it with --files, and give its name");
        }
        Path file = Path.of(isUri ? URI.create(path).getPath() : path);
        if (!Files.exists(file) && file.getNameCount() == 1 && !file.isAbsolute()) {
            file = Path.of(SparkFiles.get(path));
        }
        if (!Files.exists(file)) {
            throw new IOException("no model file " + path
                    + ": give a path that the driver and all executors see, or the name of a file given to --files");
        }
        return file;
    }
}
