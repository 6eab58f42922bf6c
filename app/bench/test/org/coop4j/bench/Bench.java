package org.coop4j.bench;

import java.util.List;
import org.coop4j.cli.Coop;

/** Measurements for developers of coop4j, in addition to {@code coop bench}; see docs/measurements/speed.md. */
public final class Bench {

    private Bench() {}

    /** Runs a measurement, such as {@code all} or {@code serve}, with its options. */
    public static void main(String[] arguments) {
        Coop.main(
                List.of(
                        AllCommand.class,
                        CalibrationCommand.class,
                        LabelsCommand.class,
                        LoadCommand.class,
                        MethodsCommand.class,
                        PredictCommand.class,
                        ServeCommand.class),
                arguments);
    }
}
