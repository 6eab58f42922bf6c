package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.first;
import static org.coop4j.cli.Options.requireShare;
import static org.coop4j.console.Table.Format.CSV;
import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.console.WrongUsage.require;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.AtomicFile;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.Options.Exif;
import org.coop4j.cli.Options.LineFormat;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.coop4j.console.Table;
import org.coop4j.console.Table.Format;
import org.coop4j.data.LabelledImage;
import org.coop4j.graph.host.Precision;
import org.coop4j.image.ImageDecoder;
import org.coop4j.method.Classifier;
import org.coop4j.page.HeatPicture;
import org.coop4j.predict.HeatMap;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Prediction;
import org.coop4j.tags.Tiles;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop predict}: classifies images with a learned classifier. */
@Command(name = "predict")
final class PredictCommand extends ConsoleCommand {

    /** The answer if no class is probable enough. */
    private static final String UNKNOWN = "unknown";

    private boolean sets; // the classifier predicts any number of labels

    @Mixin
    PromptOptions promptOptions;

    @Mixin
    ClassOptions classOptions;

    @Mixin
    Exif exif;

    @Mixin
    Arithmetic precision;

    @Option(names = "--top", paramLabel = "K", converter = Positive.class)
    Integer top;

    @Option(names = "--threshold", paramLabel = "P")
    double threshold;

    @Option(names = "--raw")
    boolean raw;

    @Option(names = "--why", arity = "0..1", fallbackValue = "", paramLabel = "CLASS")
    String why;

    /** The form of the answers. */
    static final class AnswerFormat extends LineFormat {
        @Option(names = "--geojson")
        boolean geojson;
    }

    @ArgGroup
    AnswerFormat format = new AnswerFormat();

    @Parameters(arity = "0..*", paramLabel = "IMAGE|DIR")
    List<Path> arguments = new ArrayList<>();

    /**
     * An image and its classes.
     *
     * @param answers the most probable class first; if it is too unsure, after "unknown" without a probability
     * @param ranked all classes, the most probable first
     * @param why numbers of a heat map; null without one
     */
    private record Classified(String file, List<Prediction> answers, List<Prediction> ranked, JsonNode why) {

        /** Returns the first answer, or that the image shows none of the classes. */
        String label() {
            return answers.isEmpty() ? LabelledImage.NO_CLASS : answers.get(0).label();
        }

        /** Returns the most probable class, or null if it is too unsure. */
        String known() {
            return probability() == null ? null : label();
        }

        /** Returns the first answer's probability, if it has one. */
        Float probability() {
            double first = answers.isEmpty() ? Double.NaN : answers.get(0).probability();
            return Double.isNaN(first) ? null : (float) first;
        }

        /** Returns a row for each answer. */
        List<Classified> rows() {
            return answers.size() < 2
                    ? List.of(this)
                    : answers.stream()
                            .map(answer -> new Classified(file, List.of(answer), ranked, why))
                            .toList();
        }
    }

    @Override
    public Integer call() throws IOException {
        requireShare(threshold);
        LearnedClassifier learned = promptOptions.read();
        sets = learned.file().decision() != null;
        require(!raw || !sets, "--raw is for single labels: omit it");
        require(!format.geojson || !sets, "--geojson is for single labels: omit it");
        require(!format.geojson || why == null, "--why draws no tiles: omit it or --geojson");
        List<String> names =
                classOptions.areGiven() ? classOptions.read() : learned.file().classNames();
        boolean ofClass = why != null && !why.isEmpty() && !names.contains(why);
        if (ofClass && Files.exists(Path.of(why))) { // an image right after --why
            arguments.add(0, Path.of(why));
            why = "";
            ofClass = false;
        }
        require(!arguments.isEmpty(), "name one or more images, or folders of them");
        require(
                !ofClass,
                "--why: \"%s\" is not one of the %s: expected %s",
                why,
                count(names.size(), "class", "classes"),
                first(names));
        List<Path> files = ImageInputs.of(arguments).files();
        Tiles tiles = format.geojson ? new Tiles(files, names) : null;
        try (Clip clip = learned.open(precision.ofAnswers())) {
            precision.announce(clip.precision(), console);
            Classifier chosen = (raw ? learned.raw() : learned).in(clip, names, console);
            try (ImageClassifier classifier = ImageClassifier.of(
                    clip, chosen, exif.or(learned.file().origin().exif()))) {
                return print(classifier, files, tiles);
            }
        }
    }

    private int print(ImageClassifier classifier, List<Path> files, Tiles tiles) {
        Table<Classified> rows =
                rows(files, classifier.classNames(), classifier.clip().precision());
        EncodedImages images = new EncodedImages(console, files.size());
        boolean numbers = format.json || format.lines;
        try (images;
                Table<Classified>.Printer printer = rows.printer(format.chosen(), console)) {
            classifier.classifyEach(files.stream().map(InputImage::of).toList(), new ImageClassifier.Listener() {
                @Override
                public void predicted(int index, List<Prediction> ranked) {
                    Path file = files.get(index);
                    JsonNode map = null;
                    try {
                        if (why != null) {
                            HeatMap found = classifier.why(
                                    InputImage.of(file),
                                    why.isEmpty() ? ranked.get(0).label() : why);
                            if (numbers) {
                                map = HeatPicture.json(found);
                            } else {
                                draw(classifier, file, found);
                            }
                        }
                    } catch (IOException e) {
                        failed(index, e);
                        return;
                    }
                    Classified one = new Classified(file.toString(), answers(ranked), ranked, map);
                    if (tiles == null) {
                        (numbers ? List.of(one) : one.rows()).forEach(printer::print);
                    } else {
                        tiles.add(
                                index,
                                one.known(),
                                ranked.stream().limit(most(ranked.size())).toList());
                    }
                    images.done(index);
                }

                @Override
                public void failed(int index, IOException problem) {
                    images.failed(index, problem);
                }
            });
        }
        if (tiles != null) {
            console.print(tiles.geoJson());
        }
        if (why != null) {
            console.note(HeatPicture.MEANING);
        }
        return images.exitCode();
    }

    /** Writes the picture with its map into the working directory, under a name that is free. */
    private void draw(ImageClassifier classifier, Path file, HeatMap map) throws IOException {
        String name = file.getFileName().toString().replaceFirst("\\.\\w+$", "") + ".why";
        Path target = Path.of(name + ".png");
        for (int i = 2; Files.exists(target); i++) {
            target = Path.of("%s-%d.png".formatted(name, i));
        }
        byte[] png = new ImageDecoder()
                .decode(file, classifier.exif(), image -> HeatPicture.of(image, map, HeatPicture.SIDE, "png"));
        AtomicFile.write(target, png);
        console.note("%s: %s; red for, blue against. %s", target, HeatPicture.title(map), HeatPicture.scale(map));
    }

    /** Returns the classes to show, after "unknown" if the most probable one is below the threshold. */
    private List<Prediction> answers(List<Prediction> ranked) {
        if (sets && top == null) {
            return ranked.stream()
                    .filter(p -> threshold > 0 ? p.probability() >= threshold : p.predicted())
                    .toList();
        }
        boolean unsure = ranked.get(0).probability() < threshold;
        List<Prediction> answers =
                new ArrayList<>(unsure ? List.of(new Prediction(UNKNOWN, Double.NaN, true)) : List.of());
        ranked.stream().limit(most(unsure ? 0 : 1)).forEach(answers::add);
        return answers;
    }

    private int most(int otherwise) {
        return top == null ? otherwise : top;
    }

    /** Makes a table with a row for each answer; for JSON with one for each image. */
    private Table<Classified> rows(List<Path> files, List<String> names, Precision used) {
        boolean labels = sets && top == null;
        List<String> possible = new ArrayList<>(names);
        possible.addAll(List.of(UNKNOWN, LabelledImage.NO_CLASS));
        Format[] single = labels ? new Format[] {TABLE, CSV} : Format.values();
        return new Table<Classified>()
                .text("image", Classified::file)
                .among(files.stream().map(Path::toString).toList())
                .in(TABLE, CSV)
                .nested("file", Classified::file)
                .text("label", Classified::label)
                .among(possible)
                .in(single)
                .share("probability", Classified::probability)
                .in(single)
                .nested(
                        "labels",
                        c -> labels ? c.answers.stream().map(Prediction::label).toList() : null)
                .nested("probabilities", c -> probabilities(names, c.ranked))
                .nested("precision", c -> used.id())
                .nested("why", Classified::why);
    }

    /** Returns the probabilities of all classes in their own order, or of the most probable ones asked for. */
    private Map<String, Float> probabilities(List<String> names, List<Prediction> ranked) {
        Map<String, Float> map = new LinkedHashMap<>();
        if (top == null) {
            names.forEach(name -> map.put(name, 0f));
        }
        ranked.stream().limit(most(names.size())).forEach(p -> map.put(p.label(), (float) p.probability()));
        return map;
    }
}
