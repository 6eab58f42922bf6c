package org.coop4j.study;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.base.Settings;
import org.coop4j.method.Method;
import org.coop4j.method.Roles;

/**
 * Reads the methods of a plan: names, or mappings of a name, a method and settings.
 *
 * <p>A name of the plan's own, without a method, is a context with settings, or templates.
 */
final class MethodReader {

    private static final String NAME = "name";
    private static final String METHOD = "method";
    private static final String TEMPLATES = "templates";

    private MethodReader() {}

    static List<PlannedMethod> read(PlanNode node) throws PlanException {
        List<PlannedMethod> methods = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (PlanNode item : node.items("methods")) {
            PlannedMethod method =
                    item.isMapping() || item.isList() ? described(item) : named(item);
            if (!names.add(method.name())) {
                throw item.problem("there are two methods called " + method.name());
            }
            methods.add(method);
        }
        return methods;
    }

    private static PlannedMethod named(PlanNode item) throws PlanException {
        String name = item.text(METHOD);
        Method method =
                find(name)
                        .orElseThrow(
                                () ->
                                        item.problem(
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

    private static PlannedMethod described(PlanNode item) throws PlanException {
        if (!item.isMapping()) {
            throw item.problem("a method is written as a name, or as keys with values");
        }
        PlanNode.Mapping mapping = item.mapping();
        if (!mapping.has(NAME)) {
            throw item.problem("this method has no name");
        }
        String name = mapping.get(NAME).text(NAME);
        Optional<Method> builtIn = find(name);
        Method base = base(builtIn, mapping);
        List<String> keys = new ArrayList<>(List.of(NAME, METHOD));
        keys.addAll(Settings.of((Record) base).keySet());
        keys.addAll(base.training(1).trains() ? Overrides.keys() : List.of());
        item.mapping(base.title(), keys);
        Method method = set(base, mapping);
        boolean saysSettings = builtIn.isPresent() && !builtIn.get().id().equals(name);
        if (saysSettings && !method.equals(builtIn.get())) {
            throw item.problem(
                    name + " says by its name what settings it has: give this method another name");
        }
        return new PlannedMethod(name, method, Overrides.of(mapping));
    }

    private static Method base(Optional<Method> builtIn, PlanNode.Mapping mapping)
            throws PlanException {
        PlanNode named = mapping.get(METHOD);
        if (named != null) {
            return named(named).method();
        }
        if (builtIn.isPresent() && mapping.has(TEMPLATES)) {
            throw mapping.get(TEMPLATES)
                    .problem(
                            builtIn.get().title()
                                    + " has its own templates: give this method another name");
        }
        return builtIn.orElseGet(() -> Roles.ofSettings(mapping.values().keySet()));
    }

    private static Method set(Method base, PlanNode.Mapping mapping) throws PlanException {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Map.Entry<String, Object> setting : Settings.of((Record) base).entrySet()) {
            String name = setting.getKey();
            PlanNode node = mapping.get(name);
            if (node == null) {
                continue;
            }
            boolean several = node.isList() || setting.getValue() instanceof List;
            values.put(name, several ? node.texts(name) : node.text(name));
            try {
                base.with(values);
            } catch (IllegalArgumentException e) {
                throw node.problem(e.getMessage());
            }
        }
        return base.with(values);
    }
}
