package org.coop4j.sweep;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.method.Method;

/**
 * A method of a plan.
 *
 * @param name what the plan and its results call it
 * @param method the method with its settings
 * @param training what the plan says of its training
 */
record PlannedMethod(String name, Method method, Overrides training) {

    /** Short names of methods with settings in them, for help and messages. */
    private static final List<String> SHORT =
            List.of(
                    "ensemble-7",
                    "ensemble-8",
                    "ensemble-80",
                    "coop-m16-end",
                    "coop-m16-end-csc",
                    "coop-m16-middle",
                    "coop-m16-middle-csc",
                    "coop-m4-end",
                    "coop-words");

    /** The names that plans may use without saying more, for help and messages. */
    static List<String> names() {
        List<String> names = new ArrayList<>(Method.all().stream().map(Method::id).toList());
        names.addAll(SHORT);
        return names;
    }
}
