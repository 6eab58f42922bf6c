package org.coop4j.weights.torch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.pickle.Unpickler;
import org.coop4j.weights.pickle.Unpickler.GlobalName;
import org.coop4j.weights.pickle.Unpickler.Tuple;

/**
 * PyTorch's functions that build tensors, and the storages to which pickles refer.
 *
 * @param locator finds the bytes of a storage in an archive; null where they follow the pickle
 * @param storages the storages referred to, by key, in order of first mention
 */
record TorchBindings(Path file, IoFunction<Storage, FileRegion> locator, Map<String, Storage> storages)
        implements Unpickler.Bindings {
    TorchBindings(Path file, IoFunction<Storage, FileRegion> locator) {
        this(file, locator, new LinkedHashMap<>());
    }

    @Override
    public Optional<IoFunction<Tuple, Object>> function(GlobalName name) {
        return Optional.ofNullable(
                switch (name.toString().replace("torch._tensor.", "torch._utils.")) {
                    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" ->
                        arguments -> tensor(arguments, false);
                    case "torch._utils._rebuild_tensor_v3" -> arguments -> tensor(arguments, true);
                    case "torch._utils._rebuild_from_type_v2" -> this::rebuildFromType;
                    // TorchScript wraps typed lists and values in calls whose first argument is the value.
                    case "torch._utils._rebuild_parameter",
                            "torch._utils._rebuild_parameter_with_state",
                            "torch.Size",
                            "torch.jit._pickle.build_intlist",
                            "torch.jit._pickle.build_doublelist",
                            "torch.jit._pickle.build_boollist",
                            "torch.jit._pickle.build_tensorlist",
                            "torch.jit._pickle.restore_type_tag" -> this::first;
                    default -> null;
                });
    }

    private Object first(Tuple arguments) throws IOException {
        if (arguments.isEmpty()) {
            throw malformed("call of a PyTorch function without arguments");
        }
        return arguments.get(0);
    }

    /**
     * Makes a tensor of storage, offset, sizes and strides; the rest is for training only.
     *
     * @param typed true if the storage is untyped and the seventh argument is the element type
     */
    private TorchTensor tensor(Tuple arguments, boolean typed) throws InputException {
        if (arguments.size() < 4 || !(arguments.get(0) instanceof Storage storage)) {
            throw malformed("tensor without a storage");
        }
        if (!(arguments.get(1) instanceof Long offset)) {
            throw malformed("tensor without an offset");
        }
        Optional<DType> dtype = storage.dtype();
        if (typed) {
            dtype = arguments.size() > 6 && arguments.get(6) instanceof GlobalName type
                    ? DType.ofTorch(type.name())
                    : Optional.empty();
        }
        long[] sizes = longs(arguments.get(2));
        long[] strides = longs(arguments.get(3));
        try {
            return new TorchTensor(storage, dtype, Shape.of(sizes), offset, strides);
        } catch (IllegalArgumentException e) {
            throw new InputException(file + ": " + e.getMessage(), e);
        }
    }

    /** Calls a rebuilding function with its arguments; given are function, class, arguments and state. */
    private Object rebuildFromType(Tuple arguments) throws IOException {
        if (arguments.size() < 3
                || !(arguments.get(0) instanceof GlobalName name)
                || !(arguments.get(2) instanceof Tuple inner)
                || name.name().equals("_rebuild_from_type_v2")) {
            throw malformed("tensor subclass");
        }
        Optional<IoFunction<Tuple, Object>> function = function(name);
        if (function.isEmpty()) {
            throw malformed("tensor made by " + name);
        }
        return function.get().apply(inner);
    }

    private long[] longs(Object value) throws InputException {
        if (!(value instanceof List<?> list)
                || list.size() > Shape.MAX_RANK
                || !list.stream().allMatch(Long.class::isInstance)) {
            throw malformed("tensor shape");
        }
        return list.stream().mapToLong(Long.class::cast).toArray();
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

    /** Returns the storage of an id, ("storage", class, key, device, elements); before 1.6 a view may follow. */
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
        if (!type.module().startsWith("torch")) {
            throw InputException.in(file, "storage " + key + " is of unknown type " + type);
        }
        Storage storage = new Storage(file, key, type.name(), elements);
        Storage known = storages.putIfAbsent(key, storage);
        if (known == null) {
            storage.place(locator.apply(storage));
            return storage;
        }
        if (!known.hasFormOf(storage)) {
            throw storage.problem("has two types or sizes");
        }
        return known;
    }

    private InputException malformed(String what) {
        return InputException.in(file, "the pickle has a malformed " + what);
    }
}
