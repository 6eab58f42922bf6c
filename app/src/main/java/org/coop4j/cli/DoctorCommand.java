package org.coop4j.cli;

import static org.coop4j.base.Numbers.bytes;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.CommandFailure.require;
import static org.coop4j.graph.host.Precision.BFLOAT16;
import static org.coop4j.graph.host.Precision.FLOAT32;
import static org.coop4j.model.MlpActivation.GELU;
import static org.coop4j.model.MlpActivation.QUICK_GELU;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Machine;
import org.coop4j.bench.Measurement;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.demo.DemoPictures;
import org.coop4j.eval.Scores;
import org.coop4j.findings.McNemar;
import org.coop4j.findings.ModelTrial;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Backend.BackendException;
import org.coop4j.graph.host.Backend.Form;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop doctor}: the choices for this machine, and what to change. */
@Command(name = "doctor")
final class DoctorCommand extends ConsoleCommand {

    @Mixin
    ModelOptions model;

    @Option(names = "--example", paramLabel = "CLIP.png")
    Path example;

    @Option(
            names = {"-d", "--data"},
            paramLabel = "DIR")
    Path data;

    /** Vector instructions that ND4J has libraries for, as Linux calls them, and their benefit. */
    private static final List<List<String>> X86 = List.of(
            List.of("avx2", "8 floats at once"),
            List.of("avx512f", "16 floats at once"),
            List.of("avx512_bf16", "bfloat16 products, up to twice as fast as float32 on AMD's processors"),
            List.of("amx_bf16", "bfloat16 products several times as fast as float32"));

    private static final List<List<String>> ARM = List.of(List.of("asimd", "4 floats at once"));

    private static final String CORE_TYPE = "OPENBLAS_CORETYPE";
    private static final List<String> VARIABLES = List.of("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", CORE_TYPE);

    /** Probability of a difference by chance below which activations are told to differ. */
    private static final double SIGNIFICANT = 0.05;

    private final AlignedLines table = new AlignedLines();
    private final List<String> advice = new ArrayList<>();
    private boolean sound = true;

    @Override
    public Integer call() throws IOException {
        WrongUsage.require(
                model.model != null || (example == null && data == null),
                "%s needs a model: --model",
                data == null ? "--example" : "--data");
        table.row("java", Machine.virtualMachine());
        table.row("system", Machine.operatingSystem());
        table.row("processor", Machine.processor("model name").orElse("unknown"));
        instructions();
        jpeg();
        try (Workers workers = Workers.standard()) {
            threads(workers);
            boolean canCompute = backend();
            environment();
            if (canCompute) {
                Optional<String> obstacle = BFLOAT16.obstacle().map("no: "::concat);
                table.row(
                        "bfloat16",
                        obstacle.orElseGet(() -> "yes: --precision bf16 uses " + Precision.instructions()
                                + (Precision.fastest() == FLOAT32 ? ", and is slower than float32" : "")));
                if (Backend.currentForm() == Form.HOST) {
                    product(workers, FLOAT32);
                    if (obstacle.isEmpty()) {
                        product(workers, BFLOAT16);
                    }
                }
                if (model.model != null) {
                    try (Clip clip = model.vocabulary.open(model.model, Optional.of(FLOAT32))) {
                        trial(clip);
                        if (data != null) {
                            activations(clip);
                        }
                    }
                }
            }
        }
        table.print(console);
        advice.forEach(line -> console.print("advice: " + line));
        if (advice.isEmpty()) {
            console.print("nothing to change");
        }
        return sound ? 0 : 1;
    }

    private void instructions() {
        String line = Machine.processor("flags")
                .or(() -> Machine.processor("Features"))
                .orElse("");
        List<String> flags = List.of(line.split(" "));
        if (line.isEmpty()) {
            table.row("instructions", "unknown");
            return;
        }
        boolean arm = System.getProperty("os.arch").equals("aarch64");
        Predicate<List<String>> known = set -> flags.contains(set.get(0)) || (arm && flags.contains("neon"));
        List<List<String>> sets = arm ? ARM : X86;
        sets.forEach(set -> table.row(set.get(0), (known.test(set) ? "yes: " : "no; it would allow ") + set.get(1)));
        if (sets.stream().noneMatch(known)) {
            advice.add("the processor has no vector instructions that BLAS can use: products will be slow");
        }
    }

    private void jpeg() {
        String forms = String.join(", ", ImageDecoder.unfaithfulJpegs());
        if (forms.isEmpty()) {
            table.row("JPEG decoder", "the pixels of libjpeg-turbo, as in Pillow");
            return;
        }
        table.row("JPEG decoder", "not libjpeg-turbo: " + forms);
        advice.add("this Java decodes JPEG of " + forms + " differently from Pillow, with other features or none:"
                + " use a Java linked to libjpeg-turbo, such as Debian's");
    }

    private void threads(Workers workers) {
        int cores = Runtime.getRuntime().availableProcessors();
        String chosen = VARIABLES.stream()
                .limit(2) // those of threads
                .filter(System.getenv()::containsKey)
                .findFirst()
                .orElse("all cores");
        table.row("cores", String.valueOf(cores));
        table.row("heap limit", bytes(Runtime.getRuntime().maxMemory()));
        table.row("threads", workers.count() + " (" + chosen + ")");
        if (workers.count() > cores) {
            advice.add(chosen + " exceeds the number of cores: unset it");
        }
    }

    /** Returns true if ND4J can compute on this machine. */
    private boolean backend() {
        try {
            Backend backend = Backend.loaded();
            table.row("ND4J backend", backend.name());
            table.row("device", backend.device());
            table.row("BLAS", backend.blas());
            boolean host = backend.form() == Form.HOST;
            table.row("computed by", host ? "kernels in the host's memory" : "ND4J's calls (portable form)");
            return true;
        } catch (BackendException e) {
            table.row("ND4J backend", "cannot compute here");
            advice.add(e.getMessage());
            sound = false;
            return false;
        }
    }

    private void environment() {
        for (String variable : VARIABLES) {
            String value = System.getenv(variable);
            if (value != null) {
                table.row(variable, value);
                if (variable.equals(CORE_TYPE)) {
                    advice.add(
                            variable + "=" + value
                                    + " overrides OpenBLAS's choice of kernels for this processor: unset it unless it is on purpose");
                }
            }
        }
    }

    private void product(Workers workers, Precision precision) {
        Measurement product = Measurement.product(workers, precision);
        String speed = "%.0f GFLOP/s on %d threads (1536 x 1536 x 1536, %s)";
        table.row("matrix product", speed.formatted(product.gflops(), workers.count(), precision.id()));
        if (product.most() > 1.5 * product.least()) {
            advice.add("the product's time varied from %.0f to %.0f ms: close other programs that use the cores"
                    .formatted(1000 * product.least(), 1000 * product.most()));
        }
    }

    /** Compares both activations of a CLIP by zero-shot answers to labelled pictures. */
    private void activations(Clip clip) throws IOException {
        String family = clip.architecture().family().title();
        require(family.equals("CLIP"), "the activation of a %s is known: omit --data", family);
        ImageInputs pictures = ImageInputs.of(List.of(data));
        List<String> classes = ClassOptions.checked(pictures.folders(), data.toString(), 2);
        List<Integer> labels = pictures.labels(classes);
        MlpActivation own = clip.model().activation();
        MlpActivation other = own == GELU ? QUICK_GELU : GELU;
        List<boolean[]> correct = new ArrayList<>();
        for (MlpActivation activation : List.of(own, other)) {
            ConvertedModel file = ConvertedModel.open(model.file()).with(activation);
            try (Clip tried = Clip.of(
                    file, new Clip.Options(model.vocabulary.source(), Workers.standard(), Optional.of(FLOAT32)))) {
                EncodedImages images =
                        EncodedImages.encode(tried, pictures.files(), ExifOrientation.APPLY, false, console);
                FeatureMatrix texts = PromptEnsemble.standard(tried).classWeights(tried, classes);
                Scores scores = new Scores(
                        images.positions.stream().mapToInt(labels::get).toArray(),
                        tried.probabilities(images.features(tried.embedDim()), texts));
                require(scores.size() > 0, "%s has no readable picture", data);
                correct.add(scores.correct());
                table.row(
                        activation.id(),
                        "%d of %s classified correctly".formatted(scores.right(), count(scores.size(), "picture")));
            }
        }
        advice.add(advice(McNemar.of(correct.get(0), correct.get(1)), own, other));
    }

    /** Returns what follows from the answers with the activation of the file and with the other one. */
    static String advice(McNemar test, MlpActivation own, MlpActivation other) {
        String found = test.pValue() > SIGNIFICANT
                ? "the difference may be chance: keep %s, or try more pictures"
                : test.difference() > 0
                        ? "keep %s: it is better than %s"
                        : "%2$s is better: download or convert the model again with --activation %2$s";
        return found.formatted(own.id(), other.id());
    }

    /** Tries a model on the shipped photographs. */
    private void trial(Clip clip) throws IOException {
        Path pictures = DemoPictures.unpack(CacheFolder.of(System.getenv()).resolve("demo"))
                .folder();
        table.row(
                "model",
                "%s parameters, logit scale %.1f"
                        .formatted(count(clip.architecture().parameterCount()), clip.logitScale()));
        ImageDataset photographs = DataSpec.of(pictures.resolve("photographs")).load(1);
        for (ModelTrial check : ModelTrial.of(clip, photographs, example)) {
            table.row(check.name(), check.holds() ? check.finding() : "wrong");
            if (!check.holds()) {
                sound = false;
                advice.add("the model fails \"%s\" (%s): convert or download it again"
                        .formatted(check.name(), check.finding()));
            }
        }
    }
}
