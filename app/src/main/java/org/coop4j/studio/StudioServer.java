package org.coop4j.studio;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.coop4j.studio.StudioProblem.found;
import static org.coop4j.studio.StudioProblem.require;
import static org.eclipse.jetty.http.HttpStatus.BAD_REQUEST_400;
import static org.eclipse.jetty.http.HttpStatus.FORBIDDEN_403;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.ContentType;
import io.javalin.http.Context;
import io.javalin.http.Header;
import io.javalin.http.sse.SseClient;
import io.javalin.json.JavalinJackson;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.IoFunction;
import org.coop4j.base.IoFunction.IoConsumer;
import org.coop4j.base.Log;
import org.coop4j.base.OpenFile;
import org.coop4j.base.StateFolder;
import org.coop4j.base.WatchedProgress;
import org.coop4j.clip.Clip;
import org.coop4j.console.Json;
import org.coop4j.data.DataSpec;
import org.coop4j.data.DataSpec.SetChoice;
import org.coop4j.data.ImageFiles;
import org.coop4j.demo.DemoPictures;
import org.coop4j.findings.TestNumbers;
import org.coop4j.http.BrowserToken;
import org.coop4j.http.ServiceOptions;
import org.coop4j.http.WebServer;
import org.coop4j.image.ImageDecoder;
import org.coop4j.model.ClipConfig;
import org.coop4j.page.QrCode;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.run.RunFolder;
import org.coop4j.studio.Model.Fit;
import org.coop4j.studio.OtherFolder.Order;
import org.coop4j.studio.OtherFolder.Way;
import org.coop4j.studio.PhotoSearch.Query;
import org.coop4j.studio.Review.Clean;
import org.coop4j.studio.RunningStudio.Pages;
import org.coop4j.studio.Snapshot.Photo;
import org.eclipse.jetty.util.thread.ScheduledExecutorScheduler;
import org.slf4j.Logger;

/** The studio over HTTP, for browsers that were admitted by a token and have a cookie. */
public final class StudioServer implements Closeable {

    private static final Logger LOG = Log.of(StudioServer.class);
    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** Prepared before the first click, which must not wait for it. */
    private static final ObjectReader BODY = JSON.readerFor(Body.class);

    /** The library of the page, in its WebJar. */
    private static final String PREACT = "/META-INF/resources/webjars/preact/10.27.2/dist/preact.module.js";

    /** Style of the page, and of the one for browsers that are not let in. */
    private static final String STYLE = "/studio.css";

    private static final String NO_FOLDER = "There is no folder %s: give its whole path, such as %s/Pictures.";

    /** Least time between two events, in ms. */
    private static final long PAUSE = 50;

    /** Least time between two looks at all files, in ms, and how many times as long as a look it is at least. */
    private static final long LOOK = 1000;

    private static final int SHARE = 20;

    /** Pauses between signs of life to a browser that listens; shorter than any limit of silence. */
    private static final int HEARTBEAT = 100;

    private static final int SHOWN = 6;
    private static final String CSV = "text/csv;charset=utf-8";
    private static final String ANY = "application/octet-stream";

    /** How long browsers keep a picture, whose address has its content's hash. */
    private static final String UNCHANGING = "private, max-age=31536000, immutable";

    private final Studio studio;
    private final EncodedPhotos encoded;
    private final Model model;
    private final Review review;
    private final Runs runs;
    private final PhotoSearch search;
    private final PhotoMap map;
    private final OtherFolder other;
    private final WebServer server;
    private final Path demo;
    private final BrowserToken token;
    private final RunningStudio running;
    private final Map<SseClient, Listener> listening = new ConcurrentHashMap<>();
    private final ScheduledExecutorService events = Executors.newScheduledThreadPool(2); // a look may take long
    private final ExecutorService senders = Executors.newCachedThreadPool();
    private final AtomicBoolean isNews = new AtomicBoolean();
    private final IoFunction<Path, StudioServer> opener; // of other folders
    private final StateFolder user;
    private final boolean maps; // the model has heat maps
    private final List<StudioServer> others = new CopyOnWriteArrayList<>(); // of folders that the page has opened
    private int silent; // periods without an event

    private StudioServer(
            ServiceOptions options,
            Studio studio,
            Clip clip,
            Images images,
            Path bank,
            StateFolder user,
            IoFunction<Path, StudioServer> opener)
            throws IOException {
        this.studio = studio;
        this.maps = clip.architecture().vision() instanceof ClipConfig.Vit;
        this.user = user;
        this.opener = opener;
        this.token = new BrowserToken(options, BrowserToken.thisUser());
        this.running = new RunningStudio(user, studio.root());
        this.demo = bank.resolveSibling("demo");
        Quality quality = new Quality(studio, clip.preprocessing().size());
        this.encoded = new EncodedPhotos(images);
        this.model = new Model(studio, clip, encoded, quality, this::tell);
        this.review = new Review(studio, encoded, quality, model);
        this.search = new PhotoSearch(studio, clip, encoded, model);
        this.map = new PhotoMap(model, this::tell);
        this.runs = new Runs(studio, clip, encoded, bank, this::tell);
        this.other = new OtherFolder(studio, runs, clip, user, this::tell);
        this.server = new WebServer(options, Optional.empty(), new ScheduledExecutorScheduler("coop4j-clock", true));
    }

    /**
     * Makes the table of a folder whose pictures may have several labels, unless it has one.
     *
     * @param list that gives the labels; null for none
     * @param keywords true if the pictures' keywords give them
     */
    public static void makeTable(Path folder, Path list, boolean keywords) throws IOException {
        DataSpec data = null;
        if (keywords) {
            SetChoice all = new SetChoice(true, null, 0, false);
            data = DataSpec.of(folder.toRealPath()).with().sets(all).build();
        } else if (list != null) {
            data = DataSpec.of(list).with().images(folder.toRealPath()).build();
        }
        LabelTable.make(folder, data);
    }

    /**
     * Opens a folder and serves it.
     *
     * @param readOnly true to change nothing in the folder
     * @param clip stays open until the server is closed
     * @param bank folder of the feature banks, in the cache
     * @param user what is known of the user and the studios that run
     * @throws IOException if it cannot listen, or the folder cannot be read
     */
    public static StudioServer start(
            ServiceOptions options, Path folder, boolean readOnly, Clip clip, Path bank, StateFolder user)
            throws IOException {
        return start(options, folder, readOnly, clip, bank, user, System.getenv("PATH"));
    }

    /** Does the same with the programs in the folders of a path. */
    static StudioServer start(
            ServiceOptions options, Path folder, boolean readOnly, Clip clip, Path bank, StateFolder user, String path)
            throws IOException {
        Images images = new Images(clip, Run.Options.of(bank));
        Studio studio = Studio.open(folder, readOnly, user, images::contentOf, path);
        StudioServer started;
        try {
            ServiceOptions another =
                    new ServiceOptions(options.host(), 0, options.token(), options.allowedOrigin(), options.limits());
            IoFunction<Path, StudioServer> opener = other -> start(another, other, readOnly, clip, bank, user, path);
            started = new StudioServer(options, studio, clip, images, bank, user, opener);
            started.server.start(started::configure, any -> true, (method, pattern, status, nanos) -> {});
            started.tellPages();
            RunningStudio.remember(user, studio.root());
        } catch (IOException | RuntimeException e) {
            studio.close();
            throw e;
        }
        studio.onChange(() -> {
            started.model.changed();
            started.tell();
        });
        started.model.start();
        ScheduledFuture<?> unused =
                started.events.scheduleWithFixedDelay(started::send, PAUSE, PAUSE, TimeUnit.MILLISECONDS);
        started.events.execute(started::look);
        return started;
    }

    /** Returns the port that it listens on. */
    public int port() {
        return server.http().port();
    }

    /** Returns the address of the page for a browser on this machine, which lets one in. */
    public String address() throws IOException {
        return token.address(port());
    }

    /** Returns the address for a program that opens a browser, whose arguments other users see. */
    public String openedAddress() throws IOException {
        return token.openedAddress(port());
    }

    // The gate

    /** Tells a browser without a cookie how to get in, on a page with its style, or for a script. */
    private void requireCookie(Context context) throws IOException {
        if (context.path().equals(STYLE)) {
            return;
        }
        if (token.admits(context)) {
            if (context.path().equals("/")) {
                tellPages(); // an address may be used up
            }
            return;
        }
        if (!Objects.requireNonNullElse(context.header(Header.ACCEPT), "").contains("text/html")) {
            throw new StudioProblem(
                    FORBIDDEN_403,
                    "The studio does not know this browser: type coop studio FOLDER in a terminal, and open the address"
                            + " that it prints.");
        }
        page(context.status(FORBIDDEN_403), "locked.html");
        context.skipRemainingHandlers();
    }

    private void tellPages() throws IOException {
        if (!studio.readOnly()) {
            running.tell(new Pages(token.otherAddress(port()), openedAddress()));
        }
    }

    /** Returns the folders that were opened last, but this one; null if other machines reach the page. */
    private List<String> folders() throws IOException {
        return token.distantAddress(port()).isPresent()
                ? null
                : RunningStudio.recent(user).stream()
                        .filter(one -> !one.equals(studio.root().toString()))
                        .toList();
    }

    /** Opens another folder, and returns an address of its page. */
    private ObjectNode openFolder(String given) throws IOException {
        Path folder = existing(given);
        Optional<Pages> running = studio.readOnly() ? Optional.empty() : RunningStudio.find(user, folder);
        String address;
        if (running.isPresent()) {
            address = running.get().shown();
        } else {
            StudioServer other = opener.apply(folder);
            others.add(other);
            address = other.address();
        }
        return Json.object().put("address", address);
    }

    private Path existing(String given) throws IOException {
        Path folder = path(given);
        require(Files.isDirectory(folder), NO_FOLDER, folder, System.getProperty("user.home"));
        return folder;
    }

    /** Returns the path of a folder elsewhere. */
    private Path path(String given) throws IOException {
        require(
                token.distantAddress(port()).isEmpty(),
                "Other machines reach this page, so it opens no other folders.");
        String home = System.getProperty("user.home");
        Path folder =
                Path.of(given == null ? "" : given.strip().replaceFirst("^~(?=/|$)", Matcher.quoteReplacement(home)));
        require(folder.isAbsolute(), NO_FOLDER, folder, home);
        return folder;
    }

    /** Returns an address for another browser, with a QR code if a telephone reaches it. */
    private ObjectNode phone() throws IOException {
        Optional<String> distant = token.distantAddress(port()).map(address -> address + "#try");
        return Json.object()
                .put("address", distant.isPresent() ? distant.get() : token.otherAddress(port()))
                .putPOJO("rows", distant.map(QrCode::rows).orElse(null));
    }

    private void configure(JavalinConfig config) {
        config.jsonMapper(new JavalinJackson(JSON, false));
        RoutesConfig routes = config.routes;
        routes.before(this::requireCookie);
        routes.exception(StudioProblem.class, StudioServer::answer);
        routes.get("/", context -> page(context, "index.html"));
        routes.get("/{file}", context -> page(context, context.pathParam("file")));
        pictures(routes);
        changes(routes);
        get(routes, "phone", context -> phone());
        get(routes, "folders", context -> folders());
        change(routes, "open", given -> openFolder(given.name));
        sorting(routes);
        learning(routes);
        other(routes);
        routes.sse("/api/events", client -> {
            read(client.ctx()); // lifts the limit on the time of a request: the answer does not end
            client.keepAlive();
            listening.put(client, new Listener(state -> client.sendEvent("state", state), senders));
            tell();
        });
    }

    private static void answer(StudioProblem problem, Context context) {
        context.status(problem.status)
                .json(Json.object()
                        .put("error", problem.getMessage())
                        .put("lost", problem.lost)
                        .put("converter", problem.converter));
    }

    private static void page(Context context, String file) throws IOException {
        try (InputStream content = file.matches("[a-z]+\\.(html|js|css)")
                ? StudioServer.class.getResourceAsStream(file.equals("preact.js") ? PREACT : file)
                : null) {
            found(content, "There is no such page.");
            String type = ContentType.Companion.mimeTypeByExtension(file.substring(file.indexOf('.') + 1));
            typed(context, type, "no-cache").result(content.readAllBytes());
        }
    }

    private static Context typed(Context context, String type, String kept) {
        return context.contentType(type).header(Header.CACHE_CONTROL, kept);
    }

    private byte[] read(Context context) {
        try {
            return server.uploads().open(context).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the picture of a request, converted if that is asked for. */
    private byte[] picture(Context context) {
        byte[] content = read(context);
        return "true".equals(context.queryParam("convert")) ? studio.converted(content) : content;
    }

    /** The body of a change, which has some of these. */
    private record Body(
            List<String> pictures,
            List<String> kept,
            String to,
            boolean create,
            boolean merge,
            String name,
            String from,
            String picture,
            String method,
            String gesture,
            int state,
            int count,
            int error) {

        private List<String> ids() {
            return pictures == null ? List.of() : pictures;
        }

        private List<String> others() {
            return kept == null ? List.of() : kept;
        }
    }

    private static void get(RoutesConfig routes, String name, IoFunction<Context, Object> answer) {
        routes.get("/api/" + name, context -> context.json(answer.apply(context)));
    }

    private void change(RoutesConfig routes, String name, IoFunction<Body, Object> change) {
        routes.post("/api/" + name, context -> {
            Object done;
            try {
                Body given = BODY.readValue(read(context));
                require(given != null, "The request is null: expected an object.");
                done = change.apply(given);
            } catch (JsonProcessingException e) {
                throw new StudioProblem(
                        BAD_REQUEST_400, "The request is not what was expected: " + e.getOriginalMessage());
            }
            context.json(done);
        });
    }

    /** A change that undo does not know. */
    private void begin(RoutesConfig routes, String name, IoConsumer<Body> step) {
        change(routes, name, given -> {
            step.accept(given);
            return studio.done();
        });
    }

    /** A file that browsers save. */
    private static Context saved(Context context, String type, String name) {
        return context.contentType(type).header("Content-Disposition", "attachment; filename=\"%s\"".formatted(name));
    }

    private static int number(Context context, String name, int missing) {
        String given = context.queryParam(name);
        require(given == null || given.matches("\\d{1,9}"), "%s: expected a number.", name);
        return given == null ? missing : Integer.parseInt(given);
    }

    // The state

    private ObjectNode state() {
        Snapshot all = studio.snapshot();
        Snapshot now = all.without(encoded::isUnreadable);
        Fit fit = model.latest();
        Sorting sorting = model.sorting();
        WatchedProgress learning = runs.learning().progress();
        int total = now.photos().size();
        int left = (int) now.photos().stream().filter(encoded::isMissing).count();
        Map<String, List<Photo>> own = now.byClass();
        List<Photo> accepted = now.accepted();
        Map<String, Long> acceptedOf = accepted.stream().collect(groupingBy(Photo::className, counting()));
        return Json.object()
                .put("revision", now.revision())
                .put("folder", studio.root().toString())
                .put("readOnly", studio.readOnly())
                .put("several", now.isSeveral())
                .put("unsorted", now.of(null).size())
                .put("none", now.none().size())
                .put("accepted", accepted.size())
                .put("unreadable", all.photos().size() - total)
                .put("total", total)
                .put("encoded", total - left)
                .putPOJO("comparing", progress(model.pooled().progress()))
                .put("undo", studio.done().undo())
                .putPOJO("asks", studio.question())
                .putPOJO("unusable", studio.unusable())
                .put("mistakes", fit == null ? 0 : fit.mistaken(now).length)
                .put("clean", review.waiting())
                .put("failure", model.failure())
                .put("runFailure", runs.learning().failure())
                .put("fitted", fit != null)
                .put("maps", maps)
                .put("sorted", sorting == null ? 0 : sorting.number())
                .put("sortedToDate", sorting == null || sorting.revision() == now.revision())
                .put("upToDate", fit == null || fit.revision() == now.revision())
                .putPOJO("test", fit == null ? null : told(fit.numbers(), "answers", "coverage"))
                .putPOJO(
                        "classes",
                        now.classes().stream()
                                .map(name -> state(now, name, own.getOrDefault(name, List.of()), fit)
                                        .put("accepted", acceptedOf.getOrDefault(name, 0L)))
                                .toList())
                .put("mapped", map.drawnOf())
                .putPOJO("drawing", progress(map.drawing().progress()))
                .putPOJO(
                        "learning", learning == null ? null : progress(learning).putPOJO("scores", runs.scores()))
                .put("otherFailure", other.work().failure())
                .putPOJO("working", progress(other.work().progress()));
    }

    private static ObjectNode progress(WatchedProgress work) {
        return work == null
                ? null
                : Json.object()
                        .put("done", work.done())
                        .put("label", work.label())
                        .put("secondsLeft", work.secondsLeft());
    }

    /** Returns numbers without some that people do not see. */
    private static ObjectNode told(TestNumbers numbers, String... without) {
        return numbers == null ? null : JSON.<ObjectNode>valueToTree(numbers).without(List.of(without));
    }

    private ObjectNode state(Snapshot now, String name, List<Photo> own, Fit fit) {
        return Json.object()
                .put("name", name)
                .put("pictures", own.size())
                .put("tested", own.stream().filter(now::isTest).count())
                .put("right", fit == null ? null : fit.right(name))
                .put("known", model.knows(name))
                .putPOJO(
                        "thumbnails",
                        own.stream().map(Photo::id).distinct().limit(SHOWN).toList());
    }

    // Pictures and their labels

    private void pictures(RoutesConfig routes) {
        get(routes, "state", context -> state());
        get(routes, "pictures", context -> search.of(context.queryParam("class"), number(context, "count", 200)));
        get(
                routes,
                "search",
                context -> search.find(new Query(
                        context.queryParam("words"),
                        context.queryParam("not"),
                        context.queryParams("like"),
                        context.queryParams("unlike"),
                        "class".equals(context.queryParam("order")))));
        get(routes, "map", context -> map.of(studio.snapshot().without(encoded::isUnreadable)));
        routes.post("/api/example", context -> context.json(Map.of("id", search.example(picture(context)))));
        routes.get("/thumbnail/{id}", context -> typed(context, "image/jpeg", UNCHANGING)
                .result(studio.thumbnail(context.pathParam("id"))));
        routes.get("/picture/{id}", context -> {
            Path file = studio.file(context.pathParam("id"));
            String type = Files.probeContentType(file); // by its name, which is an image's
            typed(context, Objects.requireNonNullElse(type, ANY), UNCHANGING).result(Files.newInputStream(file));
        });
    }

    private void changes(RoutesConfig routes) {
        change(routes, "examples", given -> {
            studio.requireWritable();
            require(studio.snapshot().photos().isEmpty(), "There are pictures already.");
            Path copies = Files.createTempDirectory("coop4j-examples");
            try {
                DemoPictures.unpack(demo).copyPhotographs(copies);
                return studio.add(ImageFiles.in(copies), "Added the examples");
            } finally {
                CacheFolder.delete(copies);
            }
        });
        change(routes, "move", given -> studio.move(given.ids(), given.to, given.create, given.gesture));
        change(routes, "take", given -> studio.take(given.ids(), given.from));
        change(routes, "remove", given -> studio.remove(given.ids()));
        change(routes, "copies/remove", given -> studio.removeCopies(given.ids(), given.others()));
        change(routes, "copies/keep", given -> studio.keepCopies(given.ids()));
        change(routes, "class", given -> studio.addClass(given.name));
        change(routes, "class/delete", given -> studio.deleteClass(given.name));
        change(routes, "rename", given -> studio.rename(given.from, given.to, given.merge));
        change(routes, "reject", given -> studio.reject(given.ids(), given.to, given.gesture));
        change(routes, "convert", given -> studio.convert(given.picture, given.gesture));
        change(routes, "keep", given -> studio.keep(given.picture, given.to));
        change(routes, "back", given -> studio.bringBack(given.ids()));
        get(routes, "removed", context -> studio.removed());
        change(routes, "undo", given -> studio.undo());
        change(routes, "restore", given -> studio.restore(given.state));
        change(routes, "continue", given -> studio.answer(true));
        change(routes, "forget", given -> studio.answer(false));
        routes.post(
                "/api/upload",
                context -> context.json(studio.upload(
                        picture(context),
                        context.queryParam("class"),
                        context.queryParam("file"),
                        context.queryParam("gesture"))));
        get(routes, "history", context -> studio.history(number(context, "before", Integer.MAX_VALUE)));
        get(routes, "compare", context -> studio.difference(number(context, "from", 0), number(context, "to", 0)));
    }

    // Sorting

    private void sorting(RoutesConfig routes) {
        get(routes, "groups", context -> LabelQuestions.alike(studio.snapshot().of(null), encoded));
        get(routes, "questions", context -> LabelQuestions.of(studio.snapshot(), encoded, model));
        get(routes, "sort", context -> sorting().screen(studio.snapshot()));
        get(routes, "next", context -> sorting().next(studio.snapshot(), Math.max(1, number(context, "count", 12))));
        get(routes, "check", context -> Sorting.checked(studio.snapshot()));
        change(routes, "none", given -> studio.none(given.ids(), given.gesture));
        change(
                routes,
                "check/draw",
                given -> studio.draw(sorting().draw(studio.snapshot(), given.count, new SecureRandom())));
        change(routes, "check/unclear", given -> studio.unclear(given.picture));
        change(routes, "check/stop", given -> studio.stopCheck());
        change(routes, "accept", given -> sorting().accept(studio, given.error, given.state, given.count));
        change(routes, "accepted/back", given -> studio.takeBack());
    }

    private Sorting sorting() {
        return found(model.sorting(), "Nothing is answered yet: it takes two classes.");
    }

    // Learning

    private void learning(RoutesConfig routes) {
        get(routes, "curve", context -> model.curve().points());
        get(routes, "mistakes", context -> review.mistakes());
        begin(routes, "learn", given -> {
            require(given.method != null, "The request names no method.");
            runs.learn(given.method);
            tell();
        });
        begin(routes, "learn/cancel", given -> runs.learning().cancel());
        get(
                routes,
                "learned",
                context -> told(found(runs.latest().orElse(null), "Nothing is learned yet."), "answers"));
        get(routes, "presses", context -> runs.presses());
        get(routes, "presses/compare", context -> runs.compare(number(context, "from", 0), number(context, "to", 0)));
        get(routes, "clean", context -> {
            read(context); // lifts the limit on the time of a request
            Clean found = review.clean();
            tell(); // how many wait
            return found;
        });
        routes.get("/api/copies.csv", context -> saved(context, CSV, "copies.csv")
                .result(Copies.csv(review.clean().copies())));
        get(routes, "use", context -> runs.use());
        routes.get("/api/classifier", context -> saved(context, ANY, "studio.safetensors")
                .result(Files.newInputStream(runs.latestFolder().resolve(RunFolder.CLASSIFIER))));
        routes.post("/api/predict", context -> {
            boolean quick = "quick".equals(context.queryParam("by"));
            context.json(runs.predict(picture(context), quick, model.latest()));
        });
        routes.post("/api/why", context -> {
            String id = context.queryParam("picture"); // else the request has one
            byte[] given = picture(context);
            byte[] content = id == null ? given : OpenFile.read(studio.file(id), ImageDecoder.MAX_FILE_BYTES);
            context.json(runs.why(
                    content,
                    id != null || "quick".equals(context.queryParam("by")),
                    model.latest(),
                    context.queryParam("label"),
                    "true".equals(context.queryParam("check"))));
        });
    }

    // Another folder

    private void other(RoutesConfig routes) {
        get(routes, "other", context -> other.screen());
        begin(routes, "other/try", given -> {
            boolean puts = given.to != null;
            Way way = Stream.of(Way.values())
                    .filter(one -> one.name().equalsIgnoreCase(given.method))
                    .findFirst()
                    .orElseThrow(() -> new StudioProblem(BAD_REQUEST_400, "The request names no way."));
            require(puts == (way == Way.COPY || way == Way.MOVE), "Pictures that are copied or moved need a folder.");
            other.begin(new Order(existing(given.from), puts ? path(given.to) : null, way, given.count, given.merge));
        });
        begin(routes, "other/go", given -> other.go(given.state, given.ids()));
        begin(routes, "other/undo", given -> other.undo());
        begin(routes, "other/stop", given -> other.work().cancel());
        routes.get(
                "/api/other.csv", context -> saved(context, CSV, "labels.csv").result(other.csv()));
        routes.get("/other/{id}", context -> typed(context, "image/jpeg", "no-store")
                .result(other.thumbnail(context.pathParam("id"))));
    }

    // Events

    private void tell() {
        isNews.set(true);
    }

    private void send() {
        listening.keySet().removeIf(SseClient::terminated);
        boolean now = isNews.getAndSet(false) || ++silent % HEARTBEAT == 0;
        if (now && !listening.isEmpty()) {
            try {
                ObjectNode state = state(); // which notices changes from outside
                listening.values().forEach(listener -> listener.tell(state));
            } catch (RuntimeException e) {
                LOG.warn("the state was not sent: {}", e.toString());
            }
        }
    }

    /** Looks for changes of all files again and again. */
    private void look() {
        long start = System.nanoTime();
        try {
            studio.look();
        } catch (RuntimeException e) {
            LOG.warn("changes of the pictures were not looked for: {}", e.toString());
        }
        long pause = Math.max(LOOK, SHARE * TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
        ScheduledFuture<?> unused = events.schedule(this::look, pause, TimeUnit.MILLISECONDS);
    }

    /** A browser that listens. While it is slow, the latest state waits for it, and nobody else does. */
    static final class Listener {
        private final Consumer<ObjectNode> client;
        private final Executor senders;
        private final AtomicReference<ObjectNode> next = new AtomicReference<>();
        private final AtomicBoolean isSending = new AtomicBoolean();

        Listener(Consumer<ObjectNode> client, Executor senders) {
            this.client = client;
            this.senders = senders;
        }

        /** Sends a state in place of one that still waits. */
        void tell(ObjectNode state) {
            next.set(state);
            if (isSending.compareAndSet(false, true)) {
                senders.execute(this::send);
            }
        }

        private void send() {
            do {
                ObjectNode state = next.getAndSet(null);
                try {
                    if (state != null) {
                        client.accept(state);
                    }
                } finally {
                    isSending.set(false);
                }
            } while (next.get() != null && isSending.compareAndSet(false, true));
        }
    }

    /** Ends: what was accepted is finished, and the folder is free for another studio. */
    @Override
    public void close() throws IOException {
        for (StudioServer other : others) {
            other.close();
        }
        events.shutdownNow();
        senders.shutdownNow();
        listening.keySet().forEach(SseClient::close);
        server.close(() -> {});
        if (!studio.readOnly()) {
            running.close();
        }
        other.work().close();
        runs.close();
        map.drawing().close();
        model.close();
        encoded.close();
        studio.close();
    }
}
