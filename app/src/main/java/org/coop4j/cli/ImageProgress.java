package org.coop4j.cli;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.console.Console;

/** A progress display over images, which reports those that cannot be read as they come. */
final class ImageProgress implements AutoCloseable {

    private final Console console;
    private final int images;
    private final Progress.Task task;
    private final Map<Integer, String> problems = new LinkedHashMap<>();

    ImageProgress(Console console, String what, int images) {
        this.console = console;
        this.images = images;
        this.task = console.task(what, images, Progress.Unit.IMAGES);
    }

    /** One image more is done. */
    void done() {
        task.advance(1);
    }

    /** One image more is done, which could not be read. */
    void failed(int index, IOException problem) {
        problems.put(index, Problems.describe(problem));
        console.warn(problems.get(index));
        task.advance(1);
    }

    /** What is wrong with an image, by its position. */
    Map<Integer, String> problems() {
        return problems;
    }

    /** Says how many images are left out; the exit code is 1 then. */
    int exitCode() {
        return exitCode(problems.size(), images, console);
    }

    /** Says how many of all images are left out; the exit code is 1 then. */
    static int exitCode(int bad, int all, Console console) {
        if (bad == 0) {
            return 0;
        }
        console.warn(
                "%s of %s cannot be read"
                        .formatted(Numbers.count(bad), Numbers.count(all, "image")));
        return 1;
    }

    @Override
    public void close() {
        task.close();
    }
}
