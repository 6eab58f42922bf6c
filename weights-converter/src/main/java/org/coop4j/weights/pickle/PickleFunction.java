package org.coop4j.weights.pickle;

import java.io.IOException;

/** What stands in for a Python function or class that a pickle may call. */
@FunctionalInterface
public interface PickleFunction {
    /**
     * Makes the object that the call would give.
     *
     * @throws IOException when the arguments are not what the function takes
     */
    Object call(Tuple arguments) throws IOException;
}
