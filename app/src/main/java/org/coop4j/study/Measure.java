package org.coop4j.study;

/** A score of a run, in percent. */
public enum Measure {
    /** Share of test images classified rightly. */
    ACCURACY,
    /** Mean F1 over the classes. */
    MACRO_F1,
    /** Expected calibration error over 15 bins: small is good. */
    CALIBRATION_ERROR
}
