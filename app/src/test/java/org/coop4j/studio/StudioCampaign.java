package org.coop4j.studio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toSet;
import static org.coop4j.studio.StudioFolder.anything;
import static org.coop4j.studio.StudioFolder.contents;
import static org.coop4j.studio.StudioFolder.fill;
import static org.coop4j.studio.StudioFolder.ids;
import static org.coop4j.studio.StudioFolder.open;
import static org.coop4j.studio.StudioFolder.picture;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.coop4j.base.CheckedLines;
import org.coop4j.base.Folders;
import org.coop4j.base.Sha256;
import org.coop4j.cli.Campaign;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.http.ServiceOptions;
import org.coop4j.http.ServiceOptions.Limits;
import org.coop4j.serve.Answer;
import org.coop4j.studio.Snapshot.Photo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Strangers' folders, damage, other programs that use a folder at the same time, and hostile requests: nothing outside the folder
 * changes, no picture is lost, and a person who uses a studio beside them is answered. {@code -Dcampaign.seconds=600} lets it go on
 * for longer.
 */
class StudioCampaign {

    private static final long LATEST_MILLIS = 5_000;
    private static final ServiceOptions OPTIONS = new ServiceOptions(
            "127.0.0.1", 0, Optional.empty(), Optional.empty(), Limits.of(1 << 20, Duration.ofMinutes(1), 64));

    /** Places in a stranger's journal, of which most are none. */
    private static final List<String> PLACES = List.of(
            "",
            "cats/p0.png",
            "cats/p1.png",
            "dogs/p0.png",
            "dogs/new.png",
            "cats",
            "dogs",
            "birds",
            "linked",
            "linked/p0.png",
            "../private/p0.png",
            "../private",
            "..",
            "cats/../../private/p0.png",
            ".coop4j/lock",
            ".coop4j/removed/x.png",
            ".git/hooks/run",
            "cats/.hidden.png",
            "cats\\p0.png",
            "x".repeat(300));

    private static final List<String> OWN_FILES =
            List.of("journal", "journal.state", "lock", "thumbnails", "removed", "learned");

    private static final List<String> REQUESTS = List.of(
            "move",
            "take",
            "remove",
            "copies/remove",
            "copies/keep",
            "class",
            "class/delete",
            "rename",
            "reject",
            "convert",
            "back",
            "restore",
            "continue",
            "forget",
            "examples",
            "none",
            "check/unclear",
            "check/stop",
            "accept",
            "accepted/back",
            "learn",
            "learn/cancel",
            "open",
            "upload",
            "predict",
            "example");

    private static final List<String> BODIES = List.of(
            "null",
            "{}",
            "[]",
            "7",
            "\"x\"",
            "{\"pictures\":null}",
            "{\"pictures\":[null]}",
            "{\"pictures\":[\"../../private/p0.png\"]}",
            "{\"name\":\"../private\"}",
            "{\"from\":\"..\",\"to\":\"../x\",\"merge\":true}",
            "{\"name\":\".coop4j\"}",
            "{\"state\":-1}",
            "{\"state\":1e99}",
            "{\"picture\":\"../x\"}",
            "{\"error\":-3,\"count\":-1}",
            "{\"pictures\":",
            "{\"to\":\"" + "x".repeat(5000) + "\",\"create\":true,\"pictures\":[]}",
            "[".repeat(5000));

    @TempDir
    private Path folder;

    private Path privates;
    private volatile boolean over;
    private String cookie;
    private final Campaign campaign = new Campaign("attacks on the studio");

    private enum Attack {
        STRANGERS_JOURNAL,
        DAMAGED_JOURNAL,
        LINK_OR_PIPE,
        RIVAL,
        WRITER,
        ODD_NAMES,
        UNDO
    }

    @Test
    void nothingIsLostAndNobodyWaitsWhateverOthersDo() throws Exception {
        privates = fill(folder.resolve("private"), 2, "");
        Map<Path, String> before = files(privates);
        Path photos = withForeignFiles(fill(folder.resolve("served"), 6, "", "cats", "dogs", "cats/deep"));
        List<String> known = contents(photos);
        AtomicLong latest = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        try (Clip clip = Clip.open(ShippedModel.file(folder));
                StudioServer server =
                        StudioServer.start(OPTIONS, photos, false, clip, folder.resolve("bank"), StudioFolder.USER)) {
            cookie = cookie(server);
            threads.add(new Thread(() -> until(random -> useAsUsual(server, latest), 1)));
            threads.add(new Thread(() -> until(random -> request(server, random), 2)));
            threads.add(new Thread(() -> until(random -> episode(folder.resolve("episode"), random), 3)));
            threads.forEach(Thread::start);
            Thread.sleep(1000L * Campaign.setting("seconds", 60));
            over = true;
            for (Thread thread : threads) {
                thread.join();
            }
        }
        check(contents(photos).containsAll(known), "a picture of the served folder is lost");
        int undone = StudioKillTest.undoAll(photos);
        check(files(privates).equals(before), "a file outside the folders has changed");
        System.out.printf("%d actions undone, the latest answer after %d ms%n", undone, latest.get());
        campaign.print();
        campaign.close();
        check(latest.get() < LATEST_MILLIS, "slow");
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    private static Map<Path, String> files(Path root) throws IOException {
        Map<Path, String> files = new TreeMap<>();
        for (Path file : Folders.files(root)) {
            files.put(file, Sha256.of(file));
        }
        return files;
    }

    private static Path withForeignFiles(Path photos) throws IOException {
        for (String name : List.of("cats/.DS_Store", "dogs/notes.txt", "cats/deep/notes.txt")) {
            if (Files.exists(photos.resolve(name).getParent())) {
                Files.writeString(photos.resolve(name), name);
            }
        }
        return photos;
    }

    private interface Step {
        void run(Random random) throws Exception;
    }

    /** Repeats a step; whatever it throws is a finding. */
    private void until(Step step, int thread) {
        for (int i = 0; !over; i++) {
            try {
                step.run(Campaign.random(i * 4 + thread));
            } catch (Exception | AssertionError e) {
                campaign.find("step %d of thread %d: %s".formatted(i, thread, e));
            }
        }
    }

    // Requests

    private static String cookie(StudioServer server) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server.port() + "/?"
                + URI.create(server.address()).getQuery());
        String set = Answer.of("GET", uri, null).header("Set-Cookie").orElseThrow();
        return set.substring(0, set.indexOf(';'));
    }

    private static URI uri(StudioServer server, String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    /** A person who moves pictures, undoes that, and looks at them. */
    private void useAsUsual(StudioServer server, AtomicLong latest) throws Exception {
        for (int i = 0; i < 50 && !over; i++) {
            String from = i % 2 == 0 ? "dogs" : "cats";
            String id = ask(server, "pictures?class=" + from, null, latest)
                    .json()
                    .path(i % 5)
                    .path("id")
                    .asText();
            String move =
                    "{\"pictures\":[\"%s\"],\"to\":\"%s\",\"create\":true}".formatted(id, i % 2 == 0 ? "cats" : "dogs");
            ask(server, "move", move, latest);
            if (i % 3 == 0) {
                ask(server, "undo", "{}", latest);
            }
            check(ask(server, "state", null, latest).status() == 200, "no state");
            Thread.sleep(20);
        }
    }

    private Answer ask(StudioServer server, String path, String body, AtomicLong latest) throws Exception {
        long start = System.nanoTime();
        Answer answer = Answer.of(
                body == null ? "GET" : "POST",
                uri(server, "/api/" + path),
                body == null ? null : body.getBytes(UTF_8),
                "Cookie",
                cookie);
        latest.accumulateAndGet((System.nanoTime() - start) / 1_000_000, Math::max);
        check(answer.status() < 500, path + ": " + answer.text());
        campaign.count("ordinary answers", 1);
        return answer;
    }

    /** Hostile requests: with the cookie, without it, from another origin, to another host, without an end. */
    private void request(StudioServer server, Random random) throws Exception {
        String path = "/api/" + one(REQUESTS, random);
        byte[] body = one(BODIES, random).getBytes(UTF_8);
        int kind = random.nextInt(6);
        campaign.count("hostile requests", 1);
        switch (kind) {
            case 0, 1 -> {
                if (path.endsWith("upload") || path.endsWith("predict") || path.endsWith("example")) {
                    body = metadataBomb(random);
                }
                Answer answer = Answer.of("POST", uri(server, path), body, "Cookie", cookie);
                check(answer.status() < 500, path + " " + new String(body, UTF_8) + ": " + answer.text());
                check(!answer.text().contains("Exception"), path + ": " + answer.text());
            }
            case 2 -> {
                Answer answer = Answer.of("POST", uri(server, path), body);
                check(answer.status() == 403, path + " without a cookie: " + answer.status());
            }
            case 3 -> {
                Answer answer =
                        Answer.of("POST", uri(server, path), body, "Cookie", cookie, "Origin", "http://evil.example");
                check(answer.status() == 403, path + " of another origin: " + answer.status());
            }
            case 4 -> {
                String got = raw(
                        server,
                        "GET /api/state HTTP/1.1\r\nHost: evil.example\r\nCookie: %s\r\n\r\n".formatted(cookie));
                check(!got.contains("revision"), "another host: " + got);
            }
            default -> {
                Socket asleep = new Socket(InetAddress.getLoopbackAddress(), server.port()); // listens, and never reads
                OutputStream out = asleep.getOutputStream();
                out.write("GET /api/events HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\n\r\n"
                        .formatted(cookie)
                        .getBytes(UTF_8));
                out.flush();
                if (random.nextBoolean()) {
                    asleep.close();
                }
            }
        }
    }

    private static String raw(StudioServer server, String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(5000);
            socket.getOutputStream().write(request.getBytes(UTF_8));
            return new String(socket.getInputStream().readNBytes(400), UTF_8);
        } catch (SocketTimeoutException e) {
            return "";
        }
    }

    /** A picture with a segment of bytes 0xFF, or with thousands of keywords. */
    private static byte[] metadataBomb(Random random) throws IOException {
        byte[] sound = picture(random.nextInt(100));
        byte[] bomb = new byte[200_000];
        Arrays.fill(bomb, (byte) (random.nextBoolean() ? 0xFF : '/'));
        bomb[1] = (byte) 0xD8;
        System.arraycopy(sound, 0, bomb, random.nextInt(1000), sound.length);
        return bomb;
    }

    private static <T> T one(List<T> list, Random random) {
        return list.get(random.nextInt(list.size()));
    }

    // Folders

    private void episode(Path place, Random random) throws Exception {
        Path photos = withForeignFiles(fill(place.resolve("photos"), 4, "", "cats", "dogs", "cats/deep"));
        Attack attack = one(List.of(Attack.values()), random);
        campaign.count(attack, 1);
        try {
            Set<String> known = spoken(photos);
            switch (attack) {
                case STRANGERS_JOURNAL -> strangersJournal(photos, random);
                case DAMAGED_JOURNAL -> damagedJournal(photos, random);
                case LINK_OR_PIPE -> linkOrPipe(photos, random);
                case RIVAL -> rival(photos);
                case WRITER -> writer(photos, random);
                case ODD_NAMES -> oddNames(photos, random);
                default -> work(photos, random, 30);
            }
            check(spoken(photos).containsAll(known) || attack == Attack.WRITER, attack + ": a picture is lost");
            if (attack == Attack.UNDO || attack == Attack.ODD_NAMES) {
                campaign.count("undone", StudioKillTest.undoAll(photos));
            }
        } finally {
            shell(folder, "rm -rf episode");
        }
    }

    /** Returns the contents of all pictures, whatever bytes their names have. */
    private static Set<String> spoken(Path photos) throws Exception {
        return shell(
                        photos,
                        "find . -name '*.png' -type f -exec sha256sum -z {} + | cut -z -c1-65 | tr -d '\\\\' | tr '\\0' '\\n'")
                .lines()
                .map(line -> line.substring(0, 64))
                .collect(toSet());
    }

    private static String shell(Path where, String script) throws Exception {
        Process process = new ProcessBuilder("bash", "-c", script)
                .directory(where.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        process.waitFor();
        return said;
    }

    private static void work(Path photos, Random random, int steps) throws IOException {
        try (Studio studio = open(photos)) {
            for (int i = 0; i < steps; i++) {
                anything(studio, random);
            }
        }
    }

    /** Nothing moves before the person agrees; afterwards only within the folder. */
    private void strangersJournal(Path photos, Random random) throws Exception {
        Files.createSymbolicLink(photos.resolve("linked"), privates);
        List<String> contents = contents(photos);
        contents = Stream.concat(contents.stream(), contents(privates).stream()).toList();
        Path own = Files.createDirectories(photos.resolve(PhotoFolder.OWN));
        try (CheckedLines journal = CheckedLines.open(own.resolve("journal"))) {
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                journal.add(
                        "{\"action\":%d,\"what\":\"Moved\",\"makes\":[\"%s\"],\"drops\":[\"%s\"],\"moves\":[{\"sha256\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"}]}"
                                .formatted(
                                        i,
                                        random.nextInt(8) == 0 ? one(PLACES, random) : "birds",
                                        random.nextInt(8) == 0 ? one(PLACES, random) : "cats",
                                        random.nextInt(4) == 0 ? "" : one(contents, random),
                                        place(random),
                                        place(random)),
                        true);
                if (random.nextBoolean()) {
                    journal.add("{\"action\":%d}".formatted(i), true);
                }
            }
        }
        Map<Path, String> before = pictures(photos);
        try (Studio studio = open(photos)) {
            check(studio.question() != null, "a stranger's journal is not asked about");
            check(pictures(photos).equals(before), "a stranger's journal moved something");
            attempt(() -> studio.answer(random.nextBoolean()));
            for (int i = 0; i < 4; i++) {
                attempt(studio::undo);
            }
            attempt(() -> studio.restore(1));
            campaign.count("opened", 1);
        } catch (IOException e) {
            check(pictures(photos).equals(before), "a refused journal moved something");
        }
        check(Files.isSymbolicLink(photos.resolve("linked")), "a link was moved");
    }

    private static String place(Random random) {
        String place = random.nextInt(8) == 0 ? one(PLACES, random) : PLACES.get(random.nextInt(8));
        return place.replace("\\", "\\\\");
    }

    private static void attempt(Runnable change) {
        try {
            change.run();
        } catch (StudioProblem e) {
            // A refusal.
        }
    }

    private static Map<Path, String> pictures(Path photos) throws IOException {
        Map<Path, String> pictures = files(photos);
        pictures.keySet().removeIf(file -> file.startsWith(photos.resolve(PhotoFolder.OWN)));
        return pictures;
    }

    /** A bit of the journal or of its saved state flips between two starts, or their end is lost. */
    private static void damagedJournal(Path photos, Random random) throws IOException {
        work(photos, random, 20);
        Map<Path, String> before = pictures(photos);
        Path damaged = photos.resolve(PhotoFolder.OWN).resolve(random.nextBoolean() ? "journal" : "journal.state");
        if (Files.exists(damaged)) {
            byte[] content = Files.readAllBytes(damaged);
            if (random.nextBoolean()) {
                content[random.nextInt(content.length)] ^= (byte) (1 << random.nextInt(8));
            } else {
                content = Arrays.copyOf(content, random.nextInt(content.length));
            }
            Files.write(damaged, content);
        }
        try (Studio studio = open(photos)) {
            check(pictures(photos).equals(before), "a damaged journal moved something");
            if (studio.question() != null) {
                attempt(() -> studio.answer(random.nextBoolean()));
            }
            for (int i = 0; i < 20; i++) {
                anything(studio, random);
            }
        }
    }

    private void linkOrPipe(Path photos, Random random) throws Exception {
        open(photos).close();
        Path file = photos.resolve(PhotoFolder.OWN).resolve(one(OWN_FILES, random));
        Path aside = folder.resolve("aside");
        boolean was = Files.exists(file);
        if (was) {
            Files.move(file, aside);
        }
        if (random.nextBoolean()) {
            Files.createSymbolicLink(file, privates.resolve(random.nextBoolean() ? "p0.png" : "missing"));
        } else {
            check(new ProcessBuilder("mkfifo", file.toString()).start().waitFor() == 0, "no pipe");
        }
        Object got = campaign.within(20, () -> {
            open(photos).close();
            return "opened";
        });
        check(got instanceof Exception e && e.getMessage().contains("is a link, or not a file"), file + ": " + got);
        Files.delete(file);
        if (was) {
            Files.move(aside, file);
        }
        open(photos).close();
    }

    /** Another program takes the names that pictures are moved to, and must find its files somewhere in the end. */
    private static void rival(Path photos) throws Exception {
        Path target = photos.resolve("dogs");
        Set<String> written = new TreeSet<>();
        Thread rival = new Thread(() -> {
            for (int i = 0; i < 200; i++) {
                try {
                    Path file = target.resolve("p%d (%d).png".formatted(i % 4, 2 + i / 4));
                    Files.writeString(file, "rival " + i, StandardOpenOption.CREATE_NEW);
                    written.add(Sha256.of("rival " + i));
                    Thread.sleep(1);
                } catch (IOException e) {
                    Thread.onSpinWait(); // it is taken
                } catch (InterruptedException e) {
                    return;
                }
            }
        });
        rival.start();
        try (Studio studio = open(photos)) {
            for (int i = 0; i < 40; i++) {
                String from = i % 2 == 0 ? "cats" : "dogs";
                for (String id : ids(studio, from).stream().limit(2).toList()) {
                    attempt(() -> studio.move(List.of(id), from.equals("cats") ? "dogs" : "cats", false, null));
                }
            }
        }
        rival.join();
        check(contents(photos).containsAll(written), "a file of another program is overwritten");
    }

    /** Another program adds files and replaces others in place: in the end the studio knows what is there. */
    private static void writer(Path photos, Random random) throws Exception {
        try (Studio studio = open(photos)) {
            for (int i = 0; i < 10; i++) {
                List<Photo> all = studio.snapshot().photos();
                Path replaced = photos.resolve(one(all, random).path());
                if (random.nextBoolean() && Files.exists(replaced)) {
                    Files.write(replaced, picture(5000 + random.nextInt(1000)));
                } else {
                    Files.write(
                            Files.createDirectories(photos.resolve("cats")).resolve("w" + i + ".png"),
                            picture(9000 + i));
                }
                anything(studio, random);
            }
            long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            Map<Path, String> there = pictures(photos);
            there.keySet().removeIf(file -> !file.toString().endsWith(".png"));
            while (!known(studio, photos).equals(there)) {
                check(System.nanoTime() < end, "not noticed: " + there + " in place of " + known(studio, photos));
                Thread.sleep(100);
            }
        }
    }

    private static Map<Path, String> known(Studio studio, Path photos) {
        Map<Path, String> known = new TreeMap<>();
        studio.snapshot().photos().stream()
                .filter(one -> !one.path().startsWith("linked"))
                .forEach(one -> known.put(photos.resolve(one.path()), one.sha256()));
        return known;
    }

    /** Names of random bytes, and as long as they can be. */
    private static void oddNames(Path photos, Random random) throws Exception {
        StringBuilder script = new StringBuilder();
        for (int i = 0; i < 6; i++) {
            StringBuilder name = new StringBuilder();
            for (int c = random.nextInt(5) == 0 ? 200 : 5; c > 0; c--) {
                int symbol = 1 + random.nextInt(255);
                name.append(symbol == '/' ? "x" : "\\x%02x".formatted(symbol));
            }
            script.append("cp cats/p0.png $'dogs/%s.png'; ".formatted(name));
        }
        shell(photos, script.toString());
        work(photos, random, 15);
    }
}
