package org.coop4j.clip;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import java.util.regex.Pattern;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.FileState;
import org.coop4j.base.Sha256;
import org.coop4j.graph.host.Backend;

/**
 * What was found out by trial, kept in the user's cache: it holds for the same model, program and
 * libraries, processor and settings. Where one of them is not known, all is tried each time.
 */
final class Trials {

    private static final Pattern SETTINGS =
            Pattern.compile("(OPENBLAS|GOTO|OMP|KMP|MKL|DNNL|ONEDNN)_.*");

    /** What tells a processor, in the words of Linux. */
    private static final List<String> PROCESSOR =
            List.of("vendor_id", "cpu family", "model", "stepping", "cache size", "flags");

    private static final int MOST_BYTES = 10;

    private final Optional<Path> folder;

    /**
     * @param folder where findings lie; nothing is kept if it is empty
     */
    Trials(Optional<Path> folder) {
        this.folder = folder;
    }

    /** Those of an image tower. */
    static Trials of(ImagePlans plans) {
        Optional<String> model = plans.weights().state().map(FileState::identity);
        Optional<String> program = program();
        Optional<String> processor = processor(Path.of("/proc/cpuinfo"));
        if (model.isEmpty() || program.isEmpty() || processor.isEmpty()) {
            return new Trials(Optional.empty());
        }
        Map<String, String> settings = new TreeMap<>(System.getenv());
        settings.keySet().removeIf(name -> !SETTINGS.matcher(name).matches());
        List<Object> all =
                List.of(
                        model.get(),
                        program.get(),
                        processor.get(),
                        settings,
                        Backend.loaded(),
                        plans.workers().count(),
                        plans.precision(),
                        plans.kind());
        Path cache = CacheFolder.of(System.getenv());
        return new Trials(Optional.of(cache.resolve("trials").resolve(Sha256.of(all.toString()))));
    }

    /** The archive that this class was loaded from, and the libraries. */
    private static Optional<String> program() {
        CodeSource source = Trials.class.getProtectionDomain().getCodeSource();
        try {
            Path archive = source == null ? null : Path.of(source.getLocation().toURI());
            if (archive == null || !Files.isRegularFile(archive)) {
                return Optional.empty(); // classes in folders change one by one
            }
            return FileState.of(archive)
                    .map(
                            state ->
                                    state.identity()
                                            + System.getProperty("java.class.path")
                                            + System.getProperty("java.vm.version"));
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    /** The lines of the first processor that tell it from another. */
    static Optional<String> processor(Path file) {
        try {
            List<String> lines =
                    Files.readAllLines(file).stream()
                            .takeWhile(line -> !line.isBlank())
                            .filter(line -> PROCESSOR.contains(line.split(":", 2)[0].strip()))
                            .toList();
            return lines.size() < PROCESSOR.size()
                    ? Optional.empty()
                    : Optional.of(String.join("\n", lines));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /**
     * A finding, or what the trial finds.
     *
     * @param values findings are from 0 on, below this number
     */
    int get(String name, int values, IntSupplier trial) {
        if (folder.isEmpty()) {
            return trial.getAsInt();
        }
        Path note = folder.get().resolve(name);
        try (InputStream in = Files.newInputStream(note)) {
            String text = new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
            if (text.matches("\\d\n") && text.charAt(0) - '0' < values) {
                return text.charAt(0) - '0';
            }
        } catch (IOException e) {
            // It was not tried yet, or cannot be read: it is tried.
        }
        int found = trial.getAsInt();
        try {
            Files.createDirectories(folder.get());
            AtomicFile.write(note, (found + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // It is tried again the next time.
        }
        return found;
    }
}
