package org.coop4j.studio;

import static java.lang.ProcessBuilder.Redirect.DISCARD;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Comparator.naturalOrder;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.OpenFile;
import org.coop4j.image.ImageDecoder;

/**
 * A program of this machine that makes JPEG of HEIC and AVIF, which no library reads in pure Java: heif-convert, or
 * ImageMagick if it reads HEIC. It runs without a shell, with fixed arguments, in a temporary folder, for a limited time.
 */
final class HeicConverter {

    private static final String IN = "in.heic";
    private static final String OUT = "out.jpg";
    private static final String SAID = "said";
    private static final String QUALITY = "95";

    /** A line of ImageMagick's list of formats, such as "HEIC* HEIC rw+". */
    private static final Pattern READS_HEIC = Pattern.compile("(?m)^\\s*HEIC\\*?\\s+(\\S+\\s+)?r");

    private final String path;
    private final Duration longest;
    private final Object running = new Object(); // one conversion at a time
    private Optional<List<String>> command; // null if it was not looked for

    /**
     * @param path folders with programs, as in the environment
     * @param longest time of a run
     */
    HeicConverter(String path, Duration longest) {
        this.path = Objects.requireNonNullElse(path, "");
        this.longest = longest;
    }

    /** Returns true if a file's content is HEIC or AVIF. */
    static boolean isHeic(byte[] content) {
        return content.length > 12 && new String(content, 4, 4, ISO_8859_1).equals("ftyp");
    }

    /** Returns the name of the program; empty if this machine has none. */
    Optional<String> name() {
        return command().map(words -> Path.of(words.get(0)).getFileName().toString());
    }

    private synchronized Optional<List<String>> command() {
        if (command == null) {
            command = program("heif-convert")
                    .map(found -> List.of(found, "-q", QUALITY, IN, OUT))
                    .or(() -> Stream.of("magick", "convert")
                            .flatMap(name -> program(name).stream())
                            .filter(this::readsHeic)
                            .findFirst()
                            .map(found -> List.of(found, IN + "[0]", "-quality", QUALITY, OUT)));
        }
        return command;
    }

    /** Returns a program's place; Windows has a convert of its own, which is something else. */
    private Optional<String> program(String name) {
        boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("win");
        return windows && name.equals("convert")
                ? Optional.empty()
                : Stream.of(path.split(Pattern.quote(File.pathSeparator)))
                        .filter(folder -> new File(folder).isAbsolute())
                        .map(folder -> new File(folder, windows ? name + ".exe" : name))
                        .filter(file -> file.isFile() && file.canExecute())
                        .findFirst()
                        .map(File::getPath);
    }

    private boolean readsHeic(String program) {
        try {
            byte[] said = run(List.of(program, "-list", "format"), new byte[0], SAID);
            return READS_HEIC.matcher(new String(said, ISO_8859_1)).find();
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns a picture as JPEG, upright. */
    byte[] jpeg(byte[] content) throws IOException {
        List<String> words = command().orElseThrow(() -> new IOException("no program converts HEIC"));
        synchronized (running) {
            return run(words, content, OUT);
        }
    }

    private static boolean isOf(Path file, String result) {
        return file.getFileName().toString().replaceFirst("-\\d+\\.", ".").equals(result);
    }

    /** Runs a program in a folder of its own; returns the content of the file that it writes. */
    private byte[] run(List<String> words, byte[] content, String result) throws IOException {
        Path folder = Files.createTempDirectory("coop4j-heic");
        try {
            Files.write(folder.resolve(IN), content);
            Process process = new ProcessBuilder(words)
                    .directory(folder.toFile())
                    .redirectOutput(folder.resolve(SAID).toFile())
                    .redirectError(DISCARD)
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(longest.toMillis(), TimeUnit.MILLISECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
                throw new IOException("it took more than %d s".formatted(longest.toSeconds()));
            }
            try (Stream<Path> files = Files.list(folder)) { // out-1.jpg if the file has several pictures
                Optional<Path> written =
                        files.filter(file -> isOf(file, result)).min(naturalOrder());
                if (process.exitValue() != 0 || written.isEmpty()) {
                    throw new IOException("it ended with status " + process.exitValue());
                }
                return OpenFile.read(written.get(), ImageDecoder.MAX_FILE_BYTES);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("it was interrupted", e);
        } finally {
            CacheFolder.delete(folder);
        }
    }
}
