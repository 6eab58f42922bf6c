package org.coop4j.studio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.coop4j.studio.StudioProblem.UNCHANGED;
import static org.eclipse.jetty.http.HttpStatus.FORBIDDEN_403;
import static org.eclipse.jetty.http.HttpStatus.NOT_FOUND_404;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.Header;
import io.javalin.http.SameSite;
import io.javalin.http.sse.SseClient;
import io.javalin.json.JavalinJackson;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.coop4j.base.Log;
import org.coop4j.clip.Clip;
import org.coop4j.http.ServiceOptions;
import org.coop4j.http.WebServer;
import org.coop4j.image.ImageDecoder.ImageException;
import org.coop4j.page.QrCode;
import org.coop4j.run.RunFolder;
import org.coop4j.studio.Learning.Fit;
import org.coop4j.studio.Runs.Numbers;
import org.coop4j.studio.Runs.Tried;
import org.coop4j.studio.Runs.Work;
import org.coop4j.studio.Studio.Done;
import org.coop4j.studio.Studio.Picture;
import org.coop4j.studio.Studio.Snapshot;
import org.eclipse.jetty.util.thread.ScheduledExecutorScheduler;
import org.slf4j.Logger;

/** The studio over HTTP, for browsers that have shown the token once and have its cookie since. */
public final class StudioServer implements Closeable {

    private static final Logger LOG = Log.of(StudioServer.class);
    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "svg", "image/svg+xml");

    /** Time between signs of life to a browser that listens, in ms; shorter than any limit of silence. */
    private static final long HEARTBEAT = 5_000;

    /** Least time between two events, in ms. */
    private static final long PAUSE = 60;

    private static final int SHOWN = 6;

    private final Studio studio;
    private final Features features;
    private final Learning learning;
    private final Findings findings;
    private final Runs runs;
    private final WebServer server;
    private final ServiceOptions options;
    private final AtomicReference<String> token = new AtomicReference<>(secret()); // null once it is used
    private final String session = secret();
    private final Set<SseClient> listening = ConcurrentHashMap.newKeySet();
    private final Thread events = new Thread(this::events, "coop4j-events");
    private final Object news = new Object();
    private boolean isNews;
    private volatile boolean closed;

    private StudioServer(ServiceOptions options, Studio studio, Clip clip, Path bank) throws IOException {
        this.studio = studio;
        this.options = options;
        Quality quality = new Quality(studio, clip.preprocessing().size());
        this.features = new Features(studio, clip, bank);
        this.learning = new Learning(studio, clip, features, quality, this::tell);
        this.findings = new Findings(studio, clip, features, quality);
        this.runs = new Runs(studio, clip, features, bank, this::tell);
        this.server = new WebServer(options, Optional.empty(), new ScheduledExecutorScheduler("coop4j-clock", true));
        events.setDaemon(true);
    }

    /**
     * Opens a folder and serves it.
     *
     * @param readOnly true to change nothing in the folder
     * @param clip stays open until the server is closed
     * @param bank folder of the feature banks
     * @throws IOException if it cannot listen, or the folder cannot be read
     */
    public static StudioServer start(ServiceOptions options, Path folder, boolean readOnly, Clip clip, Path bank)
            throws IOException {
        Studio studio = Studio.open(folder, readOnly);
        StudioServer started;
        try {
            started = new StudioServer(options, studio, clip, bank);
            started.server.start(started::configure, path -> true, (method, pattern, status, nanos) -> {});
        } catch (IOException | RuntimeException e) {
            studio.close();
            throw e;
        }
        studio.onChange(() -> {
            started.learning.changed();
            started.tell();
        });
        started.learning.start();
        started.events.start();
        return started;
    }

    private static String secret() {
        byte[] bytes = new byte[16]; // few enough for a QR code
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** Returns the port that it listens on. */
    public int port() {
        return server.http().port();
    }

    /** Returns the token of the address, which lets one browser in; null once it is used. */
    public String token() {
        return token.get();
    }

    /** Returns the address of the page for a browser on this machine. */
    public String address() throws IOException {
        InetAddress address = InetAddress.getByName(options.host());
        return address(address.isAnyLocalAddress() ? "localhost" : options.host());
    }

    private String address(String host) {
        return "http://%s:%d/?token=%s".formatted(host.contains(":") ? "[" + host + "]" : host, port(), token.get());
    }

    // The gate

    private String cookie() {
        return "coop4j-studio-" + port(); // cookies do not know ports
    }

    private void requireCookie(Context context) {
        boolean known = isSame(Objects.requireNonNullElse(context.cookie(cookie()), ""), session);
        String given = context.queryParam("token");
        if (context.path().equals("/") && given != null) {
            String expected = token.get();
            if (!known && expected != null && isSame(given, expected) && token.compareAndSet(expected, null)) {
                Cookie cookie = new Cookie(cookie(), session);
                cookie.setHttpOnly(true);
                cookie.setSameSite(SameSite.STRICT);
                context.cookie(cookie);
                known = true;
            }
            if (known) {
                context.redirect("/");
                context.skipRemainingHandlers();
            }
        }
        if (!known) {
            throw new StudioProblem(
                    FORBIDDEN_403,
                    "The address that coop studio printed lets one browser in. Another gets its own from the page of"
                            + " the first; or start the studio again.",
                    UNCHANGED);
        }
    }

    private static boolean isSame(String given, String expected) {
        return MessageDigest.isEqual(given.getBytes(UTF_8), expected.getBytes(UTF_8));
    }

    private void configure(JavalinConfig config) {
        config.jsonMapper(new JavalinJackson(JSON, false));
        RoutesConfig routes = config.routes;
        routes.before(this::requireCookie);
        routes.exception(StudioProblem.class, StudioServer::answer);
        routes.exception(
                ImageException.class,
                (e, context) ->
                        answer(new StudioProblem(400, "This is not a picture that can be read.", UNCHANGED), context));
        routes.get("/", context -> page(context, "index.html"));
        routes.get("/{file}", context -> page(context, context.pathParam("file")));
        pictures(routes);
        changes(routes);
        history(routes);
        learning(routes);
        routes.sse("/api/events", client -> {
            arrived(client.ctx());
            client.keepAlive();
            client.onClose(() -> listening.remove(client));
            listening.add(client);
            client.sendEvent("state", state());
        });
    }

    private static void answer(StudioProblem problem, Context context) {
        context.status(problem.status).json(Map.of("error", problem.getMessage(), "lost", problem.lost));
    }

    private static void page(Context context, String file) throws IOException {
        String type = TYPES.get(file.substring(file.lastIndexOf('.') + 1));
        try (InputStream content = file.matches("[a-z0-9][a-z0-9.-]*") && type != null
                ? StudioServer.class.getResourceAsStream(file)
                : null) {
            if (content == null) {
                throw new StudioProblem(NOT_FOUND_404, "There is no such page.", UNCHANGED);
            }
            context.contentType(type).header(Header.CACHE_CONTROL, "no-cache").result(content.readAllBytes());
        }
    }

    /** Lifts the limit on the time of a request: it has no more to send, and its answer does not end. */
    private void arrived(Context context) {
        try {
            read(context);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] read(Context context) throws IOException {
        return server.uploads().open(context).readAllBytes();
    }

    private <T> T read(Context context, Class<T> type) throws IOException {
        try {
            return JSON.readValue(read(context), type);
        } catch (JsonProcessingException e) {
            throw new StudioProblem(400, "The request is not what was expected: " + e.getOriginalMessage(), UNCHANGED);
        }
    }

    // Pictures and their classes

    private record ClassState(
            String name,
            int pictures,
            int learnedFrom,
            int tested,
            Integer right,
            boolean known,
            String typical,
            List<String> thumbnails) {}

    private record LearningState(boolean running, double done, String label, Integer secondsLeft, List<Tried> scores) {}

    private record State(
            long revision,
            String folder,
            boolean readOnly,
            List<ClassState> classes,
            int unsorted,
            int total,
            int encoded,
            String undo,
            Sentence sentence,
            int mistakes,
            int suspects,
            LearningState learning,
            String failure,
            boolean upToDate,
            Integer encodingSecondsLeft) {}

    private record Shown(String id, String file, boolean kept) {}

    private State state() {
        Snapshot now = studio.snapshot();
        Fit fit = learning.latest();
        List<ClassState> classes =
                now.classes().stream().map(name -> state(now, name, fit)).toList();
        Work work = runs.running();
        int total = now.pictures().size();
        return new State(
                now.revision(),
                studio.root().toString(),
                studio.readOnly(),
                classes,
                now.of(null).size(),
                total,
                Math.min(total, features.count()),
                studio.undoable(),
                learning.sentence(now),
                fit == null ? 0 : fit.mistaken(now).length,
                findings.suspects(),
                work == null ? null : new LearningState(true, work.done, work.label, work.secondsLeft(), work.scores),
                runs.failure() != null ? runs.failure() : learning.failure(),
                fit == null || fit.revision() == now.revision(),
                learning.secondsLeft(total));
    }

    private ClassState state(Snapshot now, String name, Fit fit) {
        List<Picture> own = now.of(name);
        return new ClassState(
                name,
                own.size(),
                fit == null ? 0 : fit.learned().getOrDefault(name, 0),
                (int) own.stream().filter(now::isTest).count(),
                fit == null ? null : fit.right(name),
                learning.knows(name),
                learning.typical(name),
                own.stream().map(Picture::id).distinct().limit(SHOWN).toList());
    }

    private void pictures(RoutesConfig routes) {
        routes.get("/api/state", context -> context.json(state()));
        routes.get("/api/pictures", context -> {
            Snapshot now = studio.snapshot();
            List<Picture> own = now.of(context.queryParam("class"));
            List<Shown> shown = own.stream()
                    .skip(number(context, "from", 0))
                    .limit(number(context, "count", 200))
                    .map(one -> new Shown(one.id(), one.file(), now.isKept(one)))
                    .toList();
            context.json(Map.of("total", own.size(), "pictures", shown));
        });
        routes.get("/thumbnail/{id}", context -> context.contentType("image/jpeg")
                .header(Header.CACHE_CONTROL, "private, max-age=31536000, immutable")
                .result(studio.thumbnail(context.pathParam("id"))));
        routes.get("/picture/{id}", context -> {
            Path file = studio.file(context.pathParam("id"));
            String type = Files.probeContentType(file);
            context.contentType(
                    type != null && type.matches("image/(jpeg|png|gif|webp|bmp)") ? type : "application/octet-stream");
            context.header(Header.CACHE_CONTROL, "private, max-age=31536000, immutable")
                    .result(Files.newInputStream(file));
        });
    }

    private static int number(Context context, String name, int missing) {
        String given = context.queryParam(name);
        StudioProblem.require(given == null || given.matches("\\d{1,9}"), "%s: expected a number.", name);
        return given == null ? missing : Integer.parseInt(given);
    }

    private record Pictures(List<String> pictures, String to, boolean create) {

        private List<String> ids() {
            return pictures == null ? List.of() : pictures;
        }
    }

    private record Names(String name, String from, String to, String into, String picture, String method) {}

    private interface Change {
        Done of(Names names);
    }

    private void changes(RoutesConfig routes) {
        routes.post("/api/move", context -> {
            Pictures given = read(context, Pictures.class);
            context.json(studio.move(given.ids(), given.to, given.create));
        });
        routes.post(
                "/api/remove",
                context ->
                        context.json(studio.remove(read(context, Pictures.class).ids())));
        change(routes, "class", given -> studio.addClass(given.name));
        change(routes, "rename", given -> studio.rename(given.from, given.to));
        change(routes, "merge", given -> studio.merge(given.from, given.into));
        change(routes, "keep", given -> studio.keep(given.picture));
        routes.post("/api/undo", context -> {
            read(context);
            context.json(studio.undo());
        });
        routes.post("/api/upload", context -> {
            byte[] content = read(context);
            String id = studio.upload(content, context.queryParam("class"), context.queryParam("file"));
            Snapshot now = studio.snapshot();
            context.json(new Uploaded(now.revision(), studio.undoable(), id));
        });
    }

    /** An address for another browser; with a QR code if a telephone reaches it. */
    private record Phone(String address, List<String> rows) {}

    private Phone phone() throws IOException {
        token.set(secret());
        InetAddress own = InetAddress.getByName(options.host());
        if (own.isLoopbackAddress()) {
            return new Phone(address(), null);
        }
        String host = options.host();
        if (own.isAnyLocalAddress()) {
            try (DatagramSocket socket = new DatagramSocket()) { // which sends nothing
                socket.connect(new InetSocketAddress("192.0.2.1", 9));
                host = socket.getLocalAddress().getHostAddress();
            }
        }
        return new Phone(address(host), QrCode.rows(address(host)));
    }

    private void history(RoutesConfig routes) {
        routes.get("/api/phone", context -> context.json(phone()));
        routes.get("/api/history", context -> context.json(studio.history()));
        routes.get(
                "/api/compare",
                context -> context.json(studio.difference(number(context, "from", 0), number(context, "to", 0))));
        routes.post("/api/restore", context -> context.json(studio.restore(read(context, Target.class).state)));
    }

    private record Target(int state) {}

    private record Uploaded(long revision, String undo, String id) {}

    private void change(RoutesConfig routes, String name, Change change) {
        routes.post("/api/" + name, context -> context.json(change.of(read(context, Names.class))));
    }

    // Learning

    private void learning(RoutesConfig routes) {
        routes.get("/api/groups", context -> context.json(Sorting.groups(studio.snapshot(), features, learning)));
        routes.get("/api/mistakes", context -> context.json(findings.mistakes(learning.latest())));
        routes.post("/api/learn", context -> {
            String method = read(context, Names.class).method;
            runs.learn(method == null ? "auto" : method);
            tell();
            context.json(new Done(studio.snapshot().revision(), studio.undoable()));
        });
        routes.post("/api/learn/cancel", context -> {
            read(context);
            runs.cancel();
            context.json(new Done(studio.snapshot().revision(), studio.undoable()));
        });
        routes.get("/api/learned", context -> {
            Numbers last = runs.latest()
                    .orElseThrow(() -> new StudioProblem(NOT_FOUND_404, "Nothing is learned yet.", UNCHANGED));
            ObjectNode answer = JSON.valueToTree(last);
            answer.remove("answers");
            context.json(answer.putPOJO("help", findings.help(learning.latest())));
        });
        routes.get("/api/clean", context -> {
            arrived(context); // it may take longer than a request
            context.json(findings.clean());
        });
        routes.get("/api/use", context -> context.json(runs.use()));
        routes.get("/api/classifier", context -> {
            Path file = runs.latestFolder().resolve(RunFolder.CLASSIFIER);
            context.contentType("application/octet-stream")
                    .header("Content-Disposition", "attachment; filename=\"studio.safetensors\"")
                    .result(Files.newInputStream(file));
        });
        routes.post("/api/predict", context -> context.json(learning.predict(read(context))));
    }

    // Events

    private void tell() {
        synchronized (news) {
            isNews = true;
            news.notifyAll();
        }
    }

    private void events() {
        while (!closed) {
            boolean fresh;
            try {
                synchronized (news) {
                    if (!isNews) {
                        news.wait(HEARTBEAT);
                    }
                    fresh = isNews;
                    isNews = false;
                }
                send(fresh);
                Thread.sleep(PAUSE);
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                LOG.warn("the state was not sent: {}", e.toString());
            }
        }
    }

    private void send(boolean fresh) {
        if (!listening.isEmpty()) {
            State state = fresh ? state() : null;
            listening.removeIf(SseClient::terminated);
            for (SseClient client : listening) {
                if (state == null) {
                    client.sendComment("");
                } else {
                    client.sendEvent("state", state);
                    if (state.learning != null) {
                        client.sendEvent("learning", state.learning);
                    }
                }
            }
        }
    }

    /** Ends: what was accepted is finished, and the folder is free for another studio. */
    @Override
    public void close() throws IOException {
        closed = true;
        tell();
        listening.forEach(SseClient::close);
        server.close(() -> {});
        runs.close();
        learning.close();
        features.close();
        studio.close();
    }
}
