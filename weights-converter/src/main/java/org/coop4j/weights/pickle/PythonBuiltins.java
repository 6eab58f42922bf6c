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
import org.coop4j.weights.pickle.PickleBindings.PickleFunction;
import org.coop4j.weights.pickle.Python.GlobalName;
import org.coop4j.weights.pickle.Python.OrderedDict;
import org.coop4j.weights.pickle.Python.Tuple;

/**
 * The containers of Python that any pickle may call for. Nothing else of Python is bound: not
 * {@code getattr}, not {@code eval}, not a single function with an effect.
 */
final class PythonBuiltins {
    private final Budget budget;

    PythonBuiltins(Budget budget) {
        this.budget = budget;
    }

    Optional<PickleFunction> function(GlobalName name) {
        PickleFunction function =
                switch (name.module()) {
                    case "builtins", "__builtin__" -> builtin(name.name());
                    case "collections" -> collection(name.name());
                    case "_codecs" -> name.name().equals("encode") ? this::encode : null;
                    default -> null;
                };
        return Optional.ofNullable(function);
    }

    private PickleFunction builtin(String name) {
        return switch (name) {
            case "dict" -> arguments -> fill(new LinkedHashMap<>(), arguments, 0);
            case "list" -> arguments -> new ArrayList<>(optionalItems(arguments));
            case "tuple" -> arguments -> Tuple.of(optionalItems(arguments).toArray());
            case "set", "frozenset" -> this::set;
            case "bytes", "bytearray" -> this::bytes;
            default -> null;
        };
    }

    private PickleFunction collection(String name) {
        return switch (name) {
            case "OrderedDict" -> arguments -> fill(new OrderedDict(), arguments, 0);
            case "Counter" -> arguments -> fill(new LinkedHashMap<>(), arguments, 0);
            case "defaultdict" -> arguments -> fill(new LinkedHashMap<>(), arguments, 1);
            default -> null;
        };
    }

    /** Entries come as a dict or as a list of pairs, at position {@code at} of the arguments. */
    private Map<Object, Object> fill(Map<Object, Object> target, Tuple arguments, int at) throws IOException {
        if (arguments.size() <= at) {
            return target;
        }
        if (arguments.get(at) instanceof Map<?, ?> source) {
            budget.spend(source.size());
            target.putAll(source);
            return target;
        }
        for (Object item : items(arguments, at)) {
            if (!(item instanceof List<?> pair) || pair.size() != 2) {
                throw budget.problem("makes a dict of something that is not pairs");
            }
            target.put(budget.key(pair.get(0)), pair.get(1));
        }
        return target;
    }

    private Object set(Tuple arguments) throws IOException {
        LinkedHashSet<Object> set = new LinkedHashSet<>();
        for (Object item : optionalItems(arguments)) {
            set.add(budget.key(item));
        }
        return set;
    }

    private Object bytes(Tuple arguments) throws IOException {
        if (arguments.isEmpty()) {
            return new byte[0];
        }
        if (arguments.get(0) instanceof byte[] bytes) {
            return bytes;
        }
        return encode(arguments);
    }

    /** Protocols 0 to 2 write bytes as {@code _codecs.encode(text, 'latin1')}. */
    private Object encode(Tuple arguments) throws IOException {
        if (arguments.size() != 2
                || !(arguments.get(0) instanceof String text)
                || !(arguments.get(1) instanceof String encoding)) {
            throw budget.problem("encodes something that is not text");
        }
        budget.spendBytes(text.length());
        return switch (encoding) {
            case "latin1", "latin-1" -> text.getBytes(StandardCharsets.ISO_8859_1);
            case "utf-8", "utf8", "ascii" -> text.getBytes(StandardCharsets.UTF_8);
            default -> throw budget.problem("uses the encoding " + encoding);
        };
    }

    private Collection<?> optionalItems(Tuple arguments) throws IOException {
        return arguments.isEmpty() ? List.of() : items(arguments, 0);
    }

    private Collection<?> items(Tuple arguments, int at) throws IOException {
        if (!(arguments.get(at) instanceof Collection<?> source)) {
            throw budget.problem("makes a container of something that is none");
        }
        budget.spend(source.size());
        return source;
    }
}
