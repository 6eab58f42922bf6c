package org.coop4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.serve.TestService.utf8;
import static org.coop4j.serve.TestService.whole;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.coop4j.cli.Campaign;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.http.ServiceOptions;
import org.eclipse.jetty.util.thread.ScheduledExecutorScheduler;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Attacks of every kind on a service that answers eight ordinary clients: each ordinary answer must be the usual one
 * within five seconds, and memory must not grow. {@code -Dcampaign.seconds=600} lets it go on for longer.
 */
class ServiceCampaign {

    private static final String TOKEN = "Authorization: Bearer correct-horse\r\n";
    private static final String PREDICT = "POST /predictions/things HTTP/1.1\r\nHost: localhost\r\n";
    private static final String INFER = "POST /v2/models/things/infer HTTP/1.1\r\nHost: localhost\r\n";
    private static final int EACH = 8;
    private static final long LATEST_MILLIS = 5_000;
    private static final long MOST_GROWTH = 64L << 20;

    @TempDir
    private Path folder;

    private byte[] picture;
    private byte[] scanBomb;
    private byte[] mostScans;
    private byte[] lossless;
    private byte[] references;
    private TestService service;
    private volatile boolean over;
    private final AtomicInteger answers = new AtomicInteger();
    private final AtomicLong latest = new AtomicLong();
    private final Campaign campaign = new Campaign("attacks");

    private enum Attack {
        GARBAGE,
        MUTATED_REQUEST,
        INVENTED_METHOD,
        TREE_BOMB,
        SCAN_BOMB,
        DAMAGED_PICTURE,
        SLOW_HEADERS,
        SLOW_TRAILER,
        SLOW_EXTENSION,
        BROKEN_CHUNKS,
        MANY_PICTURES,
        WRONG_TOKEN,
        OTHER_ORIGIN,
        LEAVER,
        LEAVER_WITH_REFERENCES,
        MOST_SCANS,
        LOSSLESS,
        TWO_HOSTS,
        SILENCE,
        HALF_CLOSED,
        PIPELINED
    }

    @BeforeEach
    void read() throws IOException {
        picture = TestService.picture("chair-image_0013.png");
        scanBomb = HostilePictures.scanBomb(1000, 300);
        mostScans = HostilePictures.scanBomb(1900, 2);
        lossless = HostilePictures.losslessNoise(1150);
        String nested = "\"&" + "amp;".repeat(2400) + '"';
        references = utf8("{\"model\": \"things\", \"input\": " + Collections.nCopies(60, nested) + "}");
    }

    @Test
    void ordinaryClientsAreAnsweredWhileOthersAttack() throws Exception {
        int seconds = Campaign.setting("seconds", 60);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        ((ch.qos.logback.classic.Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).addAppender(log);
        ServiceOptions.Limits limits =
                new ServiceOptions.Limits(16 << 20, 128 << 20, Duration.ofSeconds(3), 64, Duration.ofSeconds(5));
        ServiceOptions options = TestService.locked(Optional.empty(), limits);
        // Batches of one picture, whose answers have the same bits every time.
        EncodingLimits predictions = new EncodingLimits(1, Duration.ZERO, 64, 4_000_000, Duration.ofSeconds(1));
        List<Thread> threads = new ArrayList<>();
        long early;
        try (TestService started = TestService.start(
                folder, predictions, options, Optional.empty(), Optional.empty(), new ScheduledExecutorScheduler())) {
            service = started;
            String expected = ask().text();
            for (int i = 0; i < EACH; i++) {
                threads.add(new Thread(() -> useAsUsual(expected)));
                Random random = Campaign.random(i);
                threads.add(new Thread(() -> attack(random)));
            }
            threads.forEach(Thread::start);
            Thread.sleep(250L * seconds);
            early = heap();
            Thread.sleep(750L * seconds);
            over = true;
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(heap() - early).as("growth of the heap").isLessThan(MOST_GROWTH);
            assertThat(ask().text()).isEqualTo(expected);
        }
        System.out.printf("%d s: %d ordinary answers, the latest after %d ms%n", seconds, answers.get(), latest.get());
        campaign.print();
        campaign.close();
        assertThat(latest).hasValueLessThan(LATEST_MILLIS);
        assertThat(log.list) // the command line leaves out Jetty's warnings
                .noneMatch(event -> event.getLevel().isGreaterOrEqual(Level.WARN)
                        && !event.getLoggerName().startsWith("org.eclipse.jetty"));
    }

    /** With the limits of {@code coop serve}, a picture that is sent while the worst one is decoded. */
    @Test
    void anOrdinaryPictureWaitsForTheWorstOneForALimitedTime() throws Exception {
        Map<String, byte[]> worst = new LinkedHashMap<>();
        worst.put("JPEG of 12 scans", HostilePictures.scanBomb(7000, 2));
        worst.put("JPEG of 99 scans", HostilePictures.scanBomb(7000, 89));
        worst.put("lossless WebP of 16.6 million pixels", HostilePictures.losslessNoise(4080));
        worst.put("lossless WebP of 39.7 million pixels", HostilePictures.losslessNoise(6300));
        EncodingLimits limits = new EncodingLimits(32, Duration.ofMillis(2), 256, 50_000_000, Duration.ofSeconds(4));
        try (TestService started = TestService.start(folder, limits, TestService.onLoopback())) {
            started.post(TestService.PREDICT, picture);
            for (Map.Entry<String, byte[]> one : worst.entrySet()) {
                long batches = started.images().batches();
                CompletableFuture<Answer> beside = started.later(TestService.PREDICT, one.getValue());
                while (!beside.isDone() && started.images().batches() == batches) {
                    Thread.sleep(1);
                }
                long start = System.nanoTime();
                assertThat(started.post(TestService.PREDICT, picture).status()).isEqualTo(200);
                long millis = (System.nanoTime() - start) / 1_000_000;
                System.out.printf(
                        "%s, %,d bytes: %d %s; beside it %d ms%n",
                        one.getKey(),
                        one.getValue().length,
                        beside.join().status(),
                        beside.join().text().lines().findFirst().orElse(""),
                        millis);
                assertThat(millis).isLessThan(LATEST_MILLIS);
            }
        }
    }

    private static long heap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private Answer ask() throws Exception {
        return service.post(TestService.PREDICT, picture, "Authorization", "Bearer correct-horse");
    }

    private void useAsUsual(String expected) {
        while (!over) {
            long start = System.nanoTime();
            try {
                Answer answer = ask();
                if (!answer.text().equals(expected)) {
                    campaign.find(answer.status() + ": " + answer.text());
                }
                Thread.sleep(20);
            } catch (Exception e) {
                campaign.find(e.toString());
            }
            answers.incrementAndGet();
            latest.accumulateAndGet((System.nanoTime() - start) / 1_000_000, Math::max);
        }
    }

    private void attack(Random random) {
        while (!over) {
            Attack attack = Attack.values()[random.nextInt(Attack.values().length)];
            campaign.count(attack, 1);
            try (Socket socket = service.socket()) {
                socket.setSoTimeout(10_000);
                OutputStream out = socket.getOutputStream();
                out.write(request(attack, random));
                out.flush();
                switch (attack) {
                    case SLOW_HEADERS, SLOW_TRAILER, SLOW_EXTENSION -> {
                        for (int i = 0; i < 50; i++) {
                            Thread.sleep(100);
                            out.write('x');
                        }
                    }
                    case LEAVER, LEAVER_WITH_REFERENCES -> {}
                    case SILENCE -> beSilent();
                    case HALF_CLOSED -> {
                        socket.shutdownOutput();
                        expect(1, socket);
                    }
                    case PIPELINED -> {
                        out.write(whole(PREDICT + TOKEN + "Connection: close\r\n", picture));
                        expect(2, socket);
                    }
                    default -> socket.getInputStream().readNBytes(12);
                }
            } catch (IOException e) {
                // The service closed the connection, or did not answer what has no end.
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void beSilent() throws IOException, InterruptedException {
        List<Socket> silent = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            silent.add(service.socket());
        }
        Thread.sleep(1000);
        for (Socket one : silent) {
            one.close();
        }
    }

    private void expect(int answers, Socket socket) throws IOException {
        String answer = TestService.answer(socket);
        if (answer.split("HTTP/1.1 (200|429) ", -1).length != answers + 1) {
            campaign.find("instead of " + answers + " answers: " + answer);
        }
    }

    private byte[] request(Attack attack, Random random) throws IOException {
        byte[] noise = new byte[1 + random.nextInt(2000)];
        random.nextBytes(noise);
        String chunked = PREDICT + TOKEN + "Transfer-Encoding: chunked\r\n\r\n";
        return switch (attack) {
            case GARBAGE -> noise;
            case MUTATED_REQUEST -> mutated(whole(PREDICT + TOKEN, picture), random);
            case INVENTED_METHOD -> utf8("M" + random.nextInt(1 << 20) + " /ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
            case TREE_BOMB -> whole(INFER + TOKEN, utf8("{\"inputs\":[" + "[],".repeat(1_000_000)));
            case SCAN_BOMB -> whole(PREDICT + TOKEN, scanBomb);
            case DAMAGED_PICTURE -> whole(PREDICT + TOKEN, mutated(picture, random));
            case SLOW_HEADERS -> utf8(PREDICT + "X: ");
            case SLOW_TRAILER -> utf8(chunked + "1\r\na\r\n0\r\nX: ");
            case SLOW_EXTENSION -> utf8(chunked + "1;");
            case BROKEN_CHUNKS -> utf8(chunked + new String(noise, StandardCharsets.ISO_8859_1) + "\r\n");
            case MANY_PICTURES -> whole(INFER + TOKEN, pictures(1000));
            case WRONG_TOKEN -> whole(PREDICT + TOKEN.replace("horse", "cow"), picture);
            case OTHER_ORIGIN -> whole(PREDICT + TOKEN + "Origin: http://evil.example\r\n", picture);
            case LEAVER, HALF_CLOSED, PIPELINED -> whole(PREDICT + TOKEN, picture);
            case LEAVER_WITH_REFERENCES ->
                whole("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\n" + TOKEN, references);
            case MOST_SCANS -> whole(PREDICT + TOKEN, mostScans);
            case LOSSLESS -> whole(PREDICT + TOKEN, lossless);
            case TWO_HOSTS ->
                utf8("GET /ping HTTP/1.1\r\nHost: a" + random.nextInt(99) + "\r\nHost: localhost\r\n\r\n");
            case SILENCE -> new byte[0];
        };
    }

    private static byte[] pictures(int count) {
        return utf8(
                "{\"inputs\": [{\"name\": \"image\", \"datatype\": \"BYTES\", \"shape\": [%d], \"data\": [\"eA==\"%s]}]}"
                        .formatted(count, ",\"eA==\"".repeat(count - 1)));
    }

    private static byte[] mutated(byte[] sound, Random random) {
        byte[] changed = sound.clone();
        for (int i = random.nextInt(8); i >= 0; i--) {
            changed[random.nextInt(Math.min(changed.length, 400))] = (byte) random.nextInt(256);
        }
        return changed;
    }
}
