package org.coop4j.study;

import java.util.List;
import java.util.stream.Stream;
import org.coop4j.method.Method;

/**
 * A method of a plan.
 *
 * @param name what the plan and its results call it
 * @param method the method with its settings
 * @param training what the plan says of its training
 */
record PlannedMethod(String name, Method method, Overrides training) {

    /** The names that plans may use without saying more, for help and messages. */
    static List<String> names() {
        List<Method> all = Method.all();
        return Stream.concat(
                        all.stream().map(Method::id),
                        all.stream().flatMap(method -> method.shortNames().stream()))
                .toList();
    }
}
