package org.coop4j.bench;

import static org.coop4j.cli.BenchCommand.DEFAULT;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.cli.Converters;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageFiles;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code serve}: speed and correctness of a running service. */
@Command(
        name = "serve",
        description = {
            "Load a running coop serve on this machine, and compare its answers.",
            "",
            "Clients post the pictures of a folder one after another, each waiting for its answer."
                    + " Shows images per second and the 50th, 95th and 99th percentile of latency in milliseconds."
                    + " An answer must equal that of coop predict with --expected, or else the first answer."
                    + " The last columns are the memory of the service before, halfway, and after."
        },
        footer = {
            "  coop predict -p run --json pictures/ > expected.json",
            "  serve http://localhost:8080/predictions/run pictures/ \\",
            "    --expected expected.json --clients 1,8,64 --seconds 30"
        })
final class ServeCommand extends ConsoleCommand {

    @Parameters(index = "0", paramLabel = "URL", description = "URL to post pictures to.")
    private URI predictions;

    @Parameters(index = "1", paramLabel = "DIR", description = "The pictures.")
    private Path folder;

    @Option(
            names = "--clients",
            split = ",",
            paramLabel = "N",
            converter = Positive.class,
            description = "Clients that send at the same time" + DEFAULT)
    private List<Integer> clients = List.of(1, 8, 64);

    @Option(
            names = "--seconds",
            paramLabel = "S",
            converter = Positive.class,
            description = "Seconds per number of clients" + DEFAULT)
    private int seconds = 20;

    @Option(
            names = "--expected",
            paramLabel = "FILE",
            converter = Converters.FileName.class,
            description = "Output of coop predict --json for the pictures.")
    private Path expected;

    @ArgGroup
    private Options.LineFormat format = new Options.LineFormat();

    @Override
    public Integer call() throws IOException {
        requireThisMachine();
        List<Path> files = ImageFiles.in(folder);
        if (files.isEmpty()) {
            throw new CommandFailure(folder + " has no images");
        }
        List<byte[]> pictures = new ArrayList<>();
        for (Path file : files) {
            pictures.add(Files.readAllBytes(file));
        }
        ServiceLoad load = new ServiceLoad(predictions, pictures, expected(files));
        Table<ServiceLoad.Outcome> rows = rows();
        boolean good = true;
        try (Table<ServiceLoad.Outcome>.Printer printer = rows.printer(format.chosen(), console)) {
            for (int count : clients) {
                ServiceLoad.Outcome outcome = load.run(count, Duration.ofSeconds(seconds));
                printer.print(outcome);
                good &= outcome.wrong() == 0 && outcome.failed() == 0 && outcome.answered() > 0;
            }
        }
        return good ? 0 : 1;
    }

    /** Refuses other machines: an unauthorised load test is an attack. */
    private void requireThisMachine() {
        String host = predictions.getHost();
        try {
            if (host != null && InetAddress.getByName(host).isLoopbackAddress()) {
                return;
            }
        } catch (UnknownHostException e) {
            // Said below.
        }
        throw new WrongUsage(predictions + ": expected a service on this machine, such as http://localhost:8080");
    }

    private List<Map<String, Float>> expected(List<Path> files) throws IOException {
        if (expected == null) {
            return List.of();
        }
        Map<String, Map<String, Float>> byFile = new HashMap<>();
        for (JsonNode image : new ObjectMapper().readTree(expected.toFile())) {
            Map<String, Float> probabilities = new TreeMap<>();
            for (var entry : image.path("probabilities").properties()) {
                probabilities.put(entry.getKey(), entry.getValue().floatValue());
            }
            byFile.put(image.path("file").asText(), probabilities);
        }
        List<Map<String, Float>> all = new ArrayList<>();
        for (Path file : files) {
            Map<String, Float> one = byFile.get(file.toString());
            if (one == null) {
                throw new CommandFailure(expected + " has no " + file + ": run coop predict --json " + folder);
            }
            all.add(one);
        }
        return all;
    }

    private static Table<ServiceLoad.Outcome> rows() {
        return new Table<ServiceLoad.Outcome>()
                .count("clients", ServiceLoad.Outcome::clients)
                .number("images_per_second", 1, ServiceLoad.Outcome::rate)
                .number("p50_ms", 1, o -> o.percentile(50))
                .number("p95_ms", 1, o -> o.percentile(95))
                .number("p99_ms", 1, o -> o.percentile(99))
                .count("answered", ServiceLoad.Outcome::answered)
                .count("refused", ServiceLoad.Outcome::refused)
                .count("wrong", ServiceLoad.Outcome::wrong)
                .count("failed", ServiceLoad.Outcome::failed)
                .number("mb_before", 0, o -> o.megabytes(0))
                .number("mb_half", 0, o -> o.megabytes(1))
                .number("mb_after", 0, o -> o.megabytes(2));
    }
}
