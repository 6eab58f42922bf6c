package org.coop4j.predict;

import java.io.IOException;
import java.util.List;

/** Is told what comes of each of many images. */
public interface PredictionListener {

    /**
     * Image {@code index} was classified.
     *
     * @param ranked all classes, the most probable first
     */
    void predicted(int index, List<Prediction> ranked);

    /** Image {@code index} cannot be read or decoded; the rest goes on. */
    void failed(int index, IOException problem);
}
