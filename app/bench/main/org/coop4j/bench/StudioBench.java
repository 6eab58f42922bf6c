package org.coop4j.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.Closeable;
import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.StateFolder;
import org.coop4j.clip.Clip;
import org.coop4j.http.ServiceOptions;
import org.coop4j.http.ServiceOptions.Limits;
import org.coop4j.page.Thumbnails;
import org.coop4j.studio.StudioServer;

/** Measures the studio as a browser uses it, on a folder of made pictures. */
public final class StudioBench implements Closeable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOVES = 30;
    private static final int SIDE = 160;

    private final HttpClient client = HttpClient.newBuilder()
            .cookieHandler(new CookieManager())
            .followRedirects(Redirect.ALWAYS)
            .build();
    private final StudioServer server;

    private StudioBench(Path photos, Clip clip, Path bank) throws IOException {
        ServiceOptions options = new ServiceOptions(
                "127.0.0.1", 0, Optional.empty(), Optional.empty(), Limits.of(1 << 20, Duration.ofMinutes(5), 64));
        server = StudioServer.start(options, photos, false, clip, bank, new StateFolder(bank.resolveSibling("state")));
        ask("?" + URI.create(server.address()).getQuery(), null);
    }

    /**
     * Measures a folder: the first start, encoding, moves while it learns, the screens, and the second start.
     *
     * @return seconds by name, and the numbers of pictures and classes
     */
    public static Map<String, Object> run(Clip clip, int pictures, int classes) throws IOException {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("pictures", pictures);
        result.put("classes", classes);
        Path folder = Files.createTempDirectory("coop-bench");
        try {
            Path photos = folder.resolve("photos");
            fill(photos, pictures, classes);
            long start = System.nanoTime();
            try (StudioBench studio = new StudioBench(photos, clip, folder.resolve("bank"))) {
                studio.state();
                result.put("first_start_s", since(start));
                studio.open();
                studio.movesWhile(
                        "encoding",
                        state -> state.path("encoded").asInt() < pictures
                                || !state.path("comparing").isNull(),
                        result);
                studio.await(state -> state.path("encoded").asInt() == pictures && isLearned(state));
                result.put("encoding_s", since(start));
                studio.moves(result);
                long drawn = System.nanoTime();
                while (studio.ask("api/map", null).path("points").isEmpty()) {
                    studio.movesWhile("drawing", state -> !state.path("drawing").isNull(), result);
                }
                result.put("map_s", since(drawn));
                long searched = System.nanoTime();
                studio.ask("api/search?words=red", null);
                result.put("search_s", since(searched));
                for (String screen : new String[] {"mistakes", "sort", "groups", "clean", "history"}) {
                    long asked = System.nanoTime();
                    studio.ask("api/" + screen, null);
                    result.put(screen + "_s", since(asked));
                }
            }
            start = System.nanoTime();
            try (StudioBench studio = new StudioBench(photos, clip, folder.resolve("bank"))) {
                studio.state();
                result.put("second_start_s", since(start));
                studio.await(StudioBench::isLearned);
                result.put("second_learned_s", since(start));
            }
            return result;
        } finally {
            CacheFolder.delete(folder);
        }
    }

    /** Loads the page and the first pictures, as a browser does before anybody clicks. */
    private void open() throws IOException {
        for (String file : List.of("", "studio.css", "studio.js", "board.js", "parts.js")) {
            ask(file, null);
        }
        for (JsonNode picture : ask("api/pictures?class=class-0&count=40", null)) {
            ask("thumbnail/" + picture.path("id").asText(), null);
        }
    }

    /** Moves a picture from class to class every 50 ms. */
    private void movesWhile(String what, Condition condition, Map<String, Object> result) throws IOException {
        String id = ask("api/pictures?class=class-0", null).path(0).path("id").asText();
        List<Double> answers = new ArrayList<>();
        for (int i = 0; i % 2 == 1 || condition.holds(state()); i++) {
            long start = System.nanoTime();
            move(id, 1 - i % 2);
            answers.add(since(start));
            pause(50);
        }
        if (!answers.isEmpty()) {
            answers.sort(null);
            result.put("move_while_" + what + "_median_s", answers.get(answers.size() / 2));
            result.put("move_while_" + what + "_slowest_s", answers.get(answers.size() - 1));
            long slow = answers.stream().filter(one -> one > 0.1).count();
            result.put("move_while_" + what + "_over_100_ms", slow + " of " + answers.size());
        }
    }

    private void move(String id, int label) throws IOException {
        ask("api/move", "{\"pictures\":[\"%s\"],\"to\":\"class-%d\"}".formatted(id, label));
    }

    /** Moves a picture from class to class, each time when the move before is learned, and then without waiting. */
    private void moves(Map<String, Object> result) throws IOException {
        double[] answers = new double[MOVES];
        double[] refits = new double[MOVES];
        String id = ask("api/pictures?class=class-0", null).path(0).path("id").asText();
        for (int i = 0; i < 2 * MOVES; i++) {
            long start = System.nanoTime();
            move(id, 1 - i % 2);
            answers[i / 2] = Math.max(i % 2 == 0 ? 0 : answers[i / 2], since(start));
            if (i < MOVES) {
                await(StudioBench::isLearned);
                refits[i] = since(start);
            }
        }
        await(StudioBench::isLearned);
        Arrays.sort(answers);
        Arrays.sort(refits);
        result.put("move_median_s", answers[MOVES / 2]);
        result.put("move_slowest_s", answers[MOVES - 1]);
        result.put("refit_median_s", refits[MOVES / 2]);
    }

    private static boolean isLearned(JsonNode state) {
        return state.path("upToDate").asBoolean() && state.path("fitted").asBoolean();
    }

    private interface Condition {
        boolean holds(JsonNode state);
    }

    private void await(Condition condition) throws IOException {
        while (!condition.holds(state())) {
            pause(5);
        }
    }

    private static void pause(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private JsonNode state() throws IOException {
        return ask("api/state", null);
    }

    /** Asks, or sends a change unless the body is null. */
    private JsonNode ask(String path, String body) throws IOException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/%s".formatted(server.port(), path)));
        try {
            HttpResponse<String> answer = client.send(
                    (body == null ? request : request.POST(BodyPublishers.ofString(body))).build(),
                    BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IOException(path + " was answered with " + answer.statusCode() + ": " + answer.body());
            }
            return path.startsWith("api") ? JSON.readTree(answer.body()) : null;
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static double since(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    /** Makes pictures of coloured discs on noise, a colour and a number of discs per class. */
    private static void fill(Path photos, int pictures, int classes) throws IOException {
        for (int i = 0; i < pictures; i++) {
            int label = i % classes;
            Random random = new Random(i);
            BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
            Graphics2D canvas = image.createGraphics();
            for (int disc = 0; disc < 60 + 3 * (label % 4); disc++) {
                boolean own = disc >= 60;
                canvas.setColor(Color.getHSBColor(
                        own ? (float) label / classes : random.nextFloat(), own ? 1 : 0.4f, random.nextFloat()));
                canvas.fillOval(random.nextInt(SIDE), random.nextInt(SIDE), 40, 40);
            }
            canvas.dispose();
            Path folder = Files.createDirectories(photos.resolve("class-" + label));
            Files.write(folder.resolve(i + ".jpg"), Thumbnails.encoded(image, "jpg"));
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
