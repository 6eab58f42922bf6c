package org.coop4j.study;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** A value in a plan's YAML. Whatever is wrong with it is said with file and line. */
final class PlanNode {

    /** A plan is written by hand. */
    private static final int MOST_BYTES = 1 << 20;

    /** What YAML takes plain text for; nothing is made of any other type, nor of these. */
    private static final Set<Tag> TAGS =
            Set.of(
                    Tag.STR,
                    Tag.INT,
                    Tag.FLOAT,
                    Tag.BOOL,
                    Tag.NULL,
                    Tag.TIMESTAMP,
                    Tag.MERGE,
                    Tag.SEQ,
                    Tag.MAP);

    private final String file;
    private final Node node;

    private PlanNode(String file, Node node) {
        this.file = file;
        this.node = node;
    }

    /**
     * Keys with values, in their order.
     *
     * @param whole the mapping itself
     * @param keys the keys as they stand in the plan
     */
    record Mapping(PlanNode whole, Map<String, PlanNode> values, Map<String, PlanNode> keys) {

        boolean has(String key) {
            return values.containsKey(key);
        }

        /** A value, or null. */
        PlanNode get(String key) {
            return values.get(key);
        }

        /** A text, or null. */
        String text(String key) throws PlanException {
            return has(key) ? get(key).text(key) : null;
        }
    }

    /**
     * Reads a file.
     *
     * @throws PlanException if it is no YAML, or uses what plans do not have, naming the line
     */
    static PlanNode read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] content = in.readNBytes(MOST_BYTES + 1); // of a device, more would come for ever
            if (content.length > MOST_BYTES) {
                throw new PlanException(file + " has more than a megabyte: this is no plan");
            }
            String yaml = UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
            return parse(yaml, String.valueOf(file.getFileName()));
        } catch (NoSuchFileException e) {
            throw new PlanException(
                    "no such plan: " + file + " (coop sweep --example prints one)", e);
        } catch (CharacterCodingException e) {
            throw new PlanException(file + " is not UTF-8: save it as UTF-8", e);
        }
    }

    private static PlanNode parse(String yaml, String file) throws PlanException {
        try {
            Yaml reader = new Yaml(new SafeConstructor(new LoaderOptions()));
            Iterator<Node> documents = reader.composeAll(new StringReader(yaml)).iterator();
            if (!documents.hasNext()) {
                throw problem(file, 1, "the plan is empty (coop sweep --example prints one)");
            }
            PlanNode root = new PlanNode(file, documents.next());
            if (documents.hasNext()) {
                throw new PlanNode(file, documents.next())
                        .problem("a second document begins: a plan is one");
            }
            root.requirePlain();
            return root;
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
            throw problem(file, line, "this is no YAML: " + e.getProblem());
        } catch (YAMLException e) {
            String first = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw problem(file, 1, "this is no YAML: " + first);
        }
    }

    /** Anchors could make a small plan endless, and types could name classes. */
    private void requirePlain() throws PlanException {
        if (node.getAnchor() != null) {
            throw problem("anchors such as &" + node.getAnchor() + " are not used in plans");
        }
        if (!TAGS.contains(node.getTag())) {
            throw problem("types such as " + node.getTag() + " are not used: write the value");
        }
        if (node instanceof SequenceNode) {
            for (PlanNode item : items()) {
                item.requirePlain();
            }
        } else if (node instanceof MappingNode) {
            Mapping mapping = mapping();
            for (PlanNode value : mapping.values.values()) {
                value.requirePlain();
            }
        }
    }

    private static PlanException problem(String file, int line, String message) {
        return new PlanException(file + ", line " + line + ": " + message);
    }

    /** That something is wrong here. */
    PlanException problem(String message) {
        return problem(file, node.getStartMark().getLine() + 1, message);
    }

    boolean isMapping() {
        return node instanceof MappingNode;
    }

    boolean isList() {
        return node instanceof SequenceNode;
    }

    /** A mapping with whatever keys. */
    Mapping mapping() throws PlanException {
        Map<String, PlanNode> values = new LinkedHashMap<>();
        Map<String, PlanNode> keys = new LinkedHashMap<>();
        for (NodeTuple entry : ((MappingNode) node).getValue()) {
            PlanNode key = new PlanNode(file, entry.getKeyNode());
            String name = key.text("a key");
            if (keys.put(name, key) != null) {
                throw key.problem("\"" + name + "\" is there twice");
            }
            values.put(name, new PlanNode(file, entry.getValueNode()));
        }
        return new Mapping(this, values, keys);
    }

    /**
     * A mapping that has no other keys than these.
     *
     * @param what what it is, such as "a dataset"
     */
    Mapping mapping(String what, Collection<String> allowed) throws PlanException {
        if (!isMapping()) {
            throw problem(what + " is written as keys with values: " + String.join(", ", allowed));
        }
        Mapping mapping = mapping();
        for (Map.Entry<String, PlanNode> key : mapping.keys.entrySet()) {
            if (!allowed.contains(key.getKey())) {
                throw key.getValue()
                        .problem(
                                "unknown key \"%s\": %s has %s"
                                        .formatted(key.getKey(), what, String.join(", ", allowed)));
            }
        }
        return mapping;
    }

    private List<PlanNode> items() {
        return ((SequenceNode) node)
                .getValue().stream().map(item -> new PlanNode(file, item)).toList();
    }

    /** The items of a list; a single value is a list of one. */
    List<PlanNode> items(String what) throws PlanException {
        List<PlanNode> items = isList() ? items() : List.of(this);
        if (items.isEmpty() || items.get(0).isEmpty()) {
            throw problem(what + ": nothing is listed");
        }
        return items;
    }

    /** Texts of a list, each there once. */
    List<String> texts(String what) throws PlanException {
        List<String> texts = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (PlanNode item : items(what)) {
            String text = item.text(what);
            if (!seen.add(text)) {
                throw item.problem(what + " lists \"" + text + "\" twice");
            }
            texts.add(text);
        }
        return texts;
    }

    /** A text or a number as it was written; empty where there is nothing, or no scalar. */
    private String scalar() {
        return node instanceof ScalarNode scalar && !node.getTag().equals(Tag.NULL)
                ? scalar.getValue().strip()
                : "";
    }

    private boolean isEmpty() {
        return node instanceof ScalarNode && scalar().isEmpty();
    }

    String text(String what) throws PlanException {
        String text = scalar();
        if (text.isEmpty()) {
            throw problem(what + " is missing its value");
        }
        return text;
    }

    boolean flag(String what) throws PlanException {
        String text = text(what);
        if (!text.equals("true") && !text.equals("false")) {
            throw problem(what + " is \"" + text + "\": write true or false");
        }
        return Boolean.parseBoolean(text);
    }

    /** A whole number between bounds, both included. */
    long whole(String what, long least, long most) throws PlanException {
        String text = text(what);
        String wanted = what + " is \"" + text + "\": give a whole number, " + least + " or more";
        try {
            long value = Long.parseLong(text);
            if (value < least) {
                throw problem(wanted);
            }
            if (value > most) {
                throw problem(what + " is " + text + ": the most is " + most);
            }
            return value;
        } catch (NumberFormatException e) {
            throw problem(wanted);
        }
    }
}
