package org.coop4j.weights;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Sha256;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import org.coop4j.weights.torch.TorchSave.DenseTensor;
import org.tukaani.xz.XZInputStream;

/**
 * The golden models, unpacked once from {@code testdata/golden-*.tar.xz} into {@code
 * target/golden} of the project's root. Other modules' tests may use it; {@code testdata/README.md}
 * tells what is in it.
 */
public final class Golden {
    private static final List<String> ARCHIVES =
            List.of("testdata/golden-models.tar.xz", "testdata/golden-pe-core.tar.xz");
    private static final int TAR_BLOCK = 512;
    private static final String HALVES = ".halves";

    private Golden() {}

    /** A golden file or folder, such as {@code vit/torchscript.pt} or {@code siglip2/huggingface}. */
    public static Path path(String name) throws IOException {
        Path golden = projectRoot().resolve("src/test/resources/golden");
        return Stream.of(golden.resolve("siglip"), golden, folder())
                .map(folder -> folder.resolve(name))
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new FileNotFoundException(name));
    }

    /** The folder that holds {@code vit}, {@code vit_gelu}, {@code resnet} and {@code pe_core}. */
    public static synchronized Path folder() throws IOException {
        Path root = projectRoot();
        // By the archives' sizes and times, so that another archive is unpacked anew.
        StringBuilder version = new StringBuilder();
        for (String archive : ARCHIVES) {
            Path file = root.resolve(archive);
            version.append(Long.toHexString(Files.size(file)))
                    .append(Long.toHexString(Files.getLastModifiedTime(file).toMillis()));
        }
        Path folder = root.resolve("target/golden-" + version);
        if (!Files.isDirectory(folder)) {
            unpackBeside(root, folder);
        }
        return folder;
    }

    private static Path projectRoot() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isRegularFile(at.resolve(ARCHIVES.get(0)))) {
                return at;
            }
        }
        throw new IllegalStateException("no " + ARCHIVES.get(0) + " above this folder");
    }

    /** Unpacks elsewhere and renames, since two processes may come here at once. */
    private static void unpackBeside(Path root, Path folder) throws IOException {
        Path temporary = folder.resolveSibling("golden-" + UUID.randomUUID() + ".tmp");
        for (String archive : ARCHIVES) {
            unpack(root.resolve(archive), temporary);
        }
        try {
            Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (!Files.isDirectory(folder)) {
                throw e;
            }
            CacheFolder.delete(temporary);
        }
    }

    private static void unpack(Path archive, Path folder) throws IOException {
        List<Path> recipes = new ArrayList<>();
        try (InputStream in = new XZInputStream(new BufferedInputStream(Files.newInputStream(archive)))) {
            byte[] header = in.readNBytes(TAR_BLOCK);
            while (header.length == TAR_BLOCK && header[0] != 0) {
                Path file = folder.resolve(field(header, 0, 100));
                long size = Long.parseLong(field(header, 124, 12), 8);
                Files.createDirectories(file.getParent());
                byte[] contents = in.readNBytes(Math.toIntExact(size));
                Files.write(file, contents);
                in.skipNBytes((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
                if (file.toString().endsWith(HALVES)) {
                    recipes.add(file);
                }
                header = in.readNBytes(TAR_BLOCK);
            }
        }
        for (Path recipe : recipes) {
            fillHalves(recipe);
        }
    }

    private static String field(byte[] header, int start, int length) {
        String text = new String(header, start, length, UTF_8);
        int end = text.indexOf('\0');
        return (end < 0 ? text : text.substring(0, end)).strip();
    }

    /** Rounds the single-precision model's elements into the zeros of the half-precision file. */
    private static void fillHalves(Path recipe) throws IOException {
        String name = recipe.toString();
        Path target = Path.of(name.substring(0, name.length() - HALVES.length()));
        Path source = target.resolveSibling("state_dict_fp32.pt");
        byte[] rebuilt = Files.readAllBytes(target);
        ByteBuffer halves = littleEndian(rebuilt);
        ByteBuffer singles = littleEndian(Files.readAllBytes(source));
        List<String> lines = Files.readAllLines(recipe);
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split(" ", -1);
            int to = Integer.parseInt(fields[0]);
            int from = Integer.parseInt(fields[1]);
            for (int i = 0; i < Integer.parseInt(fields[2]); i++) {
                float value = singles.getFloat(from + Float.BYTES * i);
                halves.putShort(to + Short.BYTES * i, HalfFloats.toHalf(value));
            }
        }
        if (!Sha256.of(rebuilt).equals(lines.get(0))) {
            throw new IllegalStateException(target + " could not be rebuilt");
        }
        Files.write(target, rebuilt);
        Files.delete(recipe);
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Writes a safetensors file without metadata. */
    public static void writeSafetensors(Path target, Map<String, DenseTensor> tensors) throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        tensors.forEach((name, t) -> specs.add(new TensorSpec(name, t.dtype(), t.shape())));
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, specs, Map.of())) {
            for (Map.Entry<String, DenseTensor> tensor : tensors.entrySet()) {
                writer.writeBytes(tensor.getKey(), tensor.getValue().data().duplicate());
            }
            writer.commit();
        }
    }

    /** Returns a tensor of 64-bit integers. */
    public static DenseTensor longs(Shape shape, long... values) {
        ByteBuffer data = ByteBuffer.allocate(Long.BYTES * values.length);
        data.order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(values);
        return new DenseTensor(DType.I64, shape, data);
    }

    /** Returns the tensors of a small safetensors file in memory, by name. */
    public static Map<String, DenseTensor> tensors(Path path) throws IOException {
        Map<String, DenseTensor> tensors = new LinkedHashMap<>();
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            for (TensorView tensor : file.tensors()) {
                tensors.put(tensor.name(), copy(tensor));
            }
        }
        return tensors;
    }

    private static DenseTensor copy(TensorView tensor) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.bytes()));
        tensor.forEachChunk(bytes::put);
        return new DenseTensor(tensor.dtype(), tensor.shape(), bytes.flip());
    }
}
