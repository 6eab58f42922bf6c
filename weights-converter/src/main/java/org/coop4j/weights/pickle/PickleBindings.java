package org.coop4j.weights.pickle;

import java.io.IOException;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.weights.pickle.Python.GlobalName;
import org.coop4j.weights.pickle.Python.PyObject;
import org.coop4j.weights.pickle.Python.Tuple;

/** What a kind of file adds to plain pickles: functions, and objects kept outside the pickle. */
public interface PickleBindings {
    /** Neither functions nor outside objects. */
    PickleBindings NONE = new PickleBindings() {
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
}
