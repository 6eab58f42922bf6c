package org.coop4j.cli;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.coop4j.base.Numbers;
import org.coop4j.base.TextFile;
import org.coop4j.cli.options.ClassOptions;
import org.coop4j.cli.options.Converters;
import org.coop4j.cli.options.ModelOptions;
import org.coop4j.cli.options.Options;
import org.coop4j.cli.options.TemplateOptions;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.console.Interrupt.Termination;
import org.coop4j.console.WrongUsage;
import org.coop4j.method.Method;
import org.coop4j.predict.ImageClassifier.PredictionLimits;
import org.coop4j.serve.ClassifierInfo;
import org.coop4j.serve.PredictionService;
import org.coop4j.serve.ServedClassifier;
import org.coop4j.serve.ServiceOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop serve}: classifiers over HTTP. */
@Command(
        name = "serve",
        description = {
            "Serve classifiers over HTTP, with a page to try them, until Ctrl-C.",
            "",
            "Serves what coop train learned (-p), hand-written prompts (-m with -c), or both. A"
                    + " picture is posted to /predictions/NAME, where the name is the run's folder, the"
                    + " one given with -p NAME=RUN, or zero-shot. /openapi.yaml describes all of the"
                    + " API, which has the Open Inference Protocol v2 too.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  coop serve -m coop4j-small -c dog,car,house",
            "  coop serve -p run -p flowers=runs/flowers-16",
            "  coop serve -p run --host 0.0.0.0 --token-file token.txt",
            "",
            "Then, for a picture:",
            "    curl --data-binary @photo.jpg http://localhost:8080/predictions/run",
            "    curl -F data=@photo.jpg http://localhost:8080/predictions/run?top_k=3"
        })
final class ServeCommand implements Callable<Integer> {

    private static final String ZERO_SHOT = Method.zeroShot().id();

    private final Console console;

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "[NAME=]RUN|FILE",
            description =
                    "A learned classifier, or the folder of the run that learned it; several times" + " for several.")
    private List<String> runs = List.of();

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description = {
                ModelOptions.DESCRIPTION
                        + " With -p, the model that the runs learned with (default: where it was"
                        + " then, or beside the classifier)."
            })
    private Path model;

    @Mixin
    private ClassOptions classOptions;

    @Mixin
    private TemplateOptions templateOptions;

    @Mixin
    private Options.Vocabulary vocabulary;

    @Mixin
    private Options.Arithmetic precision;

    @Option(
            names = "--host",
            defaultValue = "127.0.0.1",
            paramLabel = "ADDRESS",
            description =
                    "The address to listen on (default: ${DEFAULT-VALUE}, this machine alone;" + " 0.0.0.0 is all).")
    private String host;

    @Option(
            names = "--port",
            defaultValue = "8080",
            paramLabel = "N",
            description = "The port to listen on (default: ${DEFAULT-VALUE}); 0 takes a free one.")
    private int port;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            converter = Converters.FileName.class,
            description = "Ask clients for the bearer token that this file holds.")
    private Path tokenFile;

    @Option(
            names = "--allow-origin",
            paramLabel = "ORIGIN",
            description =
                    "Let pages of another origin, such as https://example.org, call the service" + " from a browser.")
    private String origin;

    @Option(
            names = "--access-log",
            paramLabel = "FILE",
            description = "Append a line of JSON for each request; - is standard output.")
    private Path accessLog;

    @Option(
            names = "--threshold",
            paramLabel = "P",
            description = "Let the page say \"not sure\" where the most probable class has a lower"
                    + " probability, 0 to 1; the report of a run suggests one.")
    private Double threshold;

    @Option(
            names = "--max-batch",
            defaultValue = "32",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "The most pictures that are encoded together (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(
            names = "--max-delay",
            defaultValue = "2",
            paramLabel = "MS",
            description = "How long a picture waits for others to be encoded with, in milliseconds"
                    + " (default: ${DEFAULT-VALUE}).")
    private int delay;

    @Option(
            names = "--queue",
            defaultValue = "256",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "The most pictures that wait, for each classifier; more are answered with 429"
                    + " (default: ${DEFAULT-VALUE}).")
    private int queue;

    @Option(
            names = "--max-body",
            defaultValue = "16M",
            paramLabel = "SIZE",
            description = "The most bytes of a request (default: ${DEFAULT-VALUE}).")
    private MemoryLimit body;

    @Option(
            names = "--max-pixels",
            defaultValue = "50000000",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "The most pixels of a picture (default: ${DEFAULT-VALUE}).")
    private int pixels;

    @Option(
            names = "--read-time",
            defaultValue = "30",
            paramLabel = "S",
            converter = Converters.Positive.class,
            description = "How long a request may take to arrive, in seconds (default:" + " ${DEFAULT-VALUE}).")
    private int readTime;

    @Option(
            names = "--max-connections",
            defaultValue = "256",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "The most connections that are open at a time; more wait (default:" + " ${DEFAULT-VALUE}).")
    private int connections;

    ServeCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        check();
        Map<String, Path> named = named();
        ServiceOptions options = options();
        try (Termination termination = new Termination();
                ServedModels models = new ServedModels(
                        vocabulary.tokenizer(), precision.precision(), limits(), Optional.ofNullable(threshold))) {
            open(models, named);
            try (PredictionService service = PredictionService.start(options, models.all(), log())) {
                announce(models.all(), options, service.port());
                termination.await();
                console.note("stopping: requests that were accepted are answered");
            }
            termination.succeed();
        }
        return 0;
    }

    private void check() {
        if (threshold != null && !(threshold >= 0 && threshold <= 1)) {
            throw new WrongUsage("--threshold: expected 0 to 1, got " + threshold);
        }
        if (runs.isEmpty() && !classOptions.areGiven()) {
            throw new WrongUsage("what is to be served? Give -p RUN, or -m MODEL with -c A,B");
        }
        if (classOptions.areGiven() && model == null) {
            throw new WrongUsage("--classes are told apart by a model: give --model");
        }
    }

    /** Learned classifiers by name, of {@code NAME=RUN} or {@code RUN}, which is called as its folder or file. */
    private Map<String, Path> named() {
        Map<String, Path> named = new LinkedHashMap<>();
        for (String given : runs) {
            int equals = given.indexOf('=');
            boolean says = equals > 0 && !Files.exists(Path.of(given));
            Path run = Path.of(says ? given.substring(equals + 1) : given);
            String name = says ? given.substring(0, equals) : name(run);
            if (!ClassifierInfo.isName(name)) {
                throw new WrongUsage(
                        says
                                ? "\"" + name + "\" is no name: use letters, digits, '.', '_' and '-'"
                                : "give " + given + " a name: -p NAME=" + given);
            }
            boolean taken = classOptions.areGiven() && name.equals(ZERO_SHOT);
            if (named.putIfAbsent(name, run) != null || taken) {
                throw new WrongUsage(
                        "two classifiers are called %s: give %s another name, -p NAME=%s".formatted(name, run, run));
            }
        }
        return named;
    }

    private static String name(Path run) {
        Path last = run.toAbsolutePath().normalize().getFileName();
        return last == null ? "" : last.toString().replaceFirst("\\.safetensors$", "");
    }

    private ServiceOptions options() throws IOException {
        Optional<String> token = tokenFile == null ? Optional.empty() : Optional.of(token(tokenFile));
        ServiceOptions.Limits ofRequests = ofRequests();
        return WrongUsage.unless(() -> new ServiceOptions(host, port, token, Optional.ofNullable(origin), ofRequests));
    }

    private static String token(Path file) throws IOException {
        String token = TextFile.read(file).strip();
        if (!token.matches("[\\x21-\\x7e]+")) {
            throw new CommandFailure(file + ": expected a token of one line without spaces, in ASCII");
        }
        return token;
    }

    private void open(ServedModels models, Map<String, Path> named) throws IOException {
        Optional<Path> file = model == null ? Optional.empty() : Optional.of(ModelOptions.file(model));
        for (Map.Entry<String, Path> run : named.entrySet()) {
            models.addLearned(run.getKey(), run.getValue(), file);
        }
        if (classOptions.areGiven()) {
            models.addZeroShot(
                    ZERO_SHOT,
                    file.orElseThrow(),
                    classOptions.read(),
                    templateOptions.prompts(Optional.empty()),
                    console);
        }
    }

    private Optional<OutputStream> log() throws IOException {
        if (accessLog == null) {
            return Optional.empty();
        }
        return Optional.of(
                accessLog.toString().equals("-") ? console.out() : new FileOutputStream(accessLog.toFile(), true));
    }

    private void announce(List<ServedClassifier> served, ServiceOptions options, int bound)
            throws UnknownHostException {
        InetAddress address = InetAddress.getByName(options.host());
        String shown = address.isAnyLocalAddress() ? "localhost" : options.host();
        String url = "http://" + (shown.contains(":") ? "[" + shown + "]" : shown) + ":" + bound;
        for (ServedClassifier one : served) {
            console.line("%s: %s, %s"
                    .formatted(
                            one.info().name(),
                            one.info().method(),
                            Numbers.count(one.info().classNames().size(), "class", "classes")));
        }
        console.line("serving on " + url + "/ until Ctrl-C");
        if (!address.isLoopbackAddress() && options.token().isEmpty()) {
            console.warn(
                    "whoever reaches " + options.host() + " may use the service: ask for a token with --token-file");
        }
    }

    /** What is asked of each classifier's queue. */
    private PredictionLimits limits() {
        return WrongUsage.unless(() -> new PredictionLimits(batch, Duration.ofMillis(delay), queue, pixels));
    }

    /** What is asked of clients. */
    private ServiceOptions.Limits ofRequests() {
        return WrongUsage.unless(() -> ServiceOptions.Limits.standard()
                .withBody(body.bytes())
                .withReadTime(Duration.ofSeconds(readTime))
                .withConnections(connections));
    }
}
