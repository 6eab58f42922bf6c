package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.cli.Options.requireShare;
import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.console.WrongUsage.unless;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.TextFile;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Interrupt.Termination;
import org.coop4j.data.ImageFiles;
import org.coop4j.http.ServiceOptions;
import org.coop4j.http.ServiceOptions.Limits;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.serve.ClassifierInfo;
import org.coop4j.serve.PredictionService;
import org.coop4j.serve.ServedClassifier;
import org.coop4j.serve.ServedModels;
import org.coop4j.serve.ServedPool;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop serve}: classifiers over HTTP. */
@Command(name = "serve")
final class ServeCommand extends ConsoleCommand {

    /** Pause between looks for replaced classifiers. */
    private static final Duration LOOK = Duration.ofSeconds(2);

    /** Learned classifiers by name. */
    static final class Named {
        @Option(
                names = {"-p", "--prompt"},
                paramLabel = "[NAME=]RUN|FILE")
        List<String> runs = List.of();

        /** Returns the name of a run's folder or file. */
        static String of(Path run) {
            return run.toAbsolutePath().normalize().toFile().getName().replaceFirst("\\.safetensors$", "");
        }

        /** Opens the runs by name: the one in {@code NAME=RUN}, or else the name of their folder or file. */
        void open(ServedModels models, Path model, boolean zeroShot) throws IOException {
            Map<String, Path> named = new LinkedHashMap<>();
            for (String given : runs) {
                int equals = Files.exists(Path.of(given)) ? -1 : given.indexOf('=');
                Path run = Path.of(given.substring(equals + 1));
                String name = equals < 0 ? of(run) : given.substring(0, equals);
                require(
                        ClassifierInfo.isName(name),
                        "\"%s\" is not a valid name: use letters, digits, '.', '_' and '-' in -p NAME=%s",
                        name,
                        run);
                boolean taken = zeroShot && name.equals(ServedModels.ZERO_SHOT);
                require(
                        named.putIfAbsent(name, run) == null && !taken,
                        "two classifiers are called %s: give another name with -p NAME=%s",
                        name,
                        run);
            }
            for (Map.Entry<String, Path> run : named.entrySet()) {
                models.addLearned(run.getKey(), run.getValue(), model);
            }
        }
    }

    @Mixin
    Named runs;

    @Mixin
    ModelOptions model;

    @Mixin
    ClassOptions classOptions;

    @Mixin
    TemplateOptions templateOptions;

    @Mixin
    Arithmetic precision;

    @Option(names = "--pool", paramLabel = "DIR")
    List<Path> pools = List.of();

    @Option(names = "--why")
    boolean why;

    @Option(names = "--host", paramLabel = "ADDRESS")
    String host = "127.0.0.1";

    @Option(names = "--port", paramLabel = "N")
    int port = 8080;

    @Option(names = "--token-file", paramLabel = "FILE", converter = FileName.class)
    Path tokenFile;

    @Option(names = "--allow-origin", paramLabel = "ORIGIN")
    String origin;

    @Option(names = "--access-log", paramLabel = "FILE")
    Path accessLog;

    @Option(names = "--threshold", paramLabel = "P")
    Double threshold;

    @Option(names = "--max-batch", paramLabel = "N")
    int batch = 32;

    @Option(names = "--max-delay", paramLabel = "MS")
    int delay = 2;

    @Option(names = "--queue", paramLabel = "N")
    int queue = 256;

    @Option(names = "--max-body", defaultValue = "16M", paramLabel = "SIZE")
    MemoryLimit body;

    @Option(names = "--max-pixels", paramLabel = "N")
    int pixels = 50_000_000;

    @Option(names = "--decode-time", paramLabel = "S")
    int decodeTime = 4;

    @Option(names = "--read-time", paramLabel = "S")
    int readTime = 30;

    @Option(names = "--max-connections", paramLabel = "N")
    int connections = 256;

    @Override
    public Integer call() throws IOException {
        requireShare(threshold);
        boolean zeroShot = classOptions.areGiven();
        require(zeroShot || !runs.runs.isEmpty(), "nothing to serve: give -p RUN, or -m MODEL with -c A,B");
        require(!zeroShot || model.model != null, "--classes need a model: give --model");
        Optional<String> token = token();
        ServiceOptions options = unless(() -> new ServiceOptions(
                host,
                port,
                token,
                Optional.ofNullable(origin),
                Limits.of(body.bytes(), Duration.ofSeconds(readTime), connections)));
        EncodingLimits limits = unless(() ->
                new EncodingLimits(batch, Duration.ofMillis(delay), queue, pixels, Duration.ofSeconds(decodeTime)));
        try (Termination termination = new Termination();
                ServedModels models =
                        new ServedModels(model.vocabulary.source(), precision.ofAnswers(), limits, threshold)) {
            Path file = model.file();
            runs.open(models, file, zeroShot);
            if (zeroShot) {
                PromptEnsemble prompts = templateOptions.prompts(models.clip(file));
                models.addZeroShot(file, classOptions.read(), prompts, console);
            }
            precision.announce(models.precision(), console);
            try (PredictionService service =
                    PredictionService.start(options, models.all(), pools(models), why, log())) {
                announce(models.all(), service.port());
                if (!console.errorIsTerminal()) { // a closed terminal ends the service
                    termination.takeHangup();
                }
                termination.await(LOOK, () -> {
                    models.reload(console);
                    service.describe();
                });
                console.note("shutting down: finishing accepted requests");
            }
            termination.succeed();
        }
        return 0;
    }

    /** Encodes the pictures of each folder with the model of the first classifier. */
    private List<ServedPool> pools(ServedModels models) throws IOException {
        ServedClassifier encoder = models.all().get(0);
        Images images = new Images(encoder.classifier().clip(), Run.Options.of(CacheFolder.bank()));
        List<ServedPool> served = new ArrayList<>();
        for (Path folder : pools) {
            CommandFailure.require(Files.isDirectory(folder), "--pool: %s is not a folder", folder);
            String name = folder.toAbsolutePath().normalize().toFile().getName();
            require(
                    served.stream().noneMatch(other -> other.name().equals(name)),
                    "two folders are called %s: rename one",
                    name);
            ServedPool pool = ServedPool.of(name, folder, ImageFiles.in(folder), encoder, images, console);
            served.add(pool);
            console.line(name + ": " + count(pool.paths().size(), "picture") + " to search in");
        }
        return served;
    }

    private Optional<String> token() throws IOException {
        if (tokenFile == null) {
            return Optional.empty();
        }
        String token = TextFile.read(tokenFile).strip();
        CommandFailure.require(
                token.matches("[\\x21-\\x7e]+"), tokenFile + ": expected a token of one line without spaces, in ASCII");
        return Optional.of(token);
    }

    private Optional<OutputStream> log() throws IOException {
        if (accessLog == null) {
            return Optional.empty();
        }
        boolean standard = accessLog.equals(Path.of("-"));
        return Optional.of(standard ? console.out() : new FileOutputStream(accessLog.toFile(), true));
    }

    private void announce(List<ServedClassifier> served, int bound) throws UnknownHostException {
        for (ServedClassifier one : served) {
            ClassifierInfo info = one.info();
            int classes = info.classNames().size();
            console.line(info.name() + ": " + info.method() + ", " + count(classes, "class", "classes"));
        }
        InetAddress address = InetAddress.getByName(host);
        String shown = address.isAnyLocalAddress() ? "localhost" : host.contains(":") ? "[" + host + "]" : host;
        console.line("serving on http://" + shown + ":" + bound + "/ until Ctrl-C");
        if (!address.isLoopbackAddress() && tokenFile == null) {
            console.warn("anyone who can reach " + host + " can use the service: require a token with --token-file");
        }
    }
}
