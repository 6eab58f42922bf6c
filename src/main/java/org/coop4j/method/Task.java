package org.coop4j.method;

import java.util.List;

/**
 * What a classifier is to tell apart.
 *
 * @param classNames names of the classes, by label
 * @param template the hand-written prompt that suits the images, {@code {}} standing for the class
 *     name
 * @param ensemble the hand-written prompts whose features the reference averages for these images
 * @param seed where a learner's random draws begin
 */
public record Task(List<String> classNames, String template, List<String> ensemble, long seed) {

    public Task {
        classNames = List.copyOf(classNames);
        ensemble = List.copyOf(ensemble);
    }

    /** The same task with other classes. */
    public Task withClasses(List<String> names) {
        return new Task(names, template, ensemble, seed);
    }
}
