package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.console.WrongUsage.unless;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.StateFolder;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.console.Interrupt.Termination;
import org.coop4j.demo.DemoPictures;
import org.coop4j.http.PageServer;
import org.coop4j.http.ServiceOptions;
import org.coop4j.http.ServiceOptions.Limits;
import org.coop4j.studio.RunningStudio;
import org.coop4j.studio.RunningStudio.Pages;
import org.coop4j.studio.StudioServer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop studio}: collects, labels, learns, corrects and tries in a browser. */
@Command(name = "studio")
final class StudioCommand extends ConsoleCommand {

    private static final int MAX_BODY = 64 << 20;
    private static final int CONNECTIONS = 256;

    @Parameters(arity = "0..1", paramLabel = "FOLDER")
    Path folder;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE")
    Path model = Path.of(ShippedModel.NAME);

    @Option(names = "--host", paramLabel = "ADDRESS")
    String host = "127.0.0.1";

    @Option(names = "--port", paramLabel = "N")
    int port;

    @Option(names = "--no-open")
    boolean noOpen;

    @Option(names = "--read-only")
    boolean readOnly;

    @Option(names = "--several")
    boolean several;

    @Option(names = "--list", paramLabel = "FILE")
    Path list;

    @Option(names = "--keywords")
    boolean keywords;

    @Override
    public Integer call() throws IOException {
        require(list == null || !keywords, "give --list or --keywords");
        require(folder == null || Files.isDirectory(folder), "%s is not a folder: give a folder of pictures", folder);
        ServiceOptions options = unless(() -> new ServiceOptions(
                host,
                port,
                Optional.empty(),
                Optional.empty(),
                Limits.of(
                        Math.min(MAX_BODY, Runtime.getRuntime().maxMemory() / 8),
                        Duration.ofSeconds(30),
                        CONNECTIONS)));
        Path place = folder == null ? demo() : folder;
        if (several || list != null || keywords) {
            require(!readOnly, "--read-only writes no table of labels: omit it, or --several, --list and --keywords");
            StudioServer.makeTable(place, list, keywords);
        }
        StateFolder user = StateFolder.of(System.getenv());
        Optional<Pages> running = readOnly ? Optional.empty() : RunningStudio.find(user, place);
        if (running.isPresent()) {
            show(running.get(), "the studio of %s runs already: this is another address of its page".formatted(place));
            return 0;
        }
        try (Termination termination = new Termination();
                Clip clip = Clip.open(ModelOptions.file(model))) {
            try (StudioServer server = StudioServer.start(options, place, readOnly, clip, CacheFolder.bank(), user)) {
                Pages pages = new Pages(server.address(), server.openedAddress());
                show(pages, "the studio of %s, until Ctrl-C".formatted(place));
                termination.await();
            }
            termination.succeed();
        }
        return 0;
    }

    private void show(Pages pages, String note) {
        console.print(pages.shown());
        console.flush();
        console.note(note);
        if (!noOpen) {
            PageServer.openBrowser(pages.opened());
        }
    }

    /** Copies the demo's photographs into a folder in the cache, once. */
    private Path demo() throws IOException {
        Path cache = CacheFolder.of(System.getenv());
        Path place = cache.resolve("studio-demo");
        if (!Files.isDirectory(place)) {
            Path unfinished = cache.resolve("studio-demo.unfinished");
            CacheFolder.delete(unfinished);
            DemoPictures.unpack(cache.resolve("demo")).copyPhotographs(Files.createDirectories(unfinished));
            Files.move(unfinished, place);
        }
        console.note("no folder was given: these are the demo's photographs, copied to " + place);
        return place;
    }
}
