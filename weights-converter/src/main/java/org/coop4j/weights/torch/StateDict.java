package org.coop4j.weights.torch;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.weights.pickle.Python.PyObject;

/** Finds the named tensors in what a PyTorch file holds. */
final class StateDict {
    /** Where training scripts put the state dict within what they save. */
    private static final List<String> WRAPPERS = List.of("state_dict", "model_state_dict", "model");

    private static final String DATA_PARALLEL = "module.";
    private static final int MAX_DEPTH = 64;
    private static final int MAX_VISITS = 500_000;

    private final Path file;
    private final Map<String, TorchTensor> tensors = new LinkedHashMap<>();
    private int visits;

    private StateDict(Path file) {
        this.file = file;
    }

    /** The tensors of a module tree, a state dict, or a dict that holds one. */
    static Map<String, TorchTensor> find(Path file, Object root) throws InputException {
        StateDict found = new StateDict(file);
        found.collect(unwrap(root));
        if (found.tensors.isEmpty()) {
            throw InputException.in(file, "holds no state dict: " + describe(root));
        }
        return found.tensors;
    }

    private static Object unwrap(Object root) {
        Object inner = root;
        for (int depth = 0; depth < WRAPPERS.size(); depth++) {
            if (!(inner instanceof Map<?, ?> map)) {
                return inner;
            }
            Object next = WRAPPERS.stream()
                    .map(map::get)
                    .filter(v -> v instanceof Map<?, ?> || v instanceof PyObject)
                    .findFirst()
                    .orElse(null);
            if (next == null) {
                return inner;
            }
            inner = next;
        }
        return inner;
    }

    private void collect(Object container) throws InputException {
        if (container instanceof Map<?, ?> map) {
            collectTensors(map, "");
        } else if (container instanceof PyObject module) {
            collectModule(module, "", 0);
        }
    }

    private void collectTensors(Map<?, ?> map, String prefix) throws InputException {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            if (entry.getKey() instanceof String key && entry.getValue() instanceof TorchTensor tensor) {
                add(prefix + key, tensor);
            }
        }
    }

    /**
     * A TorchScript module keeps tensors and sub-modules as attributes; a pickled Python module has
     * them in three dicts.
     */
    private void collectModule(PyObject module, String prefix, int depth) throws InputException {
        if (depth > MAX_DEPTH || ++visits > MAX_VISITS) {
            throw InputException.in(file, "its modules nest without end");
        }
        if (!(module.state() instanceof Map<?, ?> attributes)) {
            return;
        }
        collectTensors(attributes, prefix);
        for (String dict : List.of("_parameters", "_buffers")) {
            if (attributes.get(dict) instanceof Map<?, ?> tensorsOfModule) {
                collectTensors(tensorsOfModule, prefix);
            }
        }
        Map<?, ?> children = attributes.get("_modules") instanceof Map<?, ?> modules ? modules : attributes;
        for (Map.Entry<?, ?> child : children.entrySet()) {
            if (child.getKey() instanceof String key && child.getValue() instanceof PyObject sub) {
                collectModule(sub, prefix + key + ".", depth + 1);
            }
        }
    }

    private void add(String key, TorchTensor tensor) throws InputException {
        String name = key.startsWith(DATA_PARALLEL) ? key.substring(DATA_PARALLEL.length()) : key;
        if (++visits > MAX_VISITS) {
            throw InputException.in(file, "more than " + MAX_VISITS + " tensors");
        }
        if (tensors.put(name, tensor) != null) {
            throw InputException.in(file, "tensor " + name + " is there twice");
        }
    }

    private static String describe(Object root) {
        if (root instanceof Map<?, ?> map) {
            List<String> keys = map.keySet().stream()
                    .filter(String.class::isInstance)
                    .map(String.class::cast)
                    .limit(8)
                    .toList();
            return "a dict with the keys " + keys;
        }
        return root instanceof PyObject object
                ? "an object of class " + object.type()
                : root == null ? "None" : "a " + root.getClass().getSimpleName();
    }
}
