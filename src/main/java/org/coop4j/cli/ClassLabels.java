package org.coop4j.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.cli.options.ClassOptions;
import org.coop4j.console.CommandFailure;

/** Finds the class of each image by the name of its folder. */
final class ClassLabels {

    private static final int NAMED = 5;

    private ClassLabels() {}

    /**
     * The label of each image; a folder and a class are the same when they make the same prompt.
     *
     * @throws CommandFailure if a folder is none of the classes
     */
    static List<Integer> of(ImageInputs inputs, List<String> classes) {
        Map<String, Integer> labelByName = new HashMap<>();
        for (int label = 0; label < classes.size(); label++) {
            labelByName.put(ClassOptions.inPrompt(classes.get(label)), label);
        }
        List<String> unknown = new ArrayList<>(inputs.folders());
        unknown.removeIf(folder -> labelByName.containsKey(ClassOptions.inPrompt(folder)));
        if (!unknown.isEmpty()) {
            throw new CommandFailure(
                    "the folder%s %s %s not among the classes: add the class, or name the images themselves"
                            .formatted(
                                    unknown.size() == 1 ? "" : "s",
                                    named(unknown),
                                    unknown.size() == 1 ? "is" : "are"));
        }
        return inputs.truth().stream()
                .map(folder -> labelByName.get(ClassOptions.inPrompt(folder)))
                .toList();
    }

    private static String named(List<String> folders) {
        String first = String.join(", ", folders.subList(0, Math.min(NAMED, folders.size())));
        return folders.size() <= NAMED
                ? first
                : first + " and " + (folders.size() - NAMED) + " others";
    }
}
