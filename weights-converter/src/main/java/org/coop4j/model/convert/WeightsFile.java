package org.coop4j.model.convert;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.coop4j.base.FileKind;
import org.coop4j.base.InputException;
import org.coop4j.base.JsonTree;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Sha256;
import org.coop4j.weights.NpzFile;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.torch.TorchFile;
import org.coop4j.weights.torch.TorchTensor;

/**
 * The named tensors of a weights file or of a set of shards, read on demand.
 *
 * <pre>{@code
 * try (WeightsFile file = WeightsFile.open(Path.of("pytorch_model.bin"))) {
 *     float[] values = file.tensors().get("visual.proj").floats();
 * }
 * }</pre>
 */
public final class WeightsFile implements Closeable {
    /** Weights in a Hugging Face folder, in the order of preference. */
    public static final List<String> HUGGING_FACE = List.of(
            "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json");

    /** Weights in an open_clip folder, in the order of preference. */
    public static final List<String> OPEN_CLIP =
            HUGGING_FACE.stream().map(name -> "open_clip_" + name).toList();

    private static final int MAX_SHARDS = 1_000;

    /** Limit on what npz files unpack to, by their size: weights hardly compress. */
    private static final long UNPACKED = 8;

    private static final long LEAST_UNPACKED = 1 << 26;

    private final List<OpenFile> files = new ArrayList<>();
    private final List<TorchFile> torchFiles = new ArrayList<>();
    private final List<NpzFile> npzFiles = new ArrayList<>();
    private final Map<String, TensorView> tensors = new LinkedHashMap<>();
    private Map<String, String> metadata = Map.of();
    private String format;

    private WeightsFile() {}

    /**
     * Opens a weights file or an index of shards ({@code *.index.json}).
     *
     * @throws InputException if there is none, it is of unknown form, or it is damaged
     */
    public static WeightsFile open(Path path) throws IOException {
        WeightsFile opened = new WeightsFile();
        try {
            opened.add(path);
            return opened;
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    private void add(Path path) throws IOException {
        String name = path.getFileName().toString();
        if (name.endsWith(TipsForm.VISION_NPZ)) {
            addNpz(path, TipsForm.IMAGE);
            addNpz(path.resolveSibling(name.replace(TipsForm.VISION_NPZ, TipsForm.TEXT_NPZ)), TipsForm.TEXT);
            return;
        }
        OpenFile file = OpenFile.open(path);
        files.add(file);
        byte[] start = file.firstBytes(64);
        // First, since a header of 384 bytes begins as a pickle of version 1 does: 0x80, 1.
        if (SafetensorsFile.looksLike(start)) {
            SafetensorsFile safetensors = SafetensorsFile.of(file);
            format = "safetensors";
            metadata = safetensors.metadata();
            safetensors.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
        } else if (TorchFile.looksLike(start)) {
            TorchFile torch = TorchFile.of(file);
            format = torch.form();
            torchFiles.add(torch);
            for (Map.Entry<String, TorchTensor> entry : torch.stateDict().entrySet()) {
                tensors.put(entry.getKey(), entry.getValue().view(entry.getKey()));
            }
        } else if (path.toString().endsWith(".index.json")) {
            files.clear();
            file.close();
            addShards(path);
        } else {
            throw InputException.in(path, "not a weights file of PyTorch or safetensors: it is " + FileKind.of(start));
        }
    }

    private void addNpz(Path path, String prefix) throws IOException {
        InputException.require(Files.isRegularFile(path), "no such file: %s", path);
        NpzFile file = NpzFile.open(path, UNPACKED * Files.size(path) + LEAST_UNPACKED);
        npzFiles.add(file);
        files.add(file.source());
        format = "npz";
        for (TensorView array : file.arrays().values()) {
            if (array.name().indexOf('/') >= 0) {
                throw InputException.in(
                        path,
                        "its array %s is named by a path, as in scenic's weights of TIPS: use hf:google/tipsv2-b14"
                                .formatted(array.name()));
            }
            tensors.put(prefix + array.name(), array.named(prefix + array.name()));
        }
    }

    /** An index maps each tensor's name to its shard, a file in the same folder. */
    private void addShards(Path index) throws IOException {
        Map<?, ?> weightMap =
                JsonTree.read(index, json -> json.objectOrNone("weight_map").fields());
        if (weightMap.isEmpty()) {
            throw InputException.in(index, "not an index of shards: it has no weight_map");
        }
        Map<String, WeightsFile> shards = new HashMap<>();
        for (Map.Entry<?, ?> entry : weightMap.entrySet()) {
            String name = (String) entry.getKey();
            String file = String.valueOf(entry.getValue());
            if (!(entry.getValue() instanceof String) || !file.matches("[\\w.-]+") || file.endsWith(".index.json")) {
                throw InputException.in(index, "names a shard that is not a file of the same folder: " + file);
            }
            WeightsFile shard = shards.get(file);
            if (shard == null) {
                shard = addShard(index, file);
                shards.put(file, shard);
            }
            TensorView tensor = shard.tensors.get(name);
            if (tensor == null) {
                throw InputException.in(index.resolveSibling(file), "no tensor " + name);
            }
            tensors.put(name, tensor);
        }
    }

    private WeightsFile addShard(Path index, String file) throws IOException {
        if (files.size() == MAX_SHARDS) {
            throw InputException.in(index, "names more than " + MAX_SHARDS + " shards");
        }
        Path path = index.resolveSibling(file);
        if (!Files.isRegularFile(path)) {
            throw InputException.in(index, "the shard " + file + " is missing");
        }
        WeightsFile shard = open(path);
        files.addAll(shard.files);
        torchFiles.addAll(shard.torchFiles);
        format = format == null ? shard.format : format;
        return shard;
    }

    /** Returns the label of the format, such as "safetensors"; for shards, that of the first one. */
    public String format() {
        return format;
    }

    /** Returns the weight files: one, or the shards in the order in which the index first names them. */
    public List<Path> files() {
        return files.stream().map(OpenFile::path).toList();
    }

    /**
     * Returns the SHA-256 of the open file in hexadecimal; for shards, that of the lines that {@code sha256sum} prints
     * for them.
     *
     * @param progress receives the number of bytes of each chunk
     */
    public String sha256(LongConsumer progress) throws IOException {
        if (files.size() == 1) {
            return files.get(0).sha256(progress);
        }
        Sha256 list = new Sha256();
        for (OpenFile file : files) {
            list.add(file.sha256(progress) + "  " + file.path().getFileName() + "\n");
        }
        return list.hex();
    }

    /** Returns the metadata of a safetensors file; empty for other formats and for shards. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Returns the tensors by name, without {@code module.} prefixes, in the order of the file. */
    public Map<String, TensorView> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** Returns the number of bytes that {@link #verifyChecksums} reads; 0 if the format has no checksums. */
    public long checkedBytes() {
        return torchFiles.stream().mapToLong(TorchFile::checkedBytes).sum();
    }

    /**
     * Compares the tensors' bytes with the checksums of zip archives.
     *
     * @param progress receives the number of bytes of each chunk
     * @throws InputException if one differs: the file is damaged
     */
    public void verifyChecksums(LongConsumer progress) throws IOException {
        for (TorchFile file : torchFiles) {
            file.verifyChecksums(progress);
        }
    }

    @Override
    public void close() throws IOException {
        for (OpenFile file : files) {
            file.close();
        }
        for (NpzFile file : npzFiles) {
            file.close();
        }
    }
}
