package org.coop4j.study;

import java.io.Serializable;

/** A part of a sweep's work, which any process that sees the sweep's files can do. */
public sealed interface SweepJob extends Serializable {

    /** Folder of the run that it is part of, below that of the sweep. */
    String run();

    /**
     * Encodes images that a run has in common with those around it, into the bank.
     *
     * @param part which of them, counted from 0
     * @param parts parts of all of them
     */
    record Encode(String run, int part, int parts) implements SweepJob {}

    /** Makes a run, and records a failure in its folder. */
    record Make(String run) implements SweepJob {}
}
