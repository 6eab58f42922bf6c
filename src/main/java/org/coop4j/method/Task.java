package org.coop4j.method;

import java.util.List;

/**
 * A classification task.
 *
 * @param classNames class names in the order of the labels
 * @param template hand-written prompt for these images, with {@code {}} for the class name
 * @param seed seed of a learner's random draws
 */
public record Task(List<String> classNames, String template, long seed) {

    public Task {
        classNames = ClassName.checked(classNames);
    }

    /** Returns the same task with other classes. */
    public Task withClasses(List<String> names) {
        return new Task(names, template, seed);
    }
}
