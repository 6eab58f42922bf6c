package org.coop4j.study;

import java.util.List;
import java.util.OptionalDouble;
import org.coop4j.run.RunResult;

/**
 * What one run measured, or one hand-written prompt, of which the accuracy alone is known.
 *
 * @param accuracy in percent
 * @param macroF1 in percent, if known
 * @param calibrationError in percent, if known
 * @param perClass results of each class, if known
 */
public record Measured(
        double accuracy,
        OptionalDouble macroF1,
        OptionalDouble calibrationError,
        List<RunResult.PerClass> perClass) {

    /** Copies the list. */
    public Measured {
        perClass = List.copyOf(perClass);
    }

    static Measured of(RunResult result) {
        return new Measured(
                result.accuracy(),
                OptionalDouble.of(result.macroF1()),
                OptionalDouble.of(100 * result.calibrationError()),
                result.perClass());
    }

    static Measured of(double accuracy) {
        return new Measured(accuracy, OptionalDouble.empty(), OptionalDouble.empty(), List.of());
    }

    OptionalDouble value(Measure measure) {
        return switch (measure) {
            case ACCURACY -> OptionalDouble.of(accuracy);
            case MACRO_F1 -> macroF1;
            case CALIBRATION_ERROR -> calibrationError;
        };
    }
}
