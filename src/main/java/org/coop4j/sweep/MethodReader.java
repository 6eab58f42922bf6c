package org.coop4j.sweep;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.method.Method;
import org.coop4j.train.Settings;

/**
 * Reads the methods of a plan: names, or mappings of a name, a method and settings.
 *
 * <p>A name of the plan's own, without a method, is a context with settings, or templates.
 */
final class MethodReader {

    private static final String NAME = "name";
    private static final String METHOD = "method";
    private static final String TEMPLATES = "templates";

    private final PlanText text;

    MethodReader(PlanText text) {
        this.text = text;
    }

    List<PlannedMethod> read(PlanNode node) throws PlanException {
        List<PlannedMethod> methods = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (PlanNode item : text.items(node, "methods")) {
            PlannedMethod method = item instanceof PlanNode.Scalar ? named(item) : described(item);
            if (!names.add(method.name())) {
                throw text.problem(item.line(), "there are two methods called " + method.name());
            }
            methods.add(method);
        }
        return methods;
    }

    private PlannedMethod named(PlanNode item) throws PlanException {
        String name = text.text(item, METHOD);
        Method method =
                find(name)
                        .orElseThrow(
                                () ->
                                        text.problem(
                                                item.line(),
                                                "no method is called \"%s\"; there are %s, coop-mM-POSITION[-csc] with end, middle or front; or a mapping of name, method and settings"
                                                        .formatted(
                                                                name,
                                                                String.join(
                                                                        ", ",
                                                                        PlannedMethod.names()))));
        return new PlannedMethod(name, method, Overrides.none());
    }

    private static Optional<Method> find(String name) {
        try {
            return Optional.of(Method.of(name));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private PlannedMethod described(PlanNode item) throws PlanException {
        if (!(item instanceof PlanNode.Mapping mapping)) {
            throw text.problem(
                    item.line(), "a method is written as a name, or as keys with values");
        }
        if (!mapping.values().containsKey(NAME)) {
            throw text.problem(item.line(), "this method has no name");
        }
        String name = text.text(mapping.values().get(NAME), NAME);
        Optional<Method> builtIn = find(name);
        Method base = base(builtIn, mapping);
        List<String> keys = new ArrayList<>(List.of(NAME, METHOD));
        keys.addAll(Settings.of((Record) base).keySet());
        keys.addAll(base.training(1).trains() ? Overrides.keys() : List.of());
        text.mapping(item, base.title(), keys);
        Method method = set(base, mapping);
        boolean saysSettings = builtIn.isPresent() && !builtIn.get().id().equals(name);
        if (saysSettings && !method.equals(builtIn.get())) {
            throw text.problem(
                    item.line(),
                    name + " says by its name what settings it has: give this method another name");
        }
        return new PlannedMethod(name, method, Overrides.of(mapping, text));
    }

    private Method base(Optional<Method> builtIn, PlanNode.Mapping mapping) throws PlanException {
        PlanNode named = mapping.values().get(METHOD);
        if (named != null) {
            return named(named).method();
        }
        if (builtIn.isPresent() && mapping.values().containsKey(TEMPLATES)) {
            throw text.problem(
                    mapping.values().get(TEMPLATES).line(),
                    builtIn.get().title()
                            + " has its own templates: give this method another name");
        }
        return builtIn.orElseGet(() -> Method.ofSettings(mapping.values().keySet()));
    }

    private Method set(Method base, PlanNode.Mapping mapping) throws PlanException {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Map.Entry<String, Object> setting : Settings.of((Record) base).entrySet()) {
            String name = setting.getKey();
            PlanNode node = mapping.values().get(name);
            if (node == null) {
                continue;
            }
            boolean several =
                    node instanceof PlanNode.Sequence || setting.getValue() instanceof List;
            values.put(name, several ? text.texts(node, name) : text.text(node, name));
            try {
                base.with(values);
            } catch (IllegalArgumentException e) {
                throw text.problem(node.line(), e.getMessage());
            }
        }
        return base.with(values);
    }
}
