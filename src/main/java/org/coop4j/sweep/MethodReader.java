package org.coop4j.sweep;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.method.ClassPosition;

/** Reads the methods of a plan: names, or mappings of a name and settings. */
final class MethodReader {

    private static final String NAME = "name";
    private static final String TEMPLATES = "templates";
    private static final String CONTEXT_LENGTH = "context_length";
    private static final String POSITION = "position";
    private static final String CLASS_SPECIFIC = "class_specific";
    private static final String WORDS = "words";
    private static final List<String> SHAPE =
            List.of(CONTEXT_LENGTH, POSITION, CLASS_SPECIFIC, WORDS);

    /** More would leave no room for a class name in CLIP's 77 tokens. */
    private static final int MOST_VECTORS = 75;

    private final PlanText text;

    MethodReader(PlanText text) {
        this.text = text;
    }

    List<SweepMethod> read(PlanNode node) throws PlanException {
        List<SweepMethod> methods = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (PlanNode item : text.items(node, "methods")) {
            SweepMethod method = item instanceof PlanNode.Scalar ? named(item) : described(item);
            if (!names.add(method.name())) {
                throw text.problem(item.line(), "there are two methods called " + method.name());
            }
            methods.add(method);
        }
        return methods;
    }

    private SweepMethod named(PlanNode item) throws PlanException {
        String name = text.text(item, "method");
        Optional<SweepMethod> method = SweepMethod.named(name);
        if (method.isEmpty()) {
            throw text.problem(
                    item.line(),
                    "no method is called \"%s\"; there are %s, coop-mM-POSITION[-csc] with M of 1"
                                    .formatted(name, String.join(", ", SweepMethod.NAMES))
                            + " to 75 and end, middle or front; or a mapping of name and settings");
        }
        return method.get();
    }

    private SweepMethod described(PlanNode item) throws PlanException {
        List<String> keys = new ArrayList<>(List.of(NAME));
        keys.addAll(SHAPE);
        keys.addAll(Overrides.KEYS);
        keys.add(TEMPLATES);
        PlanNode.Mapping mapping = text.mapping(item, "a method", keys);
        if (!mapping.values().containsKey(NAME)) {
            throw text.problem(item.line(), "this method has no name");
        }
        String name = text.text(mapping.values().get(NAME), NAME);
        Optional<SweepMethod> builtIn = SweepMethod.named(name);
        if (mapping.values().containsKey(TEMPLATES)) {
            return handWritten(name, mapping);
        }
        if (builtIn.isPresent() && !(builtIn.get() instanceof SweepMethod.Context)) {
            if (mapping.values().size() > 1) {
                throw text.problem(item.line(), name + " has no settings: write its name alone");
            }
            return builtIn.get();
        }
        SweepMethod.Context context =
                builtIn.map(SweepMethod.Context.class::cast)
                        .orElse(SweepMethod.Context.reference(name));
        SweepMethod.Context changed = context(context, mapping);
        if (builtIn.isPresent() && !sameShape(context, changed)) {
            throw text.problem(
                    item.line(),
                    "%s says by its name what context it has: give this method another name"
                            .formatted(name));
        }
        return changed;
    }

    private SweepMethod handWritten(String name, PlanNode.Mapping mapping) throws PlanException {
        for (Map.Entry<String, Integer> key : mapping.keyLines().entrySet()) {
            if (!key.getKey().equals(NAME) && !key.getKey().equals(TEMPLATES)) {
                throw text.problem(
                        key.getValue(),
                        "templates are not trained: \"" + key.getKey() + "\" has no meaning here");
            }
        }
        PlanNode node = mapping.values().get(TEMPLATES);
        if (SweepMethod.named(name).isPresent()) {
            throw text.problem(
                    node.line(), name + " has its own templates: give this method another name");
        }
        List<String> templates = text.texts(node, TEMPLATES);
        for (String template : templates) {
            if (!template.contains("{}")) {
                throw text.problem(
                        node.line(),
                        "template \""
                                + template
                                + "\" has no {}: put {} where the class name belongs");
            }
        }
        return new SweepMethod.HandWritten(name, templates, false);
    }

    private SweepMethod.Context context(SweepMethod.Context base, PlanNode.Mapping mapping)
            throws PlanException {
        Map<String, PlanNode> values = mapping.values();
        PlanNode words = values.get(WORDS);
        if (words != null && values.containsKey(CONTEXT_LENGTH)) {
            throw text.problem(
                    words.line(), "words give one vector a token: leave out context_length");
        }
        PlanNode length = values.get(CONTEXT_LENGTH);
        PlanNode specific = values.get(CLASS_SPECIFIC);
        return new SweepMethod.Context(
                base.name(),
                length == null
                        ? base.length()
                        : (int) text.whole(length, CONTEXT_LENGTH, 1, MOST_VECTORS),
                position(base, values.get(POSITION)),
                specific == null ? base.classSpecific() : text.flag(specific, CLASS_SPECIFIC),
                words == null
                        ? (length == null ? base.words() : Optional.empty())
                        : Optional.of(text.text(words, WORDS)),
                Overrides.of(mapping, text));
    }

    private ClassPosition position(SweepMethod.Context base, PlanNode node) throws PlanException {
        if (node == null) {
            return base.position();
        }
        try {
            return ClassPosition.named(text.text(node, POSITION));
        } catch (IllegalArgumentException e) {
            throw text.problem(node.line(), e.getMessage());
        }
    }

    private static boolean sameShape(SweepMethod.Context a, SweepMethod.Context b) {
        return a.length() == b.length()
                && a.position() == b.position()
                && a.classSpecific() == b.classSpecific()
                && a.words().equals(b.words());
    }
}
