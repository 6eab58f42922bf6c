package org.coop4j.base;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The folder that keeps what only this user's programs on this machine know; no other user may read it. */
public final class StateFolder {

    private static final long LONGEST = 1 << 20;

    private final Path folder;

    public StateFolder(Path folder) {
        this.folder = folder;
    }

    /** Returns coop4j's folder among those of the user's programs. */
    public static StateFolder of(Map<String, String> environment) {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        Path home = Path.of(System.getProperty("user.home"));
        String given = environment.getOrDefault(system.contains("win") ? "LOCALAPPDATA" : "XDG_STATE_HOME", "");
        Path usual = home.resolve(system.contains("mac") ? "Library/Application Support" : ".local/state");
        return new StateFolder((given.isBlank() ? usual : Path.of(given)).resolve("coop4j"));
    }

    /** Returns random bits that no other user knows. */
    public static String secret() {
        return UUID.randomUUID().toString().replace("-", ""); // of 122 secure random bits
    }

    /** Returns this user's identity on this machine, which is made once. */
    public String identity() throws IOException {
        if (read("identity").isEmpty()) {
            write("identity", secret());
        }
        return read("identity").orElseThrow();
    }

    /** Returns the content of a file; empty if there is none. */
    public Optional<String> read(String name) throws IOException {
        try {
            Path file = folder.resolve(name);
            return Files.exists(file) ? Optional.of(new String(OpenFile.read(file, LONGEST), UTF_8)) : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty(); // deleted since
        }
    }

    /** Writes a file. */
    public void write(String name, String content) throws IOException {
        Files.createDirectories(folder);
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        }
        AtomicFile.write(folder.resolve(name), content);
    }

    /** Returns a folder in this one, which need not exist. */
    public Path folder(String name) {
        return folder.resolve(name);
    }

    /** Deletes a file if it is there. */
    public void delete(String name) throws IOException {
        Files.deleteIfExists(folder.resolve(name));
    }
}
