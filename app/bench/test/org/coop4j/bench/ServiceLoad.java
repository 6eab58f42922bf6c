package org.coop4j.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A load test of a prediction service: clients send one picture after another, each waiting for its answer, and compare
 * all answers with the expected ones. The memory of the service is taken from its metrics.
 */
public final class ServiceLoad {

    private static final int OK = 200;
    private static final int TOO_MANY = 429;

    /** Pause of a client after a refusal. */
    private static final long PAUSE_MS = 100;

    /** The metric of a service's memory. */
    private static final Pattern MEMORY = Pattern.compile("(?m)^process_resident_memory_bytes ([0-9.E]+)$");

    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI predictions;
    private final List<byte[]> pictures;
    private final List<Map<String, Float>> expected;

    /** The first correct answer for each picture, compared byte by byte with the others. */
    private final AtomicReferenceArray<String> right;

    /**
     * @param predictions URL to post pictures to
     * @param pictures contents of image files
     * @param expected the probability of each class for each picture; empty to compare with the first answer
     */
    public ServiceLoad(URI predictions, List<byte[]> pictures, List<Map<String, Float>> expected) {
        this.predictions = predictions;
        this.pictures = List.copyOf(pictures);
        this.expected = List.copyOf(expected);
        this.right = new AtomicReferenceArray<>(pictures.size());
    }

    /**
     * The outcome of a load test.
     *
     * @param clients number of concurrent clients
     * @param seconds duration
     * @param answered number of correct answers
     * @param refused number of answers 429: the queue was full
     * @param wrong number of answers with other classes or probabilities
     * @param failed number of other statuses, and of requests without an answer
     * @param latencies of correct answers in milliseconds, ascending
     * @param memory of the service at the beginning, halfway and at the end, in bytes
     */
    public record Outcome(
            int clients,
            double seconds,
            int answered,
            int refused,
            int wrong,
            int failed,
            List<Double> latencies,
            List<Double> memory) {
        public Outcome {
            latencies = List.copyOf(latencies);
            memory = List.copyOf(memory);
        }

        /** Returns correct answers per second. */
        public double rate() {
            return answered / seconds;
        }

        /** Returns a percentile of the latency in milliseconds. */
        public double percentile(int percent) {
            if (latencies.isEmpty()) {
                return Double.NaN;
            }
            int rank = (int) Math.ceil(percent / 100.0 * latencies.size());
            return latencies.get(Math.max(0, rank - 1));
        }

        /** Returns the memory of the service in MB: 0 at the beginning, 1 halfway, 2 at the end. */
        public double megabytes(int when) {
            return when < memory.size() ? memory.get(when) / (1 << 20) : Double.NaN;
        }
    }

    /** Sends for a time, with at least one request per client, and waits for all answers. */
    public Outcome run(int clients, Duration time) {
        HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        List<Double> memory = new ArrayList<>();
        memory.add(memory(http));
        long start = System.nanoTime();
        List<Client> all = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int c = 0; c < clients; c++) {
            Client client = new Client(http, c, start + time.toNanos());
            all.add(client);
            Thread thread = new Thread(client, "coop4j-client-" + c);
            threads.add(thread);
            thread.start();
        }
        try {
            Thread.sleep(time.dividedBy(2).toMillis());
            memory.add(memory(http));
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            threads.forEach(Thread::interrupt);
            Thread.currentThread().interrupt();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        memory.add(memory(http));
        double[] latencies = all.stream()
                .flatMapToDouble(c -> c.latencies.stream().mapToDouble(ms -> ms))
                .sorted()
                .toArray();
        return new Outcome(
                clients,
                seconds,
                latencies.length,
                all.stream().mapToInt(c -> c.refused).sum(),
                all.stream().mapToInt(c -> c.wrong).sum(),
                all.stream().mapToInt(c -> c.failed).sum(),
                Arrays.stream(latencies).boxed().toList(),
                memory);
    }

    /** Returns the memory of the service in bytes, NaN if it is not known. */
    private double memory(HttpClient http) {
        HttpRequest request =
                HttpRequest.newBuilder(predictions.resolve("/metrics")).build();
        try {
            String metrics =
                    http.send(request, HttpResponse.BodyHandlers.ofString()).body();
            Matcher bytes = MEMORY.matcher(metrics);
            return bytes.find() ? Double.parseDouble(bytes.group(1)) : Double.NaN;
        } catch (IOException e) {
            return Double.NaN;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Double.NaN;
        }
    }

    private final class Client implements Runnable {
        private final HttpClient http;
        private final int first;
        private final long end;
        private final List<Double> latencies = new ArrayList<>();
        private int refused;
        private int wrong;
        private int failed;

        Client(HttpClient http, int first, long end) {
            this.http = http;
            this.first = first;
            this.end = end;
        }

        @Override
        public void run() {
            int next = first;
            try {
                do {
                    if (!send(next % pictures.size())) {
                        Thread.sleep(PAUSE_MS);
                    }
                    next++;
                } while (System.nanoTime() < end);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        /** Sends a picture; returns false if the service refused it or did not answer. */
        private boolean send(int picture) throws InterruptedException {
            long start = System.nanoTime();
            try {
                HttpResponse<String> answer = http.send(
                        HttpRequest.newBuilder(predictions)
                                .POST(HttpRequest.BodyPublishers.ofByteArray(pictures.get(picture)))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == TOO_MANY) {
                    refused++;
                    return false;
                }
                if (answer.statusCode() != OK) {
                    failed++;
                } else if (isRight(picture, answer.body())) {
                    latencies.add((System.nanoTime() - start) / 1e6);
                } else {
                    wrong++;
                }
                return true;
            } catch (IOException e) {
                failed++;
                return false;
            }
        }
    }

    private boolean isRight(int picture, String answer) throws IOException {
        String known = right.get(picture);
        if (known == null) {
            if (!expected.isEmpty() && !expected.get(picture).equals(classes(answer))) {
                return false;
            }
            known = right.compareAndExchange(picture, null, answer);
        }
        return known == null || known.equals(answer);
    }

    private static Map<String, Float> classes(String answer) throws IOException {
        Map<String, Float> classes = new TreeMap<>();
        for (JsonNode entry : JSON.readTree(answer)) {
            classes.put(
                    entry.path("className").asText(), entry.path("probability").floatValue());
        }
        return classes;
    }
}
