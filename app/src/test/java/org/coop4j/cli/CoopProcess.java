package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.JavaChild;

/** The command line in a process of its own, which can be killed and has its own environment. */
final class CoopProcess {

    private static final long LONGEST_MINUTES = 20;
    private static final Pattern ADDRESS = Pattern.compile("serving on http://[^:]+:(\\d+)/");

    private final Process process;
    private final Path out;
    private final Path err;

    private CoopProcess(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /**
     * Starts {@code coop ARGUMENTS} with two threads.
     *
     * @param place where its output, its cache and its temporary files go
     */
    static CoopProcess start(Path place, Object... arguments) throws IOException {
        return start(place, Map.of(), arguments);
    }

    /** The same with variables of its environment. */
    static CoopProcess start(Path place, Map<String, String> environment, Object... arguments) throws IOException {
        Path temporary = Files.createDirectories(place.resolve("temporary"));
        List<String> options = List.of(
                "-XX:-UsePerfData", "-XX:+UseSerialGC", "-Djava.awt.headless=true", "-Djava.io.tmpdir=" + temporary);
        Path out = Files.createTempFile(place, "out", ".txt");
        Path err = Files.createTempFile(place, "err", ".txt");
        ProcessBuilder builder = JavaChild.of(Coop.class, options, (Object[]) CommandRun.words(arguments))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().put("OMP_NUM_THREADS", "2");
        builder.environment().put("XDG_CACHE_HOME", place.resolve("cache").toString());
        builder.environment().putAll(environment);
        return new CoopProcess(builder.start(), out, err);
    }

    /** Runs it to its end. */
    static CommandRun run(Path place, Object... arguments) throws Exception {
        return start(place, arguments).ended();
    }

    /** The same with variables of its environment. */
    static CommandRun run(Path place, Map<String, String> environment, Object... arguments) throws Exception {
        return start(place, environment, arguments).ended();
    }

    /** Waits until a service listens, and returns its port. */
    int port() throws Exception {
        while (isAlive()) {
            Matcher matcher = ADDRESS.matcher(err());
            if (matcher.find()) {
                return Integer.parseInt(matcher.group(1));
            }
            Thread.sleep(20);
        }
        throw new AssertionError("it does not listen: " + err());
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What it has printed on standard output so far. */
    String out() throws IOException {
        return Files.readString(out);
    }

    /** What it has printed on standard error so far. */
    String err() throws IOException {
        return Files.readString(err);
    }

    /** Sends it a signal by name. */
    void signal(String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                .start()
                .waitFor();
    }

    /** Asks it to end, as {@code kill} does. */
    void terminate() {
        process.destroy();
    }

    /** Ends it as {@code kill -9} does, and waits until it is gone. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /** Waits for its end; what it printed is read and removed. */
    CommandRun ended() throws Exception {
        if (!process.waitFor(LONGEST_MINUTES, TimeUnit.MINUTES)) {
            kill();
            throw new AssertionError("no end after " + LONGEST_MINUTES + " minutes: " + err);
        }
        CommandRun run = new CommandRun(process.exitValue(), Files.readString(out), Files.readString(err));
        Files.delete(out);
        Files.delete(err);
        return run;
    }
}
