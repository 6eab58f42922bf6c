package org.coop4j.bench;

import static org.coop4j.cli.BenchCommand.DEFAULT;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

    private static final Pattern MEMORY = Pattern.compile("(?m)^process_resident_memory_bytes ([0-9.E]+)$");

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

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Map<Path, Map<String, Float>> known = new ConcurrentHashMap<>();

    /**
     * The answers to some clients.
     *
     * @param counts of right, refused, wrong and failed ones
     * @param latencies of right answers in milliseconds, ascending
     * @param memory of the service in MB, which may be unknown
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Outcome(
            int clients, double seconds, Map<String, Integer> counts, List<Double> latencies, double[] memory) {

        int count(String kind) {
            return counts.getOrDefault(kind, 0);
        }

        double percentile(int percent) {
            int rank = (int) Math.ceil(percent / 100.0 * latencies.size());
            return latencies.isEmpty() ? Double.NaN : latencies.get(Math.max(0, rank - 1));
        }
    }

    @Override
    public Integer call() throws IOException {
        String host = predictions.getHost();
        // An unauthorised load test of another machine is an attack.
        if (host == null || !InetAddress.getByName(host).isLoopbackAddress()) {
            throw new WrongUsage(predictions + ": expected a service on this machine, such as http://localhost:8080");
        }
        Map<Path, byte[]> pictures = new TreeMap<>();
        for (Path file : ImageFiles.in(folder)) {
            pictures.put(file, Files.readAllBytes(file));
        }
        if (pictures.isEmpty()) {
            throw new CommandFailure(folder + " has no images");
        }
        if (expected != null) {
            for (JsonNode image : new ObjectMapper().readTree(expected.toFile())) {
                Map<String, Float> probabilities = new HashMap<>();
                image.path("probabilities")
                        .properties()
                        .forEach(entry -> probabilities.put(
                                entry.getKey(), entry.getValue().floatValue()));
                known.put(Path.of(image.path("file").asText()), probabilities);
            }
            if (!known.keySet().containsAll(pictures.keySet())) {
                throw new CommandFailure(expected + " lacks pictures: run coop predict --json " + folder);
            }
        }
        boolean good = true;
        try (Table<Outcome>.Printer printer = rows().printer(format.chosen(), console)) {
            for (int count : clients) {
                Outcome outcome = load(count, pictures);
                printer.print(outcome);
                good &= outcome.counts.keySet().stream().allMatch(kind -> kind.matches("right|refused"))
                        && outcome.count("right") > 0;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return good ? 0 : 1;
    }

    private Outcome load(int count, Map<Path, byte[]> pictures) throws IOException, InterruptedException {
        Map<String, Integer> counts = new ConcurrentHashMap<>();
        List<Double> latencies = new ArrayList<>();
        List<Path> files = List.copyOf(pictures.keySet());
        double[] memory = {memory(), 0, 0};
        long start = System.nanoTime();
        List<Thread> threads = new ArrayList<>();
        for (int c = 0; c < count; c++) {
            int first = c;
            threads.add(new Thread(() -> {
                int next = first;
                do {
                    Path file = files.get(next++ % files.size());
                    long sent = System.nanoTime();
                    String kind = answer(file, pictures.get(file));
                    counts.merge(kind, 1, Integer::sum);
                    if (kind.equals("right")) {
                        synchronized (latencies) {
                            latencies.add((System.nanoTime() - sent) / 1e6);
                        }
                    }
                } while (System.nanoTime() - start < seconds * 1e9);
            }));
            threads.get(c).start();
        }
        Thread.sleep(500L * seconds);
        memory[1] = memory();
        for (Thread thread : threads) {
            thread.join();
        }
        memory[2] = memory();
        return new Outcome(
                count,
                (System.nanoTime() - start) / 1e9,
                counts,
                latencies.stream().sorted().toList(),
                memory);
    }

    /** Sends a picture, and tells the kind of its answer; after a refusal the client waits. */
    private String answer(Path file, byte[] content) {
        try {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(predictions)
                            .POST(HttpRequest.BodyPublishers.ofByteArray(content))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() == 429) {
                Thread.sleep(100);
                return "refused";
            }
            if (answer.statusCode() != 200) {
                return "failed";
            }
            Map<String, Float> classes = new HashMap<>();
            for (JsonNode entry : new ObjectMapper().readTree(answer.body())) {
                classes.put(
                        entry.path("className").asText(),
                        entry.path("probability").floatValue());
            }
            Map<String, Float> before = known.putIfAbsent(file, classes);
            return before == null || before.equals(classes) ? "right" : "wrong";
        } catch (IOException e) {
            return "failed";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "failed";
        }
    }

    private double memory() throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(predictions.resolve("/metrics")).build();
        Matcher bytes = MEMORY.matcher(
                http.send(request, HttpResponse.BodyHandlers.ofString()).body());
        return bytes.find() ? Double.parseDouble(bytes.group(1)) / (1 << 20) : Double.NaN;
    }

    private static Table<Outcome> rows() {
        Table<Outcome> rows = new Table<Outcome>()
                .count("clients", Outcome::clients)
                .number("images_per_second", 1, outcome -> outcome.count("right") / outcome.seconds);
        for (int percent : new int[] {50, 95, 99}) {
            rows.number("p" + percent + "_ms", 1, outcome -> outcome.percentile(percent));
        }
        for (String kind : List.of("right", "refused", "wrong", "failed")) {
            rows.count(kind, outcome -> outcome.count(kind));
        }
        return rows.number("mb_before", 0, outcome -> outcome.memory[0])
                .number("mb_half", 0, outcome -> outcome.memory[1])
                .number("mb_after", 0, outcome -> outcome.memory[2]);
    }
}
