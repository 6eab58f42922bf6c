package org.coop4j.studio;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.studio.StudioFolder.fill;
import static org.coop4j.studio.StudioFolder.picture;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.coop4j.base.Sha256;
import org.coop4j.base.StateFolder;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageFiles;
import org.coop4j.demo.DemoPictures;
import org.coop4j.http.ServiceOptions;
import org.coop4j.http.ServiceOptions.Limits;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.run.RunFolder;
import org.coop4j.serve.Answer;
import org.coop4j.studio.RunningStudio.Pages;
import org.coop4j.studio.Snapshot.Photo;
import org.coop4j.text.Tokenizer.Overflow;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The studio as a browser uses it. */
class StudioServerTest {

    private static final ServiceOptions OPTIONS = new ServiceOptions(
            "127.0.0.1", 0, Optional.empty(), Optional.empty(), Limits.of(1 << 20, Duration.ofMinutes(1), 64));

    @TempDir
    private Path folder;

    private Path photos;
    private Clip clip;
    private StudioServer server;
    private String cookie;

    @BeforeEach
    void start() throws Exception {
        photos = fill(folder.resolve("photos"), 9, "", "cat", "dog");
        clip = Clip.open(ShippedModel.file(folder));
        server = StudioServer.start(OPTIONS, photos, false, clip, folder.resolve("bank"), StudioFolder.USER);
        enter();
    }

    private void enter() throws Exception {
        Answer entered = ask("GET", "/?" + URI.create(server.address()).getQuery(), null);
        assertThat(entered.status()).isEqualTo(302);
        String set = entered.header("Set-Cookie").orElseThrow();
        assertThat(set).contains("HttpOnly").contains("SameSite=Strict");
        cookie = set.substring(0, set.indexOf(';'));
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        clip.close();
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private Answer ask(String method, String path, byte[] body, String... headers) throws Exception {
        return Answer.of(method, uri(path), body, headers);
    }

    private JsonNode json(String method, String path, byte[] body, int status) throws Exception {
        Answer answer = ask(method, path, body, "Cookie", cookie);
        assertThat(answer.status()).as(answer.text()).isEqualTo(status);
        return answer.json();
    }

    private JsonNode get(String path) throws Exception {
        return json("GET", "/api/" + path, null, 200);
    }

    private JsonNode post(String path, String body, int status) throws Exception {
        return json("POST", "/api/" + path, body.getBytes(UTF_8), status);
    }

    private String first(String query) throws Exception {
        return get("pictures" + query).path(0).path("id").asText();
    }

    @Test
    void onlyABrowserThatShowedTheTokenIsLetIn() throws Exception {
        for (String path : List.of("/", "/studio.js", "/api/state", "/api/events", "/picture/" + first(""))) {
            assertThat(ask("GET", path, null).status()).as(path).isEqualTo(403);
            assertThat(ask("GET", path, null, "Cookie", "coop4j-studio-" + server.port() + "=x")
                            .status())
                    .isEqualTo(403);
        }
        assertThat(ask("GET", "/?token=x", null).status()).isEqualTo(403);
        assertThat(ask("GET", "/?token=null", null).status()).isEqualTo(403); // it is used up
        JsonNode other = get("phone");
        assertThat(other.path("rows").isNull()).isTrue(); // no telephone reaches this machine
        String fresh = URI.create(other.path("address").asText()).getQuery();
        for (int status : List.of(302, 403)) { // once
            assertThat(ask("GET", "/?" + fresh, null).status()).isEqualTo(status);
        }
        assertThat(ask("GET", "/?" + fresh, null, "Cookie", cookie).status()).isEqualTo(302);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            String forged = "GET /api/state HTTP/1.1\r\nHost: evil.example\r\nCookie: " + cookie + "\r\n\r\n";
            socket.getOutputStream().write(forged.getBytes(US_ASCII));
            byte[] status = socket.getInputStream().readNBytes("HTTP/1.1 421".length());
            assertThat(new String(status, US_ASCII)).isEqualTo("HTTP/1.1 421");
        }
        Answer foreign = ask("POST", "/api/undo", new byte[0], "Cookie", cookie, "Origin", "http://evil.example");
        assertThat(foreign.status()).isEqualTo(403);
        Answer state = ask("GET", "/api/state", null, "Cookie", cookie);
        assertThat(state.header("Content-Security-Policy").orElse(""))
                .contains("default-src 'none'")
                .doesNotContain("unsafe");
    }

    @Test
    void picturesAreLabelledAndUndone() throws Exception {
        JsonNode state = get("state");
        assertThat(state.path("unsorted").asInt()).isEqualTo(9);
        assertThat(state.path("classes").path(1).path("name").asText()).isEqualTo("dog");
        assertThat(post("examples", "{}", 400).path("error").asText()).contains("already");
        String id = first("");
        JsonNode moved = post("move", "{\"pictures\":[\"%s\"],\"to\":\"bird\",\"create\":true}".formatted(id), 200);
        assertThat(moved.path("undo").asText()).isEqualTo("Moved 1 to bird");
        assertThat(first("?class=bird")).isEqualTo(id);
        int then = get("history").path(0).path("state").asInt();
        assertThat(post("undo", "{}", 200).path("undo").isNull()).isTrue();
        assertThat(photos.resolve("bird")).doesNotExist();
        JsonNode history = get("history");
        assertThat(history.path(0).path("what").asText()).isEqualTo("Undone: Moved 1 to bird");
        JsonNode moves = get("compare?from=%d&to=%d"
                .formatted(then, history.path(0).path("state").asInt()));
        assertThat(moves.toString()).isEqualTo("[{\"id\":\"%s\",\"from\":[\"bird\"],\"to\":[\"\"]}]".formatted(id));
        post("restore", "{\"state\":%d}".formatted(then), 200);
        assertThat(first("?class=bird")).isEqualTo(id);
        assertThat(post("undo", "{}", 200).path("undo").isNull()).isTrue();
        assertThat(post("restore", "{\"state\":99}", 400).path("error").asText())
                .contains("no state 99");
        JsonNode refused = post("move", "{\"pictures\":[\"%s\"],\"to\":\"../x\",\"create\":true}".formatted(id), 400);
        assertThat(refused.path("error").asText()).startsWith("A name has letters");
        assertThat(refused.path("lost").asText()).startsWith("Nothing is lost");
        assertThat(post("move", "nonsense", 400).has("lost")).isTrue();
        JsonNode added = json("POST", "/api/upload?class=cat&file=new.png", picture(77), 200);
        assertThat(added.path("undo").asText()).isEqualTo("Added new.png to cat");
        assertThat(json("POST", "/api/upload?file=x.png", new byte[] {1}, 400)
                        .path("error")
                        .asText())
                .startsWith("It is not a JPEG");
        Answer thumbnail = ask("GET", "/thumbnail/" + Photo.id(Sha256.of(picture(77))), null, "Cookie", cookie);
        assertThat(thumbnail.header("Content-Type")).contains("image/jpeg");
        assertThat(thumbnail.response().body()).startsWith(0xFF, 0xD8);
        assertThat(json("GET", "/thumbnail/none", null, 404).has("error")).isTrue();
    }

    @Test
    void aHistoryOfOthersIsAskedAbout() throws Exception {
        assertThat(get("state").path("asks").isNull()).isTrue();
        assertThat(post("continue", "{}", 400).path("error").asText()).contains("Nothing was asked");
        String id = first("");
        server.close();
        StateFolder other = new StateFolder(folder.resolve("other"));
        server = StudioServer.start(OPTIONS, photos, false, clip, folder.resolve("bank"), other);
        enter();
        assertThat(get("state").path("asks").path("why").asText()).contains("somebody else");
        String move = "{\"pictures\":[\"%s\"],\"to\":\"dog\"}".formatted(id);
        assertThat(post("move", move, 400).path("lost").asText()).startsWith("Nothing is lost");
        post("forget", "{}", 200);
        assertThat(get("state").path("asks").isNull()).isTrue();
        assertThat(get("history")).hasSize(1);
        post("move", move, 200);
        assertThat(get("history?before=2")).hasSize(1);
    }

    @Test
    void anotherFolderIsOpenedFromThePageAndTheLastOnesAreRemembered() throws Exception {
        Path other = fill(folder.resolve("other photos"), 2, "", "cow");
        for (String name : List.of("no/whole/path", folder.resolve("none").toString(), "")) {
            assertThat(post("open", "{\"name\":\"%s\"}".formatted(name), 400)
                            .path("error")
                            .asText())
                    .contains("There is no folder " + name);
        }
        String body = "{\"name\":\"%s\"}".formatted(other);
        URI address = URI.create(post("open", body, 200).path("address").asText());
        assertThat(address.getPort()).isNotEqualTo(server.port());
        Answer entered = Answer.of("GET", address, null);
        assertThat(entered.status()).isEqualTo(302);
        String set = entered.header("Set-Cookie").orElseThrow();
        Answer state =
                Answer.of("GET", address.resolve("/api/state"), null, "Cookie", set.substring(0, set.indexOf(';')));
        assertThat(state.json().path("folder").asText()).endsWith("other photos");
        assertThat(set.substring(0, set.indexOf('='))).isNotEqualTo(cookie.substring(0, cookie.indexOf('=')));
        assertThat(get("state").path("folder").asText()).endsWith("photos"); // this one is still open
        assertThat(URI.create(post("open", body, 200).path("address").asText()).getPort())
                .isEqualTo(address.getPort());
        assertThat(get("folders").path(0).asText()).isEqualTo(other.toString());
    }

    /** New content under a name that was used before, which banks of features remember by the file's name. */
    @Test
    void aReplacedPictureIsLookedAtAgain() throws Exception {
        byte[] content = picture(900);
        awaitEncoded();
        Files.delete(photos.resolve("cat/p0.png"));
        Files.write(photos.resolve("cat/p0.png"), content);
        assertThat(get("pictures?class=cat").findValuesAsText("id")).contains(Photo.id(Sha256.of(content)));
        awaitEncoded();
        assertThat(get("clean").path("unreadable")).isEmpty();
    }

    /** Waits for answers to the present state, and returns them. */
    private JsonNode awaitSorted(int pictures) throws Exception {
        JsonNode state = get("state");
        while (!state.path("sortedToDate").asBoolean()
                || state.path("sorted").asInt() == 0
                || get("sort").path("pictures").asInt() != pictures) {
            assertThat(state.path("failure").isNull()).as(state.toString()).isTrue();
            Thread.sleep(50);
            state = get("state");
        }
        return get("sort");
    }

    private static Map<String, String> labels(JsonNode sort) {
        Map<String, String> labels = new LinkedHashMap<>();
        sort.path("rows").forEach(row -> row.path("pictures")
                .forEach(id -> labels.put(id.asText(), row.path("name").asText())));
        return labels;
    }

    /** The arithmetic of the promise; answers that a person gives are those of the studio, but for some. */
    @Test
    void whatACheckPromisesIsAcceptedAndUndoneInOneStep() throws Exception {
        for (int i = 0; i < 111; i++) {
            Files.write(photos.resolve("more%d.png".formatted(i)), picture(500 + i));
        }
        Map<String, String> labels = labels(awaitSorted(120));
        assertThat(get("sort").path("promises")).isEmpty();
        assertThat(get("check").path("fewest").asInt()).isEqualTo(29);
        assertThat(post("accept", "{\"error\":10,\"count\":1}", 400)
                        .path("error")
                        .asText())
                .contains("check pictures first");
        assertThat(post("check/draw", "{\"count\":121}", 400).path("error").asText())
                .contains("120 are unsorted");
        post("check/draw", "{\"count\":60}", 200);
        JsonNode drawn = get("check");
        server.close();
        server = StudioServer.start(OPTIONS, photos, false, clip, folder.resolve("bank"), StudioFolder.USER);
        enter();
        assertThat(get("check")).isEqualTo(drawn);
        awaitSorted(60);
        int tested = tested();
        List<String> checked = new ArrayList<>();
        drawn.path("pictures").forEach(id -> checked.add(id.asText()));
        List<String> wrong = List.of("cat", "dog").stream() // two that are among the surest 32
                .map(name -> labels.keySet().stream()
                        .filter(id -> checked.contains(id) && labels.get(id).equals(name))
                        .toList())
                .max(Comparator.comparing(List::size))
                .orElseThrow()
                .subList(0, 2);
        String other = labels.get(wrong.get(0)).equals("cat") ? "dog" : "cat";
        post("check/unclear", "{\"picture\":\"%s\"}".formatted(wrong.get(0)), 200);
        for (String id : checked) {
            if (!wrong.contains(id)) {
                move(id, labels.get(id));
            }
        }
        move(wrong.get(1), other);
        JsonNode sort = awaitSorted(60);
        assertThat(tested()).isEqualTo(tested); // nothing is learned from them
        assertThat(labels(sort)).allSatisfy((id, label) -> assertThat(labels).containsEntry(id, label));
        JsonNode promise = sort.path("promises").path(0);
        // 2 of the surest 54 are wrong: P(Bin(54, 0.1) <= 2) = 0.083, and half of 0.05 is allowed, since they also
        // decide
        // between joint answers and others
        assertThat(promise.path("needs").asInt()).isEqualTo(36);
        assertThat(promise.path("accepted").asInt()).isZero();
        assertThat(promise.path("missed").asInt()).isEqualTo(2);
        post("undo", "{}", 200); // the last answer
        move(wrong.get(1), labels.get(wrong.get(1)));
        move(wrong.get(0), labels.get(wrong.get(0)));
        Files.write(photos.resolve("late.png"), picture(900));
        sort = awaitSorted(61);
        promise = sort.path("promises").path(0);
        assertThat(sort.path("late").asInt()).isEqualTo(1);
        assertThat(promise.toString()) // of all 120, 12 may be wrong
                .isEqualTo("{\"error\":10,\"needs\":36,\"accepted\":60,\"wrong\":12,\"checked\":60,\"missed\":0}");
        assertThat(sort.path("promises").path(2).path("needs").asInt()).isEqualTo(183);
        post(
                "none",
                "{\"pictures\":[\"%s\"]}"
                        .formatted(labels.keySet().stream()
                                .filter(id -> !checked.contains(id))
                                .findFirst()
                                .orElseThrow()),
                200);
        sort = awaitSorted(60); // one that a person looked at is not accepted, but the others may be wrong for it
        assertThat(sort.path("promises").path(0).path("accepted").asInt()).isEqualTo(59);
        assertThat(sort.path("promises").path(0).path("wrong").asInt()).isEqualTo(12);
        String accept = "{\"error\":10,\"count\":%d,\"state\":%d}";
        int number = sort.path("number").asInt();
        assertThat(post("accept", accept.formatted(58, number), 409)
                        .path("error")
                        .asText())
                .contains("have changed");
        JsonNode done = post("accept", accept.formatted(59, number), 200);
        assertThat(done.path("did").asText()).isEqualTo("Accepted 59 pictures, at least 47 right");
        JsonNode state = get("state");
        assertThat(state.path("accepted").asInt()).isEqualTo(59);
        assertThat(state.path("unsorted").asInt()).isEqualTo(1); // the late one
        List<Boolean> accepted = new ArrayList<>();
        get("pictures?class=" + labels.get(wrong.get(0)))
                .forEach(one -> accepted.add(one.path("accepted").asBoolean()));
        assertThat(accepted).contains(true).isSortedAccordingTo(Comparator.reverseOrder());
        assertThat(get("check").path("drawn").asInt()).isZero();
        assertThat(get("check").path("fewest").asInt()).isEqualTo(36); // a second check has half the risk
        post("undo", "{}", 200);
        assertThat(awaitSorted(60).path("promises").path(0).path("accepted").asInt())
                .isEqualTo(59);
    }

    private void move(String id, String to) throws Exception {
        post("move", "{\"pictures\":[\"%s\"],\"to\":\"%s\"}".formatted(id, to), 200);
    }

    private int tested() throws Exception {
        int tested = 0;
        for (JsonNode one : get("state").path("classes")) {
            tested += one.path("tested").asInt();
        }
        return tested;
    }

    @Test
    void picturesThatHelpMostAreAskedForAndNoneOfThemTwice() throws Exception {
        awaitSorted(9);
        List<String> asked = get("next?count=4").findValuesAsText("id");
        assertThat(asked).hasSize(4).doesNotHaveDuplicates();
        assertThat(get("next?count=4").path(0).path("label").asText()).isIn("cat", "dog");
        assertThat(get("next?count=4").path(0).path("like")).hasSize(6);
        post("none", "{\"pictures\":[\"%s\"]}".formatted(asked.get(0)), 200);
        move(asked.get(1), "cat");
        awaitSorted(7);
        assertThat(get("state").path("none").asInt()).isEqualTo(1);
        assertThat(get("pictures?class=.none").findValuesAsText("id")).containsExactly(asked.get(0));
        assertThat(get("next?count=99").findValuesAsText("id"))
                .hasSize(7)
                .doesNotContain(asked.get(0), asked.get(1))
                .contains(asked.get(2));
        int labels = get("curve").get(0).path("labels").asInt();
        assertThat(get("curve").get(get("curve").size() - 1).path("labels").asInt())
                .isEqualTo(labels + 1);
        post("class", "{\"name\":\"watch\"}", 200); // the model knows it, and nothing is labelled
        while (get("sort").path("rows").size() < 3) {
            Thread.sleep(50);
        }
        assertThat(json("GET", "/api/sort", null, 200).path("different")).isNotNull();
        post("class/delete", "{\"name\":\"watch\"}", 200);
        post("class/delete", "{\"name\":\"cat\"}", 200);
        while (get("state").path("sorted").asInt() > 0) {
            Thread.sleep(50);
        }
        assertThat(json("GET", "/api/sort", null, 404).path("error").asText()).contains("two classes");
    }

    private void awaitEncoded() throws Exception {
        JsonNode state = get("state");
        while (state.path("encoded").asInt() < state.path("total").asInt()) {
            Thread.sleep(50);
            state = get("state");
        }
    }

    @Test
    void changesArriveAsEvents() throws Exception {
        HttpResponse<InputStream> events = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(uri("/api/events"))
                                .headers("Cookie", cookie, "Accept", "text/event-stream")
                                .build(),
                        BodyHandlers.ofInputStream());
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(events.body(), UTF_8))) {
            post("class", "{\"name\":\"fish\"}", 200);
            awaitLine(lines, "\"fish\"");
            Files.createDirectory(photos.resolve("bird")); // by another program
            awaitLine(lines, "\"bird\"");
        }
    }

    private static void awaitLine(BufferedReader lines, String content) throws IOException {
        String line = "";
        while (!line.contains(content)) {
            line = lines.readLine();
            assertThat(line).isNotNull();
        }
    }

    @Test
    void damagedFilesAreFound() throws Exception {
        Files.write(photos.resolve("cat/bad.png"), new byte[] {1, 2, 3});
        byte[] smooth = StudioFolder.smooth(200);
        Files.write(photos.resolve("smooth.png"), smooth);
        JsonNode clean = get("clean");
        while (clean.path("unreadable").isEmpty() || clean.path("blurred").isEmpty()) {
            Thread.sleep(50);
            clean = get("clean");
        }
        assertThat(clean.path("blurred").path(0).asText()).isEqualTo(Photo.id(Sha256.of(smooth)));
        assertThat(clean.path("tiny").size()).isEqualTo(27); // all others have 8 x 8 pixels
        assertThat(json("POST", "/api/predict", new byte[] {1}, 400)
                        .path("error")
                        .asText())
                .startsWith("It is not a JPEG");
        JsonNode bad = clean.path("unreadable").path(0);
        assertThat(bad.path("file").asText()).isEqualTo("cat/bad.png");
        assertThat(bad.path("problem").asText()).startsWith("It is not a JPEG");
        assertThat(bad.path("converter").isNull()).isTrue();
        JsonNode state = get("state");
        assertThat(state.path("unreadable").asInt()).isEqualTo(1);
        assertThat(state.path("classes").path(0).path("pictures").asInt()).isEqualTo(9);
        assertThat(get("pictures?class=cat")).hasSize(9);
        Files.write(photos.resolve("bad.heic"), HeicConverterTest.HEIC);
        while (get("state").path("unreadable").asInt() < 2) {
            Thread.sleep(50);
        }
        assertThat(get("state").path("unsorted").asInt()).isEqualTo(10); // and the smooth one
        clean.path("suspects").forEach(one -> assertThat(one.path("suggested").asText())
                .isIn("cat", "dog")
                .isNotEqualTo(one.path("label").asText()));
    }

    @Test
    void copiesAreNamedByWhatIsCertain() throws Exception {
        Files.write(photos.resolve("cat/large.png"), StudioFolder.blocks(200));
        Files.write(photos.resolve("small.png"), StudioFolder.blocks(96));
        Files.write(photos.resolve("dog/again.png"), picture(0));
        JsonNode clean = get("clean");
        while (clean.path("copies").size() < 2 || clean.path("compared").asInt() < 30) {
            Thread.sleep(50);
            clean = get("clean");
        }
        while (get("state").path("clean").asInt() < 2) {
            Thread.sleep(50);
        }
        JsonNode near = clean.path("copies").path(0);
        assertThat(near.path("exact").asBoolean()).isFalse();
        assertThat(near.path("mirrored").asBoolean()).isFalse();
        assertThat(near.path("files").findValuesAsText("file")).containsExactly("large.png", "small.png");
        assertThat(near.path("files").findValuesAsText("width")).containsExactly("200", "96");
        assertThat(near.path("files").path(0).path("labels").path(0).asText()).isEqualTo("cat");
        assertThat(near.path("files").path(1).path("part").isNull()).isTrue(); // it is unsorted
        JsonNode exact = clean.path("copies").path(1);
        assertThat(exact.path("exact").asBoolean()).isTrue();
        assertThat(exact.path("files").findValuesAsText("file")).containsExactly("again.png", "p0.png");
        String table = ask("GET", "/api/copies.csv", null, "Cookie", cookie).text();
        assertThat(table)
                .startsWith("path,group,copy,label,part,width,height\n")
                .contains("small.png,1,near,,,96,96\n")
                .contains("dog/again.png,2,exact,dog,");
        post("copies/keep", "{\"pictures\":%s}".formatted(ids(near)), 200);
        post("copies/keep", "{\"pictures\":%s}".formatted(ids(exact)), 200);
        assertThat(get("clean").path("copies")).isEmpty();
        post("undo", "{}", 200);
        assertThat(get("clean").path("copies")).hasSize(1);
    }

    private static JsonNode ids(JsonNode group) {
        return new ObjectMapper().valueToTree(group.path("files").findValuesAsText("id"));
    }

    @Test
    void picturesAreSearchedByWordsAndByExamples() throws Exception {
        awaitEncoded();
        while (!get("state").path("fitted").asBoolean()
                || get("search?words=red").path("compared").asInt() < 27) {
            Thread.sleep(50);
        }
        JsonNode red = get("search?words=red");
        assertThat(red.path("unsorted")).hasSize(9);
        assertThat(red.path("others")).hasSize(18);
        assertThat(red.path("named").isNull()).isTrue();
        assertThat(get("search?words=red&not=green")).isNotEqualTo(red);
        JsonNode cat = get("search?words=Cat");
        assertThat(cat.path("named").asText()).isEqualTo("cat");
        JsonNode byClass = get("search?words=Cat&order=class");
        assertThat(byClass.path("others").path(0).path("labels").path(0).asText())
                .isEqualTo("cat");
        assertThat(byClass.path("others").findValuesAsText("id"))
                .isNotEqualTo(cat.path("others").findValuesAsText("id"));
        String id = Photo.id(Sha256.of(picture(20)));
        JsonNode like = get("search?like=" + id);
        assertThat(like.path("others").path(0).path("id").asText()).isEqualTo(id);
        JsonNode example = json("POST", "/api/example", picture(500), 200);
        assertThat(get("search?like=%s&unlike=%s".formatted(example.path("id").asText(), id))
                        .path("others")
                        .findValuesAsText("id")
                        .indexOf(id))
                .isGreaterThan(0);
        post("remove", "{\"pictures\":[\"%s\"]}".formatted(id), 200);
        assertThat(get("search?words=red").path("others")).hasSize(17);
        assertThat(json("GET", "/api/search?like=gone", null, 400).path("error").asText())
                .isEqualTo("An example is gone: drop the picture again.");
        assertThat(json("GET", "/api/search", null, 400).path("error").asText())
                .isEqualTo("Expected either words or pictures.");
        assertThat(json("GET", "/api/search?words=" + "long%20".repeat(99), null, 400)
                        .path("error")
                        .asText())
                .contains("exceeds");
        assertThat(json("POST", "/api/example", new byte[] {1}, 400)
                        .path("error")
                        .asText())
                .startsWith("It is not a JPEG");
    }

    /** It is drawn in the background, and what is drawn stays where it is. */
    @Test
    void theMapIsDrawnOnceAndNewPicturesLieAmongAlikeOnes() throws Exception {
        awaitEncoded();
        JsonNode map = get("map");
        while (map.path("points").size() < 27) {
            Thread.sleep(50);
            map = get("map");
        }
        assertThat(get("state").path("drawing").isNull()).isTrue();
        assertThat(map.path("pictures").asInt()).isEqualTo(27);
        assertThat(map.path("points").findValuesAsText("unsorted"))
                .filteredOn("true"::equals)
                .hasSize(9);
        Files.write(photos.resolve("new.png"), picture(700));
        JsonNode more = get("map");
        while (more.path("points").size() < 28) {
            Thread.sleep(50);
            more = get("map");
        }
        Map<String, List<Double>> places = places(more);
        assertThat(places).containsAllEntriesOf(places(map));
        assertThat(places(map)).containsValue(places.get(Photo.id(Sha256.of(picture(700)))));
        String id = first("");
        post("move", "{\"pictures\":[\"%s\"],\"to\":\"dog\"}".formatted(id), 200);
        post("remove", "{\"pictures\":[\"%s\"]}".formatted(first("?class=cat")), 200);
        JsonNode changed = get("map");
        assertThat(changed.path("points")).hasSize(27);
        for (JsonNode point : changed.path("points")) {
            if (point.path("id").asText().equals(id)) {
                assertThat(point.path("labels").path(0).asText()).isEqualTo("dog");
                assertThat(point.path("unsorted").asBoolean()).isFalse();
            }
        }
    }

    @Test
    void theMapTellsAcceptedPicturesFromAPersonsAndDoubtsOnlyThoseOfAPerson() throws Exception {
        Path own = fill(folder.resolve("own"), 9, "", "cat", "dog");
        try (Studio studio = StudioFolder.open(own, false, StudioFolder.USER, Sha256::of);
                EncodedPhotos encoded =
                        new EncodedPhotos(new Images(clip, Run.Options.of(folder.resolve("own bank"))));
                Model model = new Model(studio, clip, encoded, new Quality(studio, 8), () -> {})) {
            PhotoMap map = new PhotoMap(model, () -> {});
            model.start();
            Map<String, String> accepted = new HashMap<>();
            studio.snapshot().of(null).stream().limit(4).forEach(one -> accepted.put(one.sha256(), "dog"));
            studio.accept(accepted, 3);
            studio.none(List.of(studio.snapshot().of(null).get(0).id()), null);
            while (map.of(studio.snapshot()).points().size() < 27) {
                Thread.sleep(20);
            }
            List<PhotoMap.Point> points = map.of(studio.snapshot()).points();
            assertThat(points)
                    .filteredOn(point -> point.picture().accepted())
                    .hasSize(4)
                    .allSatisfy(point -> {
                        assertThat(point.picture().labels()).containsExactly("dog");
                        assertThat(point.among()).isNull();
                    });
            assertThat(points).filteredOn(PhotoMap.Point::unsorted).hasSize(4);
            for (PhotoMap.Point one : points) {
                if (one.among() != null) {
                    studio.keep(one.picture().id(), null);
                }
            }
            assertThat(map.of(studio.snapshot()).points()).allMatch(point -> point.among() == null);
        }
    }

    private static Map<String, List<Double>> places(JsonNode map) {
        Map<String, List<Double>> places = new HashMap<>();
        map.path("points")
                .forEach(point -> places.put(
                        point.path("id").asText(),
                        List.of(point.path("x").asDouble(), point.path("y").asDouble())));
        return places;
    }

    /** Opening Try asks for the address again and again. */
    @Test
    void anAddressThatIsShownStaysValid() throws Exception {
        String shown = get("phone").path("address").asText();
        assertThat(get("phone").path("address").asText()).isEqualTo(shown);
    }

    @Test
    void aSecondStartFindsAddressesThatAreNotUsedUp() throws Exception {
        for (int start = 0; start < 3; start++) {
            Pages pages = RunningStudio.find(StudioFolder.USER, photos).orElseThrow();
            for (String address : List.of(pages.shown(), pages.opened())) {
                assertThat(ask("GET", "/?" + URI.create(address).getQuery(), null)
                                .status())
                        .isEqualTo(302);
            }
        }
        StateFolder other = new StateFolder(folder.resolve("other"));
        assertThat(RunningStudio.find(other, photos)).isEmpty();
        String file = "studio-" + Sha256.of(photos.toRealPath().toString());
        String known = StudioFolder.USER.read(file).orElseThrow();
        server.close();
        assertThat(RunningStudio.find(StudioFolder.USER, photos)).isEmpty();
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        for (String killed :
                List.of(String.valueOf(ended.pid()), ProcessHandle.current().pid() + " long ago")) {
            other.write(file, known.replaceFirst("[^\\n]*$", killed));
            assertThat(RunningStudio.find(other, photos)).isEmpty();
        }
        other.write(file, known);
        assertThat(RunningStudio.find(other, photos)).isPresent();
    }

    @Test
    void otherFoldersBesideTheRunsChangeNothing() throws Exception {
        for (String name : List.of("best", "run-1.1", "run-2.split.json")) {
            Path other = Files.createDirectories(
                    photos.resolve(PhotoFolder.OWN).resolve("learned").resolve(name));
            Files.createFile(other.resolve("provenance.json"));
        }
        assertThat(json("GET", "/api/learned", null, 404).path("error").asText())
                .contains("Nothing is learned yet");
    }

    @Test
    void aFailedRunIsSaidUntilTheNextOne() throws Exception {
        awaitEncoded();
        Path learned = Files.createFile(photos.resolve(PhotoFolder.OWN).resolve("learned"));
        post("learn", "{\"method\":\"gda\"}", 200);
        JsonNode state = get("state");
        while (state.path("runFailure").isNull()) {
            Thread.sleep(50);
            state = get("state");
        }
        assertThat(state.path("runFailure").asText())
                .startsWith("Learning failed")
                .contains("Press Learn");
        assertThat(state.path("failure").isNull()).isTrue(); // which is about the quick classifier
        Files.delete(learned);
        post("learn", "{\"method\":\"gda\"}", 200);
        assertThat(get("state").path("runFailure").isNull()).isTrue();
        while (!Files.exists(learned.resolve("run-1/studio.json"))) {
            Thread.sleep(50);
        }
    }

    @Test
    void foldersWhoseNamesReadAlikeAreLookedAt() throws Exception {
        fill(photos, 3, "Sea_Lake", "sea lake");
        awaitEncoded();
        assertThat(get("clean").path("suspects").isArray()).isTrue();
    }

    @Test
    void noChangeWaitsForTheTextTower() throws Exception {
        try (Studio studio = StudioFolder.open(
                        fill(folder.resolve("own"), 3, "cat", "dog"), false, StudioFolder.USER, Sha256::of);
                EncodedPhotos encoded =
                        new EncodedPhotos(new Images(clip, Run.Options.of(folder.resolve("own bank"))));
                Model model = new Model(studio, clip, encoded, new Quality(studio, 8), () -> {})) {
            CountDownLatch asked = new CountDownLatch(1);
            CompletableFuture<Void> answer = new CompletableFuture<>();
            List<String> names = new AbstractList<>() {
                @Override
                public String get(int index) {
                    asked.countDown();
                    answer.join();
                    return "cat";
                }

                @Override
                public int size() {
                    return 1;
                }
            };
            Thread slow = new Thread(() -> encoded.space().encodeTexts(names, Overflow.FAIL));
            slow.setDaemon(true);
            slow.start();
            asked.await();
            assertTimeoutPreemptively(Duration.ofSeconds(30), model::changed);
            model.start();
            while (model.latest() == null) { // the quick classifier does not wait either
                Thread.sleep(20);
            }
            answer.complete(null);
            slow.join();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "move | null",
                "undo | null",
                "learn | null",
                "learn | []",
                "learn | {}",
                "class | {}",
                "keep | {}",
                "rename | {\"from\": \"cat\"}",
                "rename | {}",
                "reject | {}",
                "accept | {}",
                "check/draw | {}",
                "check/unclear | {}",
                "none | {\"pictures\": [null]}",
                "class/delete | {}",
                "convert | {}",
                "copies/keep | {\"pictures\": [null]}",
                "copies/remove | {\"pictures\": [\"x\"]}",
                "copies/remove | {\"kept\": [\"x\"]}",
                "restore | {}",
                "move | {\"pictures\": [null]}",
                "move | {\"pictures\": {}}",
                "move | "
            })
    void whatLacksAValueIsABadRequest(String path, String body) throws Exception {
        Answer answer = ask("POST", "/api/" + path, (body == null ? "" : body).getBytes(UTF_8), "Cookie", cookie);
        assertThat(answer.status()).isIn(400, 404);
        assertThat(answer.error()).isNotBlank().doesNotContain("Exception");
    }

    @Test
    void aBrowserThatDoesNotReadKeepsNobodyWaitingAndGetsTheLatestState() throws Exception {
        ExecutorService senders = Executors.newCachedThreadPool();
        CompletableFuture<Void> awake = new CompletableFuture<>();
        List<String> slow = Collections.synchronizedList(new ArrayList<>());
        BlockingQueue<String> quick = new LinkedBlockingQueue<>();
        StudioServer.Listener asleep = new StudioServer.Listener(
                state -> {
                    slow.add(state.path("number").asText());
                    awake.join();
                },
                senders);
        StudioServer.Listener reading = new StudioServer.Listener(
                state -> quick.add(state.path("number").asText()), senders);
        for (int i = 0; i < 5; i++) {
            ObjectNode state = new ObjectMapper().createObjectNode().put("number", i);
            asleep.tell(state);
            reading.tell(state);
            assertThat(quick.take()).isEqualTo(String.valueOf(i));
            while (slow.isEmpty()) {
                Thread.sleep(1);
            }
        }
        awake.complete(null);
        while (slow.size() < 2) {
            Thread.sleep(1);
        }
        assertThat(slow).containsExactly("0", "4");
        senders.shutdown();
    }

    /** Its probabilities would be too high, since many labels are wrong. */
    @Test
    void theQuickClassifierHasCalibratedProbabilities() throws Exception {
        Path photographs = DemoPictures.unpack(folder.resolve("demo")).folder().resolve("photographs/train");
        List<String> names = List.of("pizza", "watch");
        for (int label = 0; label < names.size(); label++) {
            List<Path> files = ImageFiles.in(photographs.resolve(names.get(label)));
            for (int i = 0; i < 20; i++) {
                String name = names.get(i % 3 == 0 ? 1 - label : label);
                Path own = Files.createDirectories(folder.resolve("own").resolve(name));
                Files.copy(files.get(i), own.resolve(label + "-" + i + ".jpg"));
            }
        }
        try (Studio studio = StudioFolder.open(folder.resolve("own"), false, StudioFolder.USER, Sha256::of);
                EncodedPhotos encoded =
                        new EncodedPhotos(new Images(clip, Run.Options.of(folder.resolve("own bank"))));
                Model model = new Model(studio, clip, encoded, new Quality(studio, 8), () -> {})) {
            model.start();
            while (model.latest() == null) {
                Thread.sleep(20);
            }
            assertThat(model.latest().classifier().save().temperature())
                    .isEqualTo(model.latest().learned().confidence().temperature())
                    .isNotEqualTo(1);
        }
    }

    private JsonNode untilOther(boolean tried) throws Exception {
        while (!get("state").path("working").isNull()) {
            Thread.sleep(20);
        }
        assertThat(get("state").path("otherFailure").isNull()).isTrue();
        JsonNode other = get("other");
        assertThat(other.path("tried").asBoolean()).isEqualTo(tried);
        return other;
    }

    private static List<Path> below(Path folder) throws IOException {
        try (Stream<Path> files = Files.exists(folder) ? Files.walk(folder) : Stream.of()) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    /** What was learned is tried on another folder, then applied to it, and taken back. */
    @Test
    void anotherFolderIsTaggedAndSortedAndThatIsTakenBack() throws Exception {
        Path others = fill(folder.resolve("others"), 6, "a");
        Files.writeString(others.resolve("a/broken.png"), "no picture");
        List<Path> before = below(others);
        String tags = "{\"from\":\"%s\",\"method\":\"tags\",\"count\":0}".formatted(others);
        post("other/try", "{\"from\":\"none\",\"method\":\"tags\"}", 400);
        post("other/try", "{\"from\":\"%s\",\"method\":\"copy\"}".formatted(others), 400);
        post("other/try", "{\"from\":\"%s\",\"method\":\"burn\"}".formatted(others), 400);
        post("other/try", tags.replace(":0", ":100"), 400);
        post("other/go", "{}", 404);
        while (!get("state").path("fitted").asBoolean()) {
            Thread.sleep(50);
        }
        post("learn", "{\"method\":\"gda\"}", 200);
        while (!get("state").path("learning").isNull()) {
            Thread.sleep(50);
        }
        post("other/try", tags, 200);
        JsonNode tried = untilOther(true);
        assertThat(tried.path("counts").toString()).isEqualTo("{\"CREATED\":6,\"FAILED\":1}");
        assertThat(tried.path("failed").path(0).path("path").asText()).isEqualTo("a/broken.png");
        List<Double> sure = new ArrayList<>();
        tried.path("doubtful").forEach(one -> sure.add(one.path("probability").asDouble()));
        assertThat(sure).hasSize(6).isSorted();
        assertThat(below(others)).isEqualTo(before);
        String first = tried.path("doubtful").path(0).path("id").asText();
        assertThat(ask("GET", "/other/" + first, null, "Cookie", cookie).status())
                .isEqualTo(200);
        assertThat(ask("GET", "/other/" + tried.path("number") + "-99", null, "Cookie", cookie)
                        .status())
                .isEqualTo(400);
        post("other/go", "{\"pictures\":[\"%s\"]}".formatted(first), 409); // of another result
        post("other/go", "{\"state\":%s,\"pictures\":[\"%s\"]}".formatted(tried.path("number"), first), 200);
        assertThat(untilOther(false).path("counts").path("CREATED").asInt()).isEqualTo(5);
        assertThat(below(others)).hasSize(before.size() + 5);
        assertThat(ask("GET", "/other/" + first, null, "Cookie", cookie).status())
                .isEqualTo(400); // its number is another picture's now
        post("other/go", "{\"state\":%s}".formatted(tried.path("number")), 409);
        post("other/undo", "{}", 200);
        assertThat(untilOther(false).path("undone").asBoolean()).isTrue();
        assertThat(below(others)).isEqualTo(before);

        Path sorted = folder.resolve("sorted");
        String move = "{\"from\":\"%s\",\"to\":\"%s\",\"method\":\"move\"}".formatted(others, sorted);
        post("other/try", move, 200);
        int number = untilOther(true).path("number").asInt();
        assertThat(sorted).doesNotExist();
        post("other/go", "{\"state\":%d}".formatted(number), 200);
        untilOther(false);
        assertThat(below(sorted)).hasSize(6).allMatch(one -> Set.of("cat", "dog")
                .contains(one.getParent().getFileName().toString()));
        post("other/undo", "{}", 200);
        untilOther(false);
        assertThat(below(sorted)).isEmpty();
        assertThat(below(others)).isEqualTo(before);
        post("other/try", tags.replace("tags", "table"), 200);
        untilOther(true);
        assertThat(ask("GET", "/api/other.csv", null, "Cookie", cookie).text())
                .startsWith("path,labels,probability,reason\n")
                .contains("a/broken.png,,");
        post("other/stop", "{}", 200);
    }

    /** The classifier is that of a run on the same lists, bit for bit, and the screens show its test. */
    @Test
    void learnsWhatTrainLearns() throws Exception {
        while (!get("state").path("fitted").asBoolean()) {
            Thread.sleep(50);
        }
        int tested = 0;
        for (JsonNode one : get("state").path("classes")) {
            tested += one.path("tested").asInt();
        }
        assertThat(tested).isPositive();
        assertThat(get("state").path("test").path("tested").asInt()).isEqualTo(tested);
        assertThat(get("mistakes").path("tested").asInt()).isEqualTo(tested);
        assertThat(get("curve").get(0).path("tested").asInt()).isEqualTo(tested);
        awaitSorted(9); // the unsorted ones are encoded last
        List<String> grouped = new ArrayList<>();
        get("groups").forEach(group -> group.path("pictures")
                .forEach(one -> grouped.add(one.path("id").asText())));
        assertThat(grouped).hasSize(9).doesNotHaveDuplicates();
        assertThat(labels(get("sort"))).containsOnlyKeys(grouped);
        JsonNode quick = json("POST", "/api/predict", picture(3), 200);
        assertThat(quick.path("method").isNull()).isTrue();
        assertThat(quick.path("classes")).hasSize(2);
        assertThat(post("learn", "{\"method\":\"none\"}", 400).path("error").asText())
                .contains("expected one of");
        post("learn", "{\"method\":\"gda\"}", 200);
        Path run = photos.resolve(PhotoFolder.OWN).resolve("learned/run-1");
        while (!Files.exists(run.resolve("studio.json"))) {
            assertThat(get("state").path("failure").isNull()).isTrue();
            Thread.sleep(50);
        }
        JsonNode numbers = get("learned");
        assertThat(numbers.path("tested").asInt()).isEqualTo(tested);
        assertThat(numbers.has("answers")).isFalse(); // they are for the next comparison
        assertThat(get("use").path("commands").asText()).contains("coop predict -p \"" + run);
        JsonNode answer = json("POST", "/api/predict", picture(3), 200);
        assertThat(answer.path("method").asText())
                .isEqualTo(numbers.path("method").asText());
        try (ImageClassifier same = ImageClassifier.load(run, clip)) {
            assertThat(answer.path("classes").path(0).path("probability").asDouble())
                    .isEqualTo(same.classify(picture(3)).get(0).probability());
        }
        assertThat(answer.path("classes")).isEqualTo(quick.path("classes")); // calibrated as well
        assertThat(json("POST", "/api/predict?by=quick", picture(3), 200)).isEqualTo(quick);
        String best = answer.path("classes").path(0).path("label").asText();
        JsonNode why = json("POST", "/api/why?check=true&label=" + best, picture(3), 200);
        assertThat(why.path("picture").asText()).startsWith("data:image/jpeg;base64,");
        assertThat(why.path("title").asText())
                .isEqualTo("Where the picture speaks for " + best + ", rather than for the other classes");
        assertThat(why.path("check").path("whole").asDouble())
                .isCloseTo(answer.path("classes").path(0).path("probability").asDouble(), within(1e-5));
        assertThat(why.path("check").path("squares")).hasSize(4);
        assertThat(why.path("check").path("covered")).hasSize(5);
        assertThat(why.path("sentence").asText()).startsWith("Without the marked quarter ");
        assertThat(json("POST", "/api/why?label=bird", picture(3), 400)
                        .path("error")
                        .asText())
                .startsWith("\"bird\" is not one of the 2 classes");
        assertThat(json("POST", "/api/why?label=" + best, new byte[] {1}, 400)
                        .path("error")
                        .asText())
                .startsWith("It is not a JPEG");
        String id = get("pictures?class=cat").path(0).path("id").asText();
        assertThat(json("POST", "/api/why?label=dog&picture=" + id, new byte[0], 200)
                        .has("check"))
                .isFalse();
        assertThat(ask("GET", "/api/classifier", null, "Cookie", cookie).status())
                .isEqualTo(200);
        DataSpec data = DataSpec.of(run.resolveSibling("run-1.split.json"))
                .with()
                .images(photos)
                .exif(ExifOrientation.APPLY)
                .build();
        Run.of(clip, data, Method.of("gda"), Map.of(), Run.Options.of(folder.resolve("other bank")))
                .run(folder.resolve("run"), false);
        assertThat(Files.readAllBytes(run.resolve(RunFolder.CLASSIFIER)))
                .isEqualTo(Files.readAllBytes(folder.resolve("run").resolve(RunFolder.CLASSIFIER)));
        assertThat(ClassifierFile.read(run.resolve(RunFolder.CLASSIFIER)).classNames())
                .containsExactly("cat", "dog");
    }
}
