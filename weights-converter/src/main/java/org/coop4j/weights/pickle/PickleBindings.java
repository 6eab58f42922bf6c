package org.coop4j.weights.pickle;

import java.io.IOException;
import java.util.Optional;
import org.coop4j.base.InputException;

/** What a kind of file adds to plain pickles: functions, and objects kept outside the pickle. */
public interface PickleBindings {
    /** Neither functions nor outside objects. */
    PickleBindings NONE =
            new PickleBindings() {
                @Override
                public Optional<PickleFunction> function(GlobalName name) {
                    return Optional.empty();
                }

                @Override
                public Object persistent(Object id) throws IOException {
                    throw new InputException("the pickle refers to an object outside it");
                }
            };

    /** The stand-in for a function or class, or empty to make an inert {@link PyObject}. */
    Optional<PickleFunction> function(GlobalName name);

    /** The object that the file keeps outside the pickle under {@code id}. */
    Object persistent(Object id) throws IOException;
}
