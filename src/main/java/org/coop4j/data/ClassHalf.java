package org.coop4j.data;

/** The classes that an experiment sees; the CoCoOp paper trains on base and tests on new. */
public enum ClassHalf {
    /** Every class. */
    ALL,
    /** The first ⌈n/2⌉ classes in label order. */
    BASE,
    /** The remaining classes, relabelled from 0. */
    NEW
}
