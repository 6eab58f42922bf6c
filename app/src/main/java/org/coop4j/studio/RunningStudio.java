package org.coop4j.studio;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.coop4j.base.Log;
import org.coop4j.base.Sha256;
import org.coop4j.base.StateFolder;
import org.slf4j.Logger;

/**
 * The file in which a second start on a folder finds addresses of the page that are not used up, while the first one runs.
 * Only this user can read it. Beside it lies the list of the folders that were opened last.
 */
public final class RunningStudio implements Closeable {

    private static final Logger LOG = Log.of(RunningStudio.class);

    private static final String RECENT = "studio-folders";
    private static final int MOST_RECENT = 8;

    private final StateFolder user;
    private final String file;
    private Pages written;

    /**
     * Addresses of a page.
     *
     * @param shown for people
     * @param opened for the program that opens a browser
     */
    public record Pages(String shown, String opened) {}

    RunningStudio(StateFolder user, Path root) {
        this.user = user;
        this.file = file(root);
    }

    private static String file(Path root) {
        return "studio-" + Sha256.of(root.toString());
    }

    /** Returns a process with its begin, since numbers are used again. */
    private static String identity(ProcessHandle process) {
        return process.pid() + " "
                + process.info().startInstant().map(Object::toString).orElse("");
    }

    /** Writes the addresses if they are others. */
    synchronized void tell(Pages pages) {
        if (!pages.equals(written)) {
            try {
                user.write(file, String.join("\n", pages.shown, pages.opened, identity(ProcessHandle.current())));
                written = pages;
            } catch (IOException e) {
                LOG.warn("a second start will not find this one: {}", e.getMessage());
            }
        }
    }

    /** Returns addresses of the page of the studio of this user that has a folder open; empty if there is none. */
    public static Optional<Pages> find(StateFolder user, Path folder) throws IOException {
        List<String> lines =
                user.read(file(folder.toRealPath())).orElse("").lines().toList();
        boolean runs = lines.size() == 3
                && ProcessHandle.of(Long.parseLong(lines.get(2).replaceFirst(" .*", "")))
                        .filter(process -> identity(process).equals(lines.get(2)))
                        .isPresent();
        return runs ? Optional.of(new Pages(lines.get(0), lines.get(1))) : Optional.empty();
    }

    /** Notes a folder among those that were opened last. */
    static synchronized void remember(StateFolder user, Path root) {
        List<String> all = new ArrayList<>(List.of(root.toString()));
        try {
            recent(user).stream()
                    .filter(one -> !all.contains(one))
                    .limit(MOST_RECENT - 1)
                    .forEach(all::add);
            user.write(RECENT, String.join("\n", all));
        } catch (IOException e) {
            LOG.warn("the folder will not be among those that were opened last: {}", e.getMessage());
        }
    }

    /** Returns the folders that were opened last and are still there, the latest first. */
    static List<String> recent(StateFolder user) throws IOException {
        return user.read(RECENT)
                .orElse("")
                .lines()
                .filter(one -> Files.isDirectory(Path.of(one)))
                .toList();
    }

    @Override
    public void close() throws IOException {
        user.delete(file);
    }
}
