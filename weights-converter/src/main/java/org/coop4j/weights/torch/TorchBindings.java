package org.coop4j.weights.torch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.pickle.PickleBindings;
import org.coop4j.weights.pickle.PickleBindings.PickleFunction;
import org.coop4j.weights.pickle.Python.GlobalName;
import org.coop4j.weights.pickle.Python.Tuple;
import org.coop4j.weights.torch.Storage.StorageType;

/** The functions of PyTorch that build tensors, and the storages that pickles refer to. */
final class TorchBindings implements PickleBindings {
    /** Finds the bytes of a storage in an archive; null where they come later. */
    @FunctionalInterface
    interface Locator {
        FileRegion locate(Storage storage) throws IOException;
    }

    private final Path file;
    private final Locator locator;
    private final Map<String, Storage> storages = new LinkedHashMap<>();

    TorchBindings(Path file, Locator locator) {
        this.file = file;
        this.locator = locator;
    }

    /** The storages that were referred to, by key, in order of first mention. */
    Map<String, Storage> storages() {
        return storages;
    }

    @Override
    public Optional<PickleFunction> function(GlobalName name) {
        PickleFunction function =
                switch (name.module()) {
                    case "torch._utils", "torch._tensor" -> rebuilder(name.name());
                    case "torch" -> name.name().equals("Size") ? this::first : null;
                    case "torch.jit._pickle" -> scriptFunction(name.name());
                    default -> null;
                };
        return Optional.ofNullable(function);
    }

    private PickleFunction rebuilder(String name) {
        return switch (name) {
            case "_rebuild_tensor", "_rebuild_tensor_v2" -> this::rebuildTensor;
            case "_rebuild_tensor_v3" -> this::rebuildTensorOfType;
            case "_rebuild_parameter", "_rebuild_parameter_with_state" -> this::first;
            case "_rebuild_from_type_v2" -> this::rebuildFromType;
            default -> null;
        };
    }

    /** TorchScript wraps its typed lists and values in calls whose first argument is the value. */
    private PickleFunction scriptFunction(String name) {
        return switch (name) {
            case "build_intlist", "build_doublelist", "build_boollist", "build_tensorlist", "restore_type_tag" ->
                this::first;
            default -> null;
        };
    }

    private Object first(Tuple arguments) throws IOException {
        if (arguments.isEmpty()) {
            throw malformed("call of a PyTorch function without arguments");
        }
        return arguments.get(0);
    }

    /** Arguments: storage, offset, sizes, strides; what follows concerns training alone. */
    private Object rebuildTensor(Tuple arguments) throws IOException {
        Storage storage = storageArgument(arguments);
        return tensor(storage, storage.type().dtype(), arguments);
    }

    /** As above, over an untyped storage; the seventh argument is the element type. */
    private Object rebuildTensorOfType(Tuple arguments) throws IOException {
        Storage storage = storageArgument(arguments);
        Optional<DType> dtype = Optional.empty();
        if (arguments.size() > 6 && arguments.get(6) instanceof GlobalName type) {
            dtype = StorageType.dtypeNamed(type.name());
        }
        return tensor(storage, dtype, arguments);
    }

    /** Arguments: rebuilding function, class, its arguments, state. */
    private Object rebuildFromType(Tuple arguments) throws IOException {
        if (arguments.size() < 3
                || !(arguments.get(0) instanceof GlobalName name)
                || !(arguments.get(2) instanceof Tuple inner)
                || name.name().equals("_rebuild_from_type_v2")) {
            throw malformed("tensor of a class of its own");
        }
        Optional<PickleFunction> function = function(name);
        if (function.isEmpty()) {
            throw malformed("tensor made by " + name);
        }
        return function.get().call(inner);
    }

    private Storage storageArgument(Tuple arguments) throws InputException {
        if (arguments.size() < 4 || !(arguments.get(0) instanceof Storage storage)) {
            throw malformed("tensor without a storage");
        }
        return storage;
    }

    private TorchTensor tensor(Storage storage, Optional<DType> dtype, Tuple arguments) throws InputException {
        if (!(arguments.get(1) instanceof Long offset)) {
            throw malformed("tensor without an offset");
        }
        long[] sizes = longs(arguments.get(2));
        long[] strides = longs(arguments.get(3));
        try {
            return new TorchTensor(storage, dtype, Shape.of(sizes), offset, strides);
        } catch (IllegalArgumentException e) {
            throw new InputException(file + ": " + e.getMessage(), e);
        }
    }

    private long[] longs(Object value) throws InputException {
        if (!(value instanceof List<?> list) || list.size() > 64) {
            throw malformed("tensor shape");
        }
        long[] values = new long[list.size()];
        for (int i = 0; i < values.length; i++) {
            if (!(list.get(i) instanceof Long item)) {
                throw malformed("tensor shape");
            }
            values[i] = item;
        }
        return values;
    }

    @Override
    public Object persistent(Object id) throws IOException {
        if (id instanceof Tuple tuple && tuple.size() > 1) {
            if ("storage".equals(tuple.get(0))) {
                return storage(tuple);
            }
            if ("module".equals(tuple.get(0))) { // before 1.6: a class with its source text
                return tuple.get(1);
            }
        }
        throw malformed("reference to an object outside the pickle");
    }

    /** The id is ("storage", class, key, device, elements); before 1.6 a view may follow. */
    private Storage storage(Tuple id) throws IOException {
        if (id.size() < 5
                || !(id.get(1) instanceof GlobalName type)
                || !(id.get(2) instanceof String key)
                || !(id.get(4) instanceof Long elements)
                || elements < 0) {
            throw malformed("reference to a storage");
        }
        if (id.size() > 5 && id.get(5) != null) {
            throw InputException.in(file, "storage " + key + " is a view of another, as PyTorch wrote before 0.4");
        }
        Optional<StorageType> known = StorageType.ofClass(type.name());
        if (known.isEmpty() || !type.module().startsWith("torch")) {
            throw InputException.in(file, "storage " + key + " is of unknown type " + type);
        }
        Storage storage = storages.get(key);
        if (storage == null) {
            storage = new Storage(file, key, known.get(), elements);
            storage.place(locator.locate(storage));
            storages.put(key, storage);
        } else if (storage.elements() != elements || !storage.type().equals(known.get())) {
            throw InputException.in(file, "storage " + key + " has two types or sizes");
        }
        return storage;
    }

    private InputException malformed(String what) {
        return InputException.in(file, "the pickle has a malformed " + what);
    }
}
