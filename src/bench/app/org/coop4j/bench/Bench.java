package org.coop4j.bench;

import java.util.Map;
import org.coop4j.cli.Coop;

/** Measurements for developers of coop4j, in addition to {@code coop bench}; see docs/performance.md. */
public final class Bench {

    private Bench() {}

    /** Runs a measurement, such as {@code all} or {@code serve}, with its options. */
    public static void main(String[] arguments) {
        Coop.main(
                Map.of(
                        "all", AllCommand::new,
                        "load", LoadCommand::new,
                        "methods", MethodsCommand::new,
                        "predict", PredictCommand::new,
                        "serve", ServeCommand::new),
                arguments);
    }
}
