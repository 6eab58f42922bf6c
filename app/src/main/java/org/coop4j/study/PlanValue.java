package org.coop4j.study;

import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.coop4j.study.SweepPlan.PlanException;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * A value in a plan: a text, a list, or keys with values; it knows its line and column, which every problem names.
 *
 * @param file the plan's name in messages
 * @param key the key that this value, or the list that it is in, belongs to
 */
record PlanValue(String file, String key, Mark place, Node node) {

    private static final int DEEPEST = 20;

    /** Refuses anchors, which could make a small plan endless, and types, which could name classes. */
    PlanValue {
        if (node.getAnchor() != null) {
            throw problem(file, place, "anchors such as &" + node.getAnchor() + " are not allowed in plans");
        }
        if (!node.getTag().startsWith(Tag.PREFIX)) {
            throw problem(file, place, "types such as " + node.getTag() + " are not allowed: give the value alone");
        }
    }

    /**
     * Parses the only document of a file.
     *
     * @param file its name in messages
     * @throws UncheckedIOException with a {@link PlanException} if it is not YAML, or more than plain values
     */
    static PlanValue parse(String file, String yaml) {
        LoaderOptions options = new LoaderOptions();
        options.setNestingDepthLimit(DEEPEST);
        try {
            Iterator<Node> documents =
                    new Yaml(options).composeAll(new StringReader(yaml)).iterator();
            if (!documents.hasNext()) {
                throw problem(file, null, "the plan is empty (coop sweep --example prints one)");
            }
            Node first = documents.next();
            if (documents.hasNext()) {
                throw problem(file, documents.next().getStartMark(), "a second document begins here: expected one");
            }
            return new PlanValue(file, "plan", first.getStartMark(), first);
        } catch (MarkedYAMLException e) {
            throw problem(file, e.getProblemMark(), "not valid YAML: " + e.getProblem());
        } catch (YAMLException e) {
            throw problem(
                    file,
                    null,
                    "not valid YAML: " + e.getMessage().lines().findFirst().orElse(""));
        }
    }

    private static UncheckedIOException problem(String file, Mark place, String message) {
        return new UncheckedIOException(new PlanException("%s, line %d, column %d: %s"
                .formatted(
                        file,
                        place == null ? 1 : place.getLine() + 1,
                        place == null ? 1 : place.getColumn() + 1,
                        message)));
    }

    /** Returns a problem with this value, to be thrown. */
    UncheckedIOException problem(String message) {
        return problem(file, place, message);
    }

    /** Refuses a value that does not hold what it should. */
    void check(boolean right, String message) {
        if (!right) {
            throw problem(message);
        }
    }

    /** Makes something of this value; what is refused is refused with key, line and column. */
    <T> T make(Supplier<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException e) {
            throw problem(e.getMessage().contains(key) ? e.getMessage() : key + ": " + e.getMessage());
        }
    }

    /** Makes something of the text. */
    <T> T read(Function<String, T> made) {
        return make(() -> made.apply(text()));
    }

    /** Makes something of a key's value, if it is there. */
    <T> T get(String name, T usual, Function<PlanValue, T> made) {
        return get(name).map(made).orElse(usual);
    }

    boolean isText() {
        return node instanceof ScalarNode;
    }

    boolean isList() {
        return node instanceof SequenceNode;
    }

    boolean hasKeys() {
        return node instanceof MappingNode;
    }

    /** Returns the text, which is not empty. */
    String text() {
        boolean hasText = node instanceof ScalarNode && !node.getTag().equals(Tag.NULL);
        String text = hasText ? ((ScalarNode) node).getValue().strip() : "";
        check(!text.isEmpty(), key + " has no value");
        return text;
    }

    /** Returns a whole number between bounds, both included. */
    long whole(long least, long most) {
        return whole(key, text(), least, most);
    }

    /** Returns the whole number of a text, which a problem names. */
    long whole(String name, String text, long least, long most) {
        check(
                text.matches("[+-]?\\d{1,18}") && Long.parseLong(text) >= least,
                "%s: expected a whole number, %d or more, got \"%s\"".formatted(name, least, text));
        long number = Long.parseLong(text);
        check(number <= most, "%s: expected at most %d, got %s".formatted(name, most, text));
        return number;
    }

    /** Returns the items of a list, at least one; a single value is a list of one. */
    List<PlanValue> items() {
        if (!isList()) {
            return List.of(this);
        }
        List<PlanValue> items = new ArrayList<>();
        for (Node item : ((SequenceNode) node).getValue()) {
            items.add(new PlanValue(file, key, item.getStartMark(), item));
        }
        check(!items.isEmpty(), key + " lists nothing");
        return items;
    }

    /** Makes something of each item of a list of different texts. */
    <T> List<T> each(Function<PlanValue, T> make) {
        return each(make, (item, made) -> item.text());
    }

    /** Makes something of each item of a list; all of them have different names. */
    <T> List<T> each(Function<PlanValue, T> make, BiFunction<PlanValue, T, String> name) {
        Set<String> names = new HashSet<>();
        List<T> all = new ArrayList<>();
        for (PlanValue item : items()) {
            T made = make.apply(item);
            String called = name.apply(item, made);
            item.check(names.add(called), "%s lists %s twice: omit one or rename it".formatted(key, called));
            all.add(made);
        }
        return all;
    }

    /** Returns the values by their keys; none of a text or a list. */
    Map<String, PlanValue> values() {
        Map<String, PlanValue> values = new LinkedHashMap<>();
        if (node instanceof MappingNode mapping) {
            for (NodeTuple pair : mapping.getValue()) {
                Mark start = pair.getKeyNode().getStartMark();
                String name = new PlanValue(file, "a key", start, pair.getKeyNode()).text();
                PlanValue value = new PlanValue(file, name, start, pair.getValueNode());
                value.check(values.put(name, value) == null, "the key \"%s\" appears twice".formatted(name));
            }
        }
        return values;
    }

    /** Returns the value of a key, if it is there. */
    Optional<PlanValue> get(String name) {
        return Optional.ofNullable(values().get(name));
    }

    /** Returns the value of a key that has to be there. */
    PlanValue require(String name) {
        return get(name)
                .orElseThrow(() ->
                        problem("the plan has no %s here (coop sweep --example prints a whole plan)".formatted(name)));
    }

    /**
     * Checks that it has no other keys than these.
     *
     * @param name of what has the keys, such as "a dataset"
     */
    void requireKeys(String name, List<String> more, String... keys) {
        check(hasKeys(), name + " is written as keys with values");
        List<String> allowed = new ArrayList<>(List.of(keys));
        allowed.addAll(more);
        values().forEach((own, value) -> value.check(
                allowed.contains(own),
                "unknown key \"%s\": %s has %s".formatted(own, name, String.join(", ", allowed))));
    }
}
