package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.CacheFolder;
import org.coop4j.cli.Options.AsJson;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.console.Json;
import org.coop4j.demo.DemoPictures;
import org.coop4j.demo.DemoResult;
import org.coop4j.demo.DemoRun;
import org.coop4j.http.PageServer;
import org.coop4j.run.RunFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop demo}: CoOp on the shipped model and pictures. */
@Command(name = "demo")
final class DemoCommand extends ConsoleCommand {

    private static final String RUNS = "runs";

    @Option(
            names = {"-o", "--out"},
            defaultValue = "coop-demo",
            paramLabel = "DIR")
    Path out;

    @Option(names = "--again")
    boolean again;

    @Option(names = "--open")
    boolean open;

    @Option(names = "--port", defaultValue = "0", paramLabel = "N")
    int port;

    @Mixin
    AsJson form;

    @Override
    public Integer call() throws IOException {
        require(port >= 0 && port <= 65_535, "port " + port + ": expected 0 (any free port) to 65535");
        DemoResult result = isFinished() && !again ? earlier() : learn();
        if (form.json) {
            console.print(Json.of(result));
        } else {
            DemoScreen.printEnd(result, out, console);
        }
        console.flush();
        if (open) {
            PageServer.serve(out.resolve(DemoRun.PAGE), port, console);
        }
        return 0;
    }

    private boolean isFinished() {
        return Files.isRegularFile(out.resolve(DemoResult.FILE)) && Files.isRegularFile(out.resolve(DemoRun.PAGE));
    }

    private DemoResult earlier() throws IOException {
        console.note(out + " holds a finished demo; --again repeats it");
        return DemoResult.read(out);
    }

    private DemoResult learn() throws IOException {
        makeRoom();
        Path cache = CacheFolder.of(System.getenv()).resolve("demo");
        try (Clip clip = Clip.open(ShippedModel.cached())) {
            DemoScreen screen = new DemoScreen(console, !form.json);
            screen.model(ShippedModel.NAME, clip.architecture().parameterCount());
            return new DemoRun(clip, DemoPictures.unpack(cache), DemoRun.plan(), CacheFolder.bank(), screen, console)
                    .run(out);
        }
    }

    /** Moves a finished demo aside and accepts an interrupted one; refuses a folder of other files, or not writable. */
    private void makeRoom() throws IOException {
        if (isFinished()) {
            console.note("the earlier demo is now " + AtomicFile.moveAside(out));
        } else if (!Files.isDirectory(out.resolve(RUNS))) {
            RunFolder.requireFree(out, false);
        }
        if (!Files.isWritable(Files.createDirectories(out))) {
            throw new AccessDeniedException(out.toString());
        }
    }
}
