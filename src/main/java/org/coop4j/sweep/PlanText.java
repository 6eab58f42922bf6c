package org.coop4j.sweep;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Takes values out of a plan's tree; whatever is wrong is said with file and line.
 *
 * @param file the plan's name in messages
 */
record PlanText(String file) {

    PlanException problem(int line, String message) {
        return new PlanException(file + ", line " + line + ": " + message);
    }

    /**
     * A mapping that has no other keys than these.
     *
     * @param what what it is, such as "a dataset"
     */
    PlanNode.Mapping mapping(PlanNode node, String what, Collection<String> keys)
            throws PlanException {
        if (!(node instanceof PlanNode.Mapping mapping)) {
            throw problem(
                    node.line(),
                    what + " is written as keys with values: " + String.join(", ", keys));
        }
        for (String key : mapping.values().keySet()) {
            if (!keys.contains(key)) {
                throw problem(
                        mapping.keyLines().get(key),
                        "unknown key \"%s\": %s has %s"
                                .formatted(key, what, String.join(", ", keys)));
            }
        }
        return mapping;
    }

    /** The items of a list; a single value is a list of one. */
    List<PlanNode> items(PlanNode node, String what) throws PlanException {
        List<PlanNode> items =
                node instanceof PlanNode.Sequence sequence ? sequence.items() : List.of(node);
        if (items.isEmpty() || (items.get(0) instanceof PlanNode.Scalar s && s.text().isEmpty())) {
            throw problem(node.line(), what + ": nothing is listed");
        }
        return items;
    }

    /** Texts of a list, each there once. */
    List<String> texts(PlanNode node, String what) throws PlanException {
        List<String> texts = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (PlanNode item : items(node, what)) {
            String text = text(item, what);
            if (!seen.add(text)) {
                throw problem(item.line(), what + " lists \"" + text + "\" twice");
            }
            texts.add(text);
        }
        return texts;
    }

    String text(PlanNode node, String what) throws PlanException {
        if (node instanceof PlanNode.Scalar scalar && !scalar.text().isEmpty()) {
            return scalar.text();
        }
        throw problem(node.line(), what + " is missing its value");
    }

    boolean flag(PlanNode node, String what) throws PlanException {
        String text = text(node, what);
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default ->
                    throw problem(node.line(), what + " is \"" + text + "\": write true or false");
        };
    }

    /** A whole number between bounds, both included. */
    long whole(PlanNode node, String what, long least, long most) throws PlanException {
        String text = text(node, what);
        String wanted = what + " is \"" + text + "\": give a whole number, " + least + " or more";
        try {
            long value = Long.parseLong(text);
            if (value < least) {
                throw problem(node.line(), wanted);
            }
            if (value > most) {
                throw problem(node.line(), what + " is " + text + ": the most is " + most);
            }
            return value;
        } catch (NumberFormatException e) {
            throw problem(node.line(), wanted);
        }
    }
}
