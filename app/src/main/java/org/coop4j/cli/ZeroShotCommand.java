package org.coop4j.cli;

import static java.util.Comparator.comparing;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.console.Table.Kind.WORDS;
import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.graph.host.Precision.FLOAT32;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.Options.Exif;
import org.coop4j.cli.Options.Format;
import org.coop4j.cli.Options.Part;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.Evaluation;
import org.coop4j.eval.Scores;
import org.coop4j.graph.host.Precision;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.Preprocessing.PixelReader;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.UnknownWords;
import org.coop4j.text.Tokenizer.Overflow;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop zero-shot}: classifies images by prompts that name the classes. */
@Command(name = "zero-shot")
final class ZeroShotCommand extends ConsoleCommand {

    private static final int TOP = 5;

    /** Least probability of a class by itself for the answer yes. */
    private static final float LIKELY = 0.5f;

    @Mixin
    ModelOptions clipOptions;

    @Option(names = "--truncate")
    boolean truncate;

    @Mixin
    ClassOptions classOptions;

    @Mixin
    TemplateOptions templateOptions;

    @ArgGroup(exclusive = false)
    DataOptions dataOptions;

    @Mixin
    Part splitOptions;

    @Mixin
    Exif exif;

    @Mixin
    Arithmetic precision;

    @Option(
            names = {"-k", "--top"},
            paramLabel = "K",
            converter = Positive.class)
    Integer top;

    @Option(names = "--independent")
    boolean independent;

    @ArgGroup
    Format format = new Format();

    @Parameters(
            arity = "0..*", // none with --data
            paramLabel = "IMAGE|DIR")
    List<Path> arguments = List.of();

    /**
     * A request that was checked before the model is loaded.
     *
     * @param classes names by label
     * @param labels the true class of each file; empty if they are unknown
     */
    private record Request(
            List<Path> files,
            List<String> classes,
            List<Integer> labels,
            PromptEnsemble prompts,
            ExifOrientation exif) {}

    /**
     * One of an image's most probable classes.
     *
     * @param truth the class of the image; null if it is unknown
     * @param rank counted from 1
     */
    private record Guess(String file, String truth, int rank, String label, float probability) {}

    @Override
    public Integer call() throws IOException {
        Request request = request();
        Optional<Precision> chosen = request.labels.isEmpty() ? precision.ofAnswers() : precision.or(FLOAT32);
        try (Clip clip = clipOptions.openForTexts(chosen)) {
            require(
                    !independent || clip.logitBias().isPresent(),
                    "--independent needs a SigLIP, which is trained to judge each class by itself: omit it, or give such a model");
            precision.announce(clip.precision(), console);
            UnknownWords.warning(clip, request.classes).ifPresent(console::warn);
            request.prompts.descriptions().check(request.classes, console);
            FeatureMatrix weights = new PromptEnsemble(
                            request.prompts.templates(), Overflow.of(truncate), request.prompts.descriptions())
                    .classWeights(clip, request.classes, console);
            PixelReader reader = EncodedImages.reader(clip, request.exif);
            EncodedImages images = EncodedImages.encode(clip, request.files, reader, true, console);
            FeatureMatrix features = images.features(clip.embedDim());
            float[][] probabilities = independent
                    ? clip.independentProbabilities(features, weights)
                    : clip.probabilities(features, weights);
            print(request, images, probabilities, clip.precision());
            return images.exitCode();
        }
    }

    /** Prints the scores of labelled images, with the guesses for other programs; of others the guesses. */
    private void print(Request request, EncodedImages images, float[][] probabilities, Precision used) {
        List<Integer> read = images.positions;
        Table<Guess> guesses = guesses(request);
        for (int row = 0; row < read.size(); row++) {
            guesses.rows(best(request, read.get(row), probabilities[row]));
        }
        Optional<Evaluation> scores = request.labels.isEmpty() || read.isEmpty() || independent
                ? Optional.empty()
                : Optional.of(
                        new Scores(read.stream().mapToInt(request.labels::get).toArray(), probabilities).evaluation());
        if (format.json) {
            ObjectNode json = Json.object()
                    .putPOJO("classes", request.classes)
                    .putPOJO("templates", request.prompts.templates())
                    .put("precision", used.id())
                    .set("guesses", guesses.json());
            scores.ifPresent(evaluation -> json.set("scores", EvalCommand.json(evaluation, request.classes, null)));
            console.print(json);
        } else if (format.chosen() == TABLE && scores.isPresent()) {
            EvalCommand.print(scores.get(), request.classes, null, console);
        } else if (format.csv || !guesses.isEmpty()) {
            guesses.print(format.chosen(), console);
        }
    }

    private Request request() throws IOException {
        Optional<DataSpec> data = Optional.ofNullable(dataOptions).map(DataOptions::spec);
        PromptEnsemble prompts = templateOptions.prompts(data, ModelOptions.authorsPrompt(clipOptions.model));
        int least = independent ? 1 : 2;
        List<String> given = classOptions.areGiven() ? classOptions.read(least) : List.of();
        if (data.isPresent()) {
            return ofDataset(data.get(), prompts);
        }
        require(!arguments.isEmpty(), "which images? Name them, or give --data");
        require(
                splitOptions.given == null && splitOptions.seed == null,
                "--split and --seed are for a dataset: give --data");
        ImageInputs inputs = ImageInputs.of(arguments);
        require(
                !given.isEmpty() || !inputs.truth().isEmpty(),
                "which classes? Give --classes, or a folder with one subfolder per class");
        List<String> classes = given.isEmpty()
                ? ClassOptions.checked(inputs.folders(), arguments.get(0).toString(), least)
                : given;
        return new Request(inputs.files(), classes, inputs.labels(classes), prompts, exif.or(ExifOrientation.APPLY));
    }

    private Request ofDataset(DataSpec data, PromptEnsemble prompts) throws IOException {
        require(
                arguments.isEmpty() && !classOptions.areGiven(),
                "--data has its own images and classes: omit the others");
        require(!data.holdsFeatures(), "zero-shot encodes images: coop train --method zero-shot takes features");
        ImageDataset dataset = data.load(splitOptions.seedOrFirst()).half(dataOptions.half());
        require(
                !dataset.hasSets(),
                "zero-shot gives each image one label: coop train --method zero-shot takes several labels per image");
        List<LabelledImage> images = dataset.someImages(splitOptions.split());
        console.note("%s: %s of %s, prompt: %s"
                .formatted(
                        dataset.name(),
                        count(images.size(), splitOptions.split().label() + " image"),
                        count(dataset.classCount(), "class", "classes"),
                        prompts.describe()));
        return new Request(
                images.stream().map(LabelledImage::path).toList(),
                dataset.classNames(),
                images.stream().map(LabelledImage::label).toList(),
                prompts,
                exif.of(data).orientation());
    }

    /** Returns the classes of an image by falling probability, the first of equals first. */
    private List<Guess> best(Request request, int position, float[] probabilities) {
        String file = request.files.get(position).toString();
        String truth = request.labels.isEmpty() ? null : request.classes.get(request.labels.get(position));
        List<Guess> best = new ArrayList<>();
        IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(comparing(c -> -probabilities[c]))
                .limit(top != null ? top : independent ? probabilities.length : TOP)
                .forEach(c ->
                        best.add(new Guess(file, truth, best.size() + 1, request.classes.get(c), probabilities[c])));
        return best;
    }

    private Table<Guess> guesses(Request request) {
        Table<Guess> table = new Table<Guess>()
                .shown("image", WORDS, Guess::file, g -> g.rank == 1 ? g.file : "")
                .data("rank", Guess::rank)
                .text("label", Guess::label)
                .share("probability", Guess::probability);
        if (independent) {
            table.text("answer", g -> g.probability >= LIKELY ? "yes" : "no");
        }
        return request.labels.isEmpty() ? table : table.data("truth", Guess::truth);
    }
}
