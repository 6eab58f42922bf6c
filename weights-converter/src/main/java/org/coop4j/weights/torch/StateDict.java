package org.coop4j.weights.torch;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.weights.pickle.Unpickler.PyObject;

/** Finds the named tensors in the object that a PyTorch file holds. */
final class StateDict {
    /** Keys under which training scripts save the state dict. */
    private static final List<String> WRAPPERS = List.of("state_dict", "model_state_dict", "model", "weights");

    private static final String DATA_PARALLEL = "module.";
    private static final int MAX_DEPTH = 64;
    private static final int MAX_VISITS = 500_000;
    private static final int KEYS_SHOWN = 8;

    private final Path file;
    private final Map<String, TorchTensor> tensors = new LinkedHashMap<>();
    private int visits;

    private StateDict(Path file) {
        this.file = file;
    }

    /** Returns the tensors of a module tree, a state dict, or a dict that contains one. */
    static Map<String, TorchTensor> find(Path file, Object root) throws InputException {
        StateDict found = new StateDict(file);
        Object container = unwrap(root, WRAPPERS.size());
        if (container instanceof Map<?, ?> map) {
            found.collectTensors(map, "");
        } else if (container instanceof PyObject module) {
            found.collectModule(module, "", 0);
        }
        if (found.tensors.isEmpty()) {
            throw InputException.in(file, "holds no state dict: " + describe(root));
        }
        return found.tensors;
    }

    private static Object unwrap(Object object, int depth) {
        if (depth > 0 && object instanceof Map<?, ?> map) {
            Optional<?> inner = WRAPPERS.stream()
                    .map(key -> (Object) map.get(key))
                    .filter(value -> value instanceof Map<?, ?> || value instanceof PyObject)
                    .findFirst();
            if (inner.isPresent()) {
                return unwrap(inner.get(), depth - 1);
            }
        }
        return object;
    }

    private void collectTensors(Object container, String prefix) throws InputException {
        if (container instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (entry.getKey() instanceof String key && entry.getValue() instanceof TorchTensor tensor) {
                    add(prefix + key, tensor);
                }
            }
        }
    }

    /** A TorchScript module has tensors and submodules as attributes; a Python module has them in three dicts. */
    private void collectModule(PyObject module, String prefix, int depth) throws InputException {
        if (depth > MAX_DEPTH || ++visits > MAX_VISITS) {
            throw InputException.in(file, "its modules are nested too deeply");
        }
        if (!(module.state() instanceof Map<?, ?> attributes)) {
            return;
        }
        collectTensors(attributes, prefix);
        collectTensors(attributes.get("_parameters"), prefix);
        collectTensors(attributes.get("_buffers"), prefix);
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
            throw InputException.in(file, "tensor " + name + " occurs twice");
        }
    }

    private static String describe(Object root) {
        if (root instanceof Map<?, ?> map) {
            return "a dict with the keys "
                    + map.keySet().stream()
                            .filter(String.class::isInstance)
                            .limit(KEYS_SHOWN)
                            .toList();
        }
        return root instanceof PyObject object
                ? "an object of class " + object.type()
                : root == null ? "None" : "a " + root.getClass().getSimpleName();
    }
}
