package org.coop4j.weights.pickle;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.IoFunction;
import org.coop4j.weights.pickle.Unpickler.GlobalName;
import org.coop4j.weights.pickle.Unpickler.OrderedDict;
import org.coop4j.weights.pickle.Unpickler.Tuple;

/**
 * Python's lists and dicts, which state dicts are made of. Nothing else of Python is bound: not {@code getattr}, not {@code
 * eval}, not a single function with a side effect.
 */
record PythonBuiltins(Budget budget) {

    Optional<IoFunction<Tuple, Object>> function(GlobalName name) {
        return Optional.ofNullable(
                switch (name.toString().replace("__builtin__.", "builtins.")) {
                    case "builtins.dict", "collections.Counter" ->
                        arguments -> fill(new LinkedHashMap<>(), arguments, 0);
                    case "collections.OrderedDict" -> arguments -> fill(new OrderedDict(), arguments, 0);
                    case "collections.defaultdict" -> arguments -> fill(new LinkedHashMap<>(), arguments, 1);
                    case "builtins.list" -> arguments -> new ArrayList<>(items(arguments, 0));
                    case "builtins.tuple" ->
                        arguments -> Tuple.of(items(arguments, 0).toArray());
                    default -> null;
                });
    }

    /** Adds entries, which come as a dict or as a list of pairs in argument {@code at}. */
    private Map<Object, Object> fill(Map<Object, Object> target, Tuple arguments, int at) throws IOException {
        if (arguments.size() > at && arguments.get(at) instanceof Map<?, ?> source) {
            budget.spend(source.size());
            target.putAll(source);
            return target;
        }
        for (Object item : items(arguments, at)) {
            if (!(item instanceof List<?> pair) || pair.size() != 2) {
                throw budget.problem("makes a dict of something other than pairs");
            }
            target.put(budget.key(pair.get(0)), pair.get(1));
        }
        return target;
    }

    /** Returns the items of an argument, none if it is missing. */
    private Collection<?> items(Tuple arguments, int at) throws IOException {
        if (arguments.size() <= at) {
            return List.of();
        }
        if (!(arguments.get(at) instanceof Collection<?> source)) {
            throw budget.problem("makes a container of something that is not one");
        }
        budget.spend(source.size());
        return source;
    }
}
