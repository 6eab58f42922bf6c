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
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
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
import org.coop4j.eval.Scores;
import org.coop4j.graph.host.Precision;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.UnknownWords;
import org.coop4j.report.Accuracies;
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
    ModelOptions.Needed clipOptions;

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
     * @param name of the dataset; null for pictures of none
     * @param classes names by label
     * @param labels the true class of each file; empty if they are unknown
     */
    private record Request(
            DataSpec data,
            String name,
            List<Path> files,
            List<String> classes,
            List<Integer> labels,
            ExifOrientation exif) {}

    /**
     * One of an image's most probable classes.
     *
     * @param image its position
     * @param rank counted from 1
     */
    private record Guess(int image, int rank, int label, float probability) {}

    @Override
    public Integer call() throws IOException {
        templateOptions.check();
        Request request = dataOptions == null ? ofImages() : ofDataset(dataOptions.spec());
        List<String> classes = request.classes;
        Optional<Precision> chosen = request.labels.isEmpty() ? precision.ofAnswers() : precision.or(FLOAT32);
        try (Clip clip = clipOptions.open(chosen)) {
            require(
                    !independent || clip.logitBias().isPresent(),
                    "--independent needs a SigLIP, which is trained to judge each class by itself: omit it, or give such a model");
            precision.announce(clip.precision(), console);
            UnknownWords.warning(clip, classes).ifPresent(console::warn);
            PromptEnsemble given = templateOptions.prompts(clip, request.data);
            if (request.name != null) {
                console.note(
                        "%s: %s of %s, prompt: %s",
                        request.name,
                        count(request.files.size(), splitOptions.split().label() + " image"),
                        count(classes.size(), "class", "classes"),
                        given.describe());
            }
            given.descriptions().check(classes, console);
            PromptEnsemble prompts = new PromptEnsemble(given.templates(), Overflow.of(truncate), given.descriptions());
            FeatureMatrix weights = prompts.classWeights(clip, classes, console);
            EncodedImages images = EncodedImages.encode(clip, request.files, request.exif, true, console);
            FeatureMatrix features = images.features(clip.embedDim());
            float[][] probabilities = independent
                    ? clip.independentProbabilities(features, weights)
                    : clip.probabilities(features, weights);
            print(request, images.positions, probabilities, prompts.templates(), clip.precision());
            return images.exitCode();
        }
    }

    /** Prints the scores of labelled images, with the guesses for other programs; of others the guesses. */
    private void print(
            Request request, List<Integer> read, float[][] probabilities, List<String> templates, Precision used) {
        Table<Guess> guesses = guesses(request);
        for (int row = 0; row < read.size(); row++) {
            float[] own = probabilities[row];
            List<Integer> ranked = IntStream.range(0, own.length) // the first of equals first
                    .boxed()
                    .sorted(comparing(c -> -own[c]))
                    .limit(top != null ? top : independent ? own.length : TOP)
                    .toList();
            for (int rank = 1; rank <= ranked.size(); rank++) {
                int label = ranked.get(rank - 1);
                guesses.row(new Guess(read.get(row), rank, label, own[label]));
            }
        }
        Accuracies scores = request.labels.isEmpty() || read.isEmpty() || independent
                ? null
                : new Accuracies(
                        new Scores(read.stream().mapToInt(request.labels::get).toArray(), probabilities).evaluation(),
                        request.classes,
                        null);
        if (format.json) {
            ObjectNode json = Json.object()
                    .putPOJO("classes", request.classes)
                    .putPOJO("templates", templates)
                    .put("precision", used.id())
                    .set("guesses", guesses.json());
            console.print(scores == null ? json : json.set("scores", scores.json()));
        } else if (format.chosen() == TABLE && scores != null) {
            scores.print(TABLE, console);
        } else if (format.csv || !guesses.isEmpty()) {
            guesses.print(format.chosen(), console);
        }
    }

    private Request ofImages() throws IOException {
        int least = independent ? 1 : 2;
        List<String> given = classOptions.areGiven() ? classOptions.read(least) : List.of();
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
        return new Request(
                TemplateOptions.PICTURES,
                null,
                inputs.files(),
                classes,
                inputs.labels(classes),
                exif.or(ExifOrientation.APPLY));
    }

    private Request ofDataset(DataSpec given) throws IOException {
        require(
                arguments.isEmpty() && !classOptions.areGiven(),
                "--data has its own images and classes: omit the others");
        require(!given.holdsFeatures(), "zero-shot encodes images: coop train --method zero-shot takes features");
        DataSpec data = exif.of(given);
        ImageDataset dataset = data.load(splitOptions.seedOrFirst()).half(dataOptions.half());
        require(
                !dataset.hasSets(),
                "zero-shot gives each image one label: coop train --method zero-shot takes several labels per image");
        List<LabelledImage> images = dataset.someImages(splitOptions.split());
        return new Request(
                data,
                dataset.name(),
                images.stream().map(LabelledImage::path).toList(),
                dataset.classNames(),
                images.stream().map(LabelledImage::label).toList(),
                data.orientation());
    }

    private Table<Guess> guesses(Request request) {
        Function<Guess, String> file = g -> request.files.get(g.image).toString();
        Table<Guess> table = new Table<Guess>()
                .shown("image", WORDS, file, g -> g.rank == 1 ? file.apply(g) : "")
                .data("rank", Guess::rank)
                .text("label", g -> request.classes.get(g.label))
                .share("probability", Guess::probability);
        if (independent) {
            table.text("answer", g -> g.probability >= LIKELY ? "yes" : "no");
        }
        return request.labels.isEmpty()
                ? table
                : table.data("truth", g -> request.classes.get(request.labels.get(g.image)));
    }
}
