package org.coop4j.sweep;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads YAML into a tree that knows its lines, which Jackson's own trees forget. */
final class PlanYaml {

    /** A plan is written by hand. */
    private static final long MOST_BYTES = 1 << 20;

    /** What SnakeYAML says of a problem, and the line that it is in. */
    private static final Pattern PROBLEM =
            Pattern.compile("([^\\n]+)\\n in 'reader', line (\\d+)", Pattern.DOTALL);

    private final PlanText text;
    private final YAMLParser parser;

    private PlanYaml(PlanText text, YAMLParser parser) {
        this.text = text;
        this.parser = parser;
    }

    /**
     * Reads a file.
     *
     * @throws PlanException if it is no YAML, or uses what plans do not have, naming the line
     */
    static PlanNode read(Path file, PlanText text) throws IOException {
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw new PlanException(file + " has more than a megabyte: this is no plan");
            }
            return parse(Files.readString(file), text);
        } catch (NoSuchFileException e) {
            throw new PlanException(
                    "no such plan: " + file + " (coop sweep --example prints one)", e);
        } catch (CharacterCodingException e) {
            throw new PlanException(file + " is not UTF-8: save it as UTF-8", e);
        }
    }

    static PlanNode parse(String yaml, PlanText text) throws IOException {
        try (YAMLParser parser = new YAMLFactory().createParser(yaml)) {
            PlanYaml reader = new PlanYaml(text, parser);
            if (parser.nextToken() == null) {
                throw text.problem(1, "the plan is empty (coop sweep --example prints one)");
            }
            PlanNode root = reader.node();
            if (parser.nextToken() != null) {
                throw text.problem(reader.line(), "a second document begins: a plan is one");
            }
            return root;
        } catch (JsonProcessingException e) {
            throw notYaml(e, text);
        }
    }

    private static PlanException notYaml(JsonProcessingException e, PlanText text) {
        Matcher matcher = PROBLEM.matcher(e.getOriginalMessage());
        String problem = e.getOriginalMessage().lines().findFirst().orElse("");
        int line = e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr());
        while (matcher.find()) { // the last is the nearest to the problem
            problem = matcher.group(1).strip();
            line = Integer.parseInt(matcher.group(2));
        }
        return text.problem(line, "this is no YAML: " + problem);
    }

    private int line() {
        return parser.currentTokenLocation().getLineNr();
    }

    private PlanNode node() throws IOException {
        if (parser.getTypeId() != null) {
            throw text.problem(
                    line(), "types such as !!int are not used in plans: write the value");
        }
        JsonToken token = parser.currentToken();
        if (token == JsonToken.START_OBJECT) {
            return mapping();
        }
        if (token == JsonToken.START_ARRAY) {
            return sequence();
        }
        if (parser.isCurrentAlias()) {
            throw text.problem(
                    line(), "references such as *" + parser.getText() + " are not used in plans");
        }
        return new PlanNode.Scalar(
                line(), token == JsonToken.VALUE_NULL ? "" : parser.getText().strip());
    }

    private PlanNode mapping() throws IOException {
        int begin = line();
        Map<String, PlanNode> values = new LinkedHashMap<>();
        Map<String, Integer> keyLines = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            int keyLine = line();
            parser.nextToken();
            if (values.put(key, node()) != null) {
                throw text.problem(keyLine, "\"" + key + "\" is there twice");
            }
            keyLines.put(key, keyLine);
        }
        return new PlanNode.Mapping(begin, values, keyLines);
    }

    private PlanNode sequence() throws IOException {
        int begin = line();
        List<PlanNode> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            items.add(node());
        }
        return new PlanNode.Sequence(begin, items);
    }
}
