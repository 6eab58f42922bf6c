package org.coop4j.weights.pickle;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.weights.pickle.Python.GlobalName;
import org.coop4j.weights.pickle.Python.OrderedDict;
import org.coop4j.weights.pickle.Python.Tuple;
import org.coop4j.weights.pickle.Unpickler.Function;

/**
 * Python's containers, which any pickle may call for. Nothing else of Python is bound: not {@code getattr}, not {@code
 * eval}, not a single function with a side effect.
 */
record PythonBuiltins(Budget budget) {

    Optional<Function> function(GlobalName name) {
        return Optional.ofNullable(
                switch (name.toString().replace("__builtin__.", "builtins.")) {
                    case "builtins.dict", "collections.Counter" ->
                        arguments -> fill(new LinkedHashMap<>(), arguments, 0);
                    case "collections.OrderedDict" -> arguments -> fill(new OrderedDict(), arguments, 0);
                    case "collections.defaultdict" -> arguments -> fill(new LinkedHashMap<>(), arguments, 1);
                    case "builtins.list" -> arguments -> new ArrayList<>(items(arguments, 0));
                    case "builtins.tuple" ->
                        arguments -> Tuple.of(items(arguments, 0).toArray());
                    case "builtins.set", "builtins.frozenset" -> this::set;
                    case "builtins.bytes", "builtins.bytearray" -> this::bytes;
                    case "_codecs.encode" -> this::encode;
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

    private Object set(Tuple arguments) throws IOException {
        LinkedHashSet<Object> set = new LinkedHashSet<>();
        for (Object item : items(arguments, 0)) {
            set.add(budget.key(item));
        }
        return set;
    }

    private Object bytes(Tuple arguments) throws IOException {
        if (arguments.isEmpty()) {
            return new byte[0];
        }
        return arguments.get(0) instanceof byte[] bytes ? bytes : encode(arguments);
    }

    /** Encodes text: protocols 0 to 2 write bytes as {@code _codecs.encode(text, 'latin1')}. */
    private Object encode(Tuple arguments) throws IOException {
        if (arguments.size() != 2
                || !(arguments.get(0) instanceof String text)
                || !(arguments.get(1) instanceof String encoding)) {
            throw budget.problem("encodes something other than text");
        }
        budget.spendBytes(text.length());
        return switch (encoding) {
            case "latin1", "latin-1" -> text.getBytes(StandardCharsets.ISO_8859_1);
            case "utf-8", "utf8", "ascii" -> text.getBytes(StandardCharsets.UTF_8);
            default -> throw budget.problem("uses the encoding " + encoding);
        };
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
