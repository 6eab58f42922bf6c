package org.coop4j.data;

import java.io.IOException;

/**
 * A place that a dataset is read from. Reading is deterministic: the same files and the same seed
 * give the same lists in the same order, whatever order the file system lists them in.
 */
public interface DatasetSource {
    /**
     * Reads the dataset's lists; no image is opened.
     *
     * @throws DatasetException if what is on disk is not what this source needs
     * @throws IOException if reading fails
     */
    ImageDataset load() throws IOException;
}
