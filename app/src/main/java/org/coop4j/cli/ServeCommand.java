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
import org.coop4j.base.Numbers;
import org.coop4j.base.TextFile;
import org.coop4j.cli.options.ClassOptions;
import org.coop4j.cli.options.Converters;
import org.coop4j.cli.options.ModelOptions;
import org.coop4j.cli.options.Options;
import org.coop4j.cli.options.TemplateOptions;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.console.CommandFailure;
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
            "Serve classifiers over HTTP, with a page to try them, until Ctrl-C: learned ones (-p), hand-written"
                    + " prompts (-m with -c), or both.",
            "",
            "Post a picture to /predictions/NAME: the folder of the run, the NAME of -p NAME=RUN, or zero-shot."
                    + " /openapi.yaml describes the API, which includes the Open Inference Protocol v2."
        },
        footer = {
            "  coop serve -m coop4j-small -c dog,car,house",
            "  coop serve -p run -p flowers=runs/flowers-16",
            "  coop serve -p run --host 0.0.0.0 --token-file token.txt",
            "",
            "Then, for a picture:",
            "    curl --data-binary @photo.jpg http://localhost:8080/predictions/run",
            "    curl -F data=@photo.jpg http://localhost:8080/predictions/run?top_k=3"
        })
final class ServeCommand extends ConsoleCommand {

    private static final String ZERO_SHOT = Method.zeroShot().id();

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "[NAME=]RUN|FILE",
            description = "A learned classifier, or the folder of its run; may be given several times.")
    private List<String> runs = List.of();

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description = ModelOptions.DESCRIPTION + " With -p, the model of the runs"
                    + " (default: where it was then, or beside the classifier).")
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
            description = "Address to listen on (default: ${DEFAULT-VALUE}, this machine alone; 0.0.0.0 is all).")
    private String host;

    @Option(
            names = "--port",
            defaultValue = "8080",
            paramLabel = "N",
            description = "Port to listen on (default: ${DEFAULT-VALUE}); 0 takes a free one.")
    private int port;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            converter = Converters.FileName.class,
            description = "Require the bearer token in this file from clients.")
    private Path tokenFile;

    @Option(
            names = "--allow-origin",
            paramLabel = "ORIGIN",
            description = "Let pages of another origin, such as https://example.org, call the service.")
    private String origin;

    @Option(
            names = "--access-log",
            paramLabel = "FILE",
            description = "Append a line of JSON per request; - is standard output.")
    private Path accessLog;

    @Option(
            names = "--threshold",
            paramLabel = "P",
            description = "Let the page say \"not sure\" below this probability, 0 to 1; a run's report suggests one.")
    private Double threshold;

    @Option(
            names = "--max-batch",
            defaultValue = "32",
            paramLabel = "N",
            description = "Maximum pictures encoded together (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(
            names = "--max-delay",
            defaultValue = "2",
            paramLabel = "MS",
            description = "Milliseconds that a picture waits for others (default: ${DEFAULT-VALUE}).")
    private int delay;

    @Option(
            names = "--queue",
            defaultValue = "256",
            paramLabel = "N",
            description = "Maximum waiting pictures per classifier; more get status 429 (default: ${DEFAULT-VALUE}).")
    private int queue;

    @Option(
            names = "--max-body",
            defaultValue = "16M",
            paramLabel = "SIZE",
            description = "Maximum size of a request (default: ${DEFAULT-VALUE}).")
    private MemoryLimit body;

    @Option(
            names = "--max-pixels",
            defaultValue = "50000000",
            paramLabel = "N",
            description = "Maximum pixels of a picture (default: ${DEFAULT-VALUE}).")
    private int pixels;

    @Option(
            names = "--read-time",
            defaultValue = "30",
            paramLabel = "S",
            description = "Maximum seconds for a request to arrive (default: ${DEFAULT-VALUE}).")
    private int readTime;

    @Option(
            names = "--max-connections",
            defaultValue = "256",
            paramLabel = "N",
            description = "Maximum open connections; more wait (default: ${DEFAULT-VALUE}).")
    private int connections;

    @Override
    public Integer call() throws IOException {
        check();
        Map<String, Path> named = named();
        ServiceOptions options = options();
        PredictionLimits limits =
                WrongUsage.unless(() -> new PredictionLimits(batch, Duration.ofMillis(delay), queue, pixels));
        try (Termination termination = new Termination();
                ServedModels models =
                        new ServedModels(vocabulary.tokenizer(), precision.precision(), limits, threshold)) {
            open(models, named);
            try (PredictionService service = PredictionService.start(options, models.all(), log())) {
                announce(models.all(), service.port());
                termination.await();
                console.note("shutting down: finishing accepted requests");
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
            throw new WrongUsage("nothing to serve: give -p RUN, or -m MODEL with -c A,B");
        }
        if (classOptions.areGiven() && model == null) {
            throw new WrongUsage("--classes need a model: give --model");
        }
    }

    /** Returns the runs by name: that of {@code NAME=RUN}, or else of their folder or file. */
    private Map<String, Path> named() {
        Map<String, Path> named = new LinkedHashMap<>();
        for (String given : runs) {
            int equals = Files.exists(Path.of(given)) ? -1 : given.indexOf('=');
            Path run = Path.of(given.substring(equals + 1));
            String name = equals >= 0
                    ? given.substring(0, equals)
                    : String.valueOf(run.toAbsolutePath().normalize().getFileName())
                            .replaceFirst("\\.safetensors$", "");
            if (!ClassifierInfo.isName(name)) {
                throw new WrongUsage("\"%s\" is not a valid name: use letters, digits, '.', '_' and '-' in -p NAME=%s"
                        .formatted(name, run));
            }
            boolean taken = classOptions.areGiven() && name.equals(ZERO_SHOT);
            if (named.putIfAbsent(name, run) != null || taken) {
                throw new WrongUsage(
                        "two classifiers are called %s: give another name with -p NAME=%s".formatted(name, run));
            }
        }
        return named;
    }

    private ServiceOptions options() throws IOException {
        Optional<String> token = Optional.empty();
        if (tokenFile != null) {
            token = Optional.of(TextFile.read(tokenFile).strip());
            if (!token.get().matches("[\\x21-\\x7e]+")) {
                throw new CommandFailure(tokenFile + ": expected a token of one line without spaces, in ASCII");
            }
        }
        Optional<String> required = token;
        return WrongUsage.unless(() -> new ServiceOptions(
                host,
                port,
                required,
                Optional.ofNullable(origin),
                ServiceOptions.Limits.of(body.bytes(), Duration.ofSeconds(readTime), connections)));
    }

    private void open(ServedModels models, Map<String, Path> named) throws IOException {
        Path file = model == null ? null : ModelOptions.file(model);
        for (Map.Entry<String, Path> run : named.entrySet()) {
            models.addLearned(run.getKey(), run.getValue(), file);
        }
        if (classOptions.areGiven()) {
            models.addZeroShot(
                    ZERO_SHOT, file, classOptions.read(), templateOptions.prompts(Optional.empty()), console);
        }
    }

    private Optional<OutputStream> log() throws IOException {
        if (accessLog == null) {
            return Optional.empty();
        }
        return Optional.of(
                accessLog.toString().equals("-") ? console.out() : new FileOutputStream(accessLog.toFile(), true));
    }

    private void announce(List<ServedClassifier> served, int bound) throws UnknownHostException {
        for (ServedClassifier one : served) {
            ClassifierInfo info = one.info();
            String classes = Numbers.count(info.classNames().size(), "class", "classes");
            console.line("%s: %s, %s".formatted(info.name(), info.method(), classes));
        }
        InetAddress address = InetAddress.getByName(host);
        String shown = address.isAnyLocalAddress() ? "localhost" : host.contains(":") ? "[" + host + "]" : host;
        console.line("serving on http://" + shown + ":" + bound + "/ until Ctrl-C");
        if (!address.isLoopbackAddress() && tokenFile == null) {
            console.warn("anyone who can reach " + host + " can use the service: require a token with --token-file");
        }
    }
}
