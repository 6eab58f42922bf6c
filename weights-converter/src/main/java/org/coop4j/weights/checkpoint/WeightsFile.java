package org.coop4j.weights.checkpoint;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Sha256;
import org.coop4j.weights.JsonTree;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.pickle.Unpickler.Limits;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.torch.TorchFile;
import org.coop4j.weights.torch.TorchTensor;

/**
 * The named tensors of a weights file, of a set of shards, or of a folder that holds either; read
 * when asked for.
 *
 * <pre>{@code
 * try (WeightsFile file = WeightsFile.open(Path.of("pytorch_model.bin"))) {
 *     for (String name : file.names()) {
 *         float[] values = file.tensor(name).floats();
 *     }
 * }
 * }</pre>
 */
public final class WeightsFile implements Closeable {
    private static final int MAX_SHARDS = 1_000;

    /** Weights in a folder of Hugging Face's: the files to look for, in this order. */
    public static final List<String> HUGGING_FACE = List.of(
            "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json");

    /** The same of open_clip's. */
    public static final List<String> OPEN_CLIP =
            HUGGING_FACE.stream().map(name -> "open_clip_" + name).toList();

    /** How the weights are kept. */
    public enum Format {
        /** A TorchScript archive. */
        TORCHSCRIPT("torchscript"),
        /** The zip form of {@code torch.save}. */
        TORCH_ZIP("torch.save"),
        /** The form of {@code torch.save} before PyTorch 1.6. */
        TORCH_LEGACY("torch.save before 1.6"),
        /** Safetensors. */
        SAFETENSORS("safetensors");

        private final String label;

        Format(String label) {
            this.label = label;
        }

        /** The format's name for people and metadata. */
        public String label() {
            return label;
        }
    }

    private final Format format;
    private final List<OpenFile> files;
    private final Map<String, TensorView> tensors;
    private final Map<String, String> metadata;
    private final List<TorchFile> torchFiles;

    private WeightsFile(
            Format format,
            List<OpenFile> files,
            Map<String, TensorView> tensors,
            Map<String, String> metadata,
            List<TorchFile> torchFiles) {
        this.format = format;
        this.files = files;
        this.tensors = tensors;
        this.metadata = metadata;
        this.torchFiles = torchFiles;
    }

    /**
     * Opens a weights file, an index of shards ({@code *.index.json}), or a folder.
     *
     * @throws InputException when there is none, it is of an unknown form, or it is damaged
     */
    public static WeightsFile open(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            return open(fileIn(
                    path,
                    Stream.concat(HUGGING_FACE.stream(), OPEN_CLIP.stream()).toList()));
        }
        OpenFile file = OpenFile.open(path);
        try {
            byte[] start = file.firstBytes(64);
            // First, since a header of 384 bytes begins as a pickle of version 1 does: 0x80, 1.
            if (SafetensorsFile.looksLike(start)) {
                return ofSafetensors(file);
            }
            if (TorchFile.looksLike(start)) {
                return ofTorch(file);
            }
            if (path.toString().endsWith(".index.json")) {
                file.close();
                return ofShards(path);
            }
            throw InputException.in(path, "not a weights file: " + describe(start));
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * The first of these files that the folder has.
     *
     * @throws InputException when it has none of them
     */
    public static Path fileIn(Path folder, List<String> names) throws InputException {
        return names.stream()
                .map(folder::resolve)
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() ->
                        InputException.in(folder, "the folder has no weights: looked for " + String.join(", ", names)));
    }

    private static WeightsFile ofTorch(OpenFile source) throws IOException {
        TorchFile file = TorchFile.of(source, Limits.DEFAULT);
        Map<String, TensorView> tensors = new LinkedHashMap<>();
        for (Map.Entry<String, TorchTensor> entry : file.stateDict().entrySet()) {
            tensors.put(entry.getKey(), entry.getValue().view(entry.getKey()));
        }
        Format format =
                switch (file.form()) {
                    case TORCHSCRIPT -> Format.TORCHSCRIPT;
                    case ZIP -> Format.TORCH_ZIP;
                    case LEGACY -> Format.TORCH_LEGACY;
                };
        return new WeightsFile(format, List.of(source), tensors, Map.of(), List.of(file));
    }

    private static WeightsFile ofSafetensors(OpenFile source) throws IOException {
        SafetensorsFile file = SafetensorsFile.of(source);
        Map<String, TensorView> tensors = new LinkedHashMap<>();
        file.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
        return new WeightsFile(Format.SAFETENSORS, List.of(source), tensors, file.metadata(), List.of());
    }

    /** An index maps each tensor's name to the shard, a file beside the index, that has it. */
    private static WeightsFile ofShards(Path index) throws IOException {
        Map<?, ?> weightMap = JsonTree.read(index).objectOrNone("weight_map").fields();
        if (weightMap.isEmpty()) {
            throw InputException.in(index, "has no weight_map: not an index of shards");
        }
        Map<String, WeightsFile> shards = new LinkedHashMap<>();
        try {
            Map<String, TensorView> tensors = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : weightMap.entrySet()) {
                String name = (String) entry.getKey();
                tensors.put(name, shard(index, entry.getValue(), shards).tensor(name));
            }
            List<WeightsFile> all = List.copyOf(shards.values());
            return new WeightsFile(
                    all.get(0).format,
                    all.stream().flatMap(s -> s.files.stream()).toList(),
                    tensors,
                    Map.of(),
                    all.stream().flatMap(s -> s.torchFiles.stream()).toList());
        } catch (IOException | RuntimeException e) {
            for (WeightsFile shard : shards.values()) {
                shard.close();
            }
            throw e;
        }
    }

    private static WeightsFile shard(Path index, Object name, Map<String, WeightsFile> shards) throws IOException {
        String file = String.valueOf(name);
        if (!(name instanceof String) || !file.matches("[\\w.-]+") || file.endsWith(".index.json")) {
            throw InputException.in(index, "names a shard that is no file beside it: " + file);
        }
        WeightsFile shard = shards.get(file);
        if (shard == null) {
            if (shards.size() == MAX_SHARDS) {
                throw InputException.in(index, "names more than " + MAX_SHARDS + " shards");
            }
            Path path = index.resolveSibling(file);
            if (!Files.isRegularFile(path)) {
                throw InputException.in(index, "the shard " + file + " is missing");
            }
            shard = open(path);
            shards.put(file, shard);
        }
        return shard;
    }

    private static String describe(byte[] start) {
        if (start.length == 0) {
            return "it is empty";
        }
        String text = new String(start, StandardCharsets.UTF_8);
        if (text.startsWith("version https://git-lfs")) {
            return "it is a Git LFS pointer: fetch the file itself with git lfs pull";
        }
        if (text.stripLeading().startsWith("<")) {
            return "it is a web page: the download went wrong";
        }
        boolean printable = text.chars().allMatch(c -> c == '\n' || c == '\r' || c == '\t' || c >= ' ')
                && text.indexOf('\ufffd') < 0;
        String known = "neither PyTorch's nor safetensors";
        return printable
                ? known
                        + "; it begins with the text \""
                        + text.lines().findFirst().orElse("")
                        + "\""
                : known;
    }

    /** How the weights are kept; for shards, the first one's format. */
    public Format format() {
        return format;
    }

    /** The weight files: one, or the shards in the order that the index first names them. */
    public List<Path> files() {
        return files.stream().map(OpenFile::path).toList();
    }

    /** Bytes of all weight files. */
    public long bytes() {
        return files.stream().mapToLong(OpenFile::length).sum();
    }

    /**
     * SHA-256 of the file that is open, or for shards of the lines that {@code sha256sum} would
     * print for them; in hexadecimal.
     *
     * @param progress is told the bytes of each chunk read
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

    /** The metadata of a safetensors file; empty for other formats and for shards. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Names of the tensors in the order of the file; {@code module.} prefixes are taken off. */
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /** All tensors in the order of the file. */
    public List<TensorView> tensors() {
        return new ArrayList<>(tensors.values());
    }

    /**
     * The tensor of that name.
     *
     * @throws InputException when there is none
     */
    public TensorView tensor(String name) throws InputException {
        TensorView tensor = tensors.get(name);
        if (tensor == null) {
            throw InputException.in(files.get(0).path(), "no tensor " + name);
        }
        return tensor;
    }

    /** Bytes that {@link #verifyChecksums} would read; 0 where a format has no checksums. */
    public long checkedBytes() {
        return torchFiles.stream().mapToLong(TorchFile::checkedBytes).sum();
    }

    /**
     * Compares the tensors' bytes with the checksums that zip archives have.
     *
     * @param progress is told the bytes of each chunk read
     * @throws InputException when one differs: the file is damaged
     */
    public void verifyChecksums(LongConsumer progress) throws IOException {
        for (TorchFile file : torchFiles) {
            file.verifyChecksums(progress);
        }
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (OpenFile file : files) {
            try {
                file.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
