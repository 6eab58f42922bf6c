package org.coop4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.coop4j.base.Folders;

/** Inputs of the campaigns, and what is compared of the folders that commands write. */
final class CampaignFiles {

    /** A tiny model with its vocabulary, and pictures. */
    private static final Path INPUTS = Path.of("../src/test/resources");

    private static final Pattern SPEED = Pattern.compile(",\"pairs_per_second\":[^,}]*");

    private static final Pattern SECONDS =
            Pattern.compile("\"(seconds\"\\s*:\\s*(\\{[^}]*\\}|[^,}\\s]*)|sha256\"\\s*:[^,}]*)");

    private CampaignFiles() {}

    static Path model() {
        return INPUTS.resolve("tiny-clip/model.safetensors").toAbsolutePath();
    }

    /** Returns the options of the model and its vocabulary. */
    static List<Object> modelOptions() {
        return List.of("-m", model(), "--vocabulary", vocabulary());
    }

    static Path vocabulary() {
        return INPUTS.resolve("tiny-clip/vocabulary").toAbsolutePath();
    }

    static Path pictures() {
        return INPUTS.resolve("pictures").toAbsolutePath();
    }

    /** Hidden files that a command should have taken away; a lock may stay. */
    static List<Path> leftOvers(Path folder) throws IOException {
        return Folders.files(folder).stream()
                .filter(file -> name(file).startsWith(".") && !name(file).equals(".lock"))
                .toList();
    }

    private static String name(Path file) {
        return file.getFileName().toString();
    }

    /** Contents of all files by their paths. */
    static Map<String, String> contents(Path folder) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        for (Path file : Folders.files(folder)) {
            if (!name(file).equals(".lock")) {
                contents.put(folder.relativize(file).toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
            }
        }
        return contents;
    }

    /** What follows the header: that of a pre-training holds a speed. */
    private static String tensors(String hexadecimal) {
        byte[] bytes = HexFormat.of().parseHex(hexadecimal);
        if (bytes.length < Long.BYTES) {
            return hexadecimal;
        }
        long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        boolean isWhole = header >= 0 && header <= bytes.length - Long.BYTES;
        return hexadecimal.substring(isWhole ? 2 * (Long.BYTES + (int) header) : 0);
    }

    private static String text(String hexadecimal) {
        return new String(HexFormat.of().parseHex(hexadecimal), UTF_8);
    }

    /**
     * Contents that no interruption may change: results, metrics and checkpoints without their
     * times, provenance and pages, which have times too, as being there, no feature banks, whose
     * records may be in another order.
     */
    static Map<String, String> outcome(Path folder) throws IOException {
        return outcome(contents(folder));
    }

    /** The same of contents that were read before. */
    static Map<String, String> outcome(Map<String, String> contents) {
        Map<String, String> outcome = new TreeMap<>(contents);
        outcome.keySet().removeIf(file -> file.endsWith(".bank"));
        for (Map.Entry<String, String> file : outcome.entrySet()) {
            if (file.getKey().endsWith("result.json")) {
                file.setValue(withoutSeconds(text(file.getValue())));
            } else if (file.getKey().endsWith("provenance.json")
                    || file.getKey().endsWith("report.html")) {
                file.setValue("");
            } else if (file.getKey().endsWith("checkpoint.safetensors")) {
                file.setValue(tensors(file.getValue()));
            } else if (file.getKey().endsWith("metrics.jsonl")) {
                file.setValue(SPEED.matcher(text(file.getValue())).replaceAll(""));
            }
        }
        return outcome;
    }

    /** JSON without what each run of a command measures anew. */
    static String withoutSeconds(String json) {
        return SECONDS.matcher(json).replaceAll("");
    }

    /** The paths at which two outcomes differ. */
    static List<String> differences(Map<String, String> expected, Map<String, String> found) {
        Map<String, String> all = new TreeMap<>(expected);
        all.putAll(found);
        return all.keySet().stream()
                .filter(path -> !expected.getOrDefault(path, "none").equals(found.getOrDefault(path, "none")))
                .map(path -> path + (found.containsKey(path) ? "" : " (gone)"))
                .toList();
    }
}
