package org.coop4j.cli;

import static org.coop4j.console.Table.Format.CSV;
import static org.coop4j.console.Table.Format.JSON;
import static org.coop4j.console.Table.Format.JSON_LINES;
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
import org.coop4j.base.Numbers;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.Options.Exif;
import org.coop4j.cli.Options.LineFormat;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.coop4j.console.Table;
import org.coop4j.console.Table.Format;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.Calibration;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Precision;
import org.coop4j.image.ImageDecoder;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.UnknownWords;
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
        require(threshold >= 0 && threshold <= 1, "--threshold: expected 0 to 1, got " + threshold);
        Backend.startAhead();
        ClassifierFile learned = promptOptions.read();
        ClassifierFile file = raw ? learned.withTemperature(Calibration.NO_TEMPERATURE) : learned;
        sets = file.decision() != null;
        require(!raw || !sets, "--raw is for single labels: omit it");
        require(!format.geojson || !sets, "--geojson is for single labels: omit it");
        require(!format.geojson || why == null, "--why draws no tiles: omit it or --geojson");
        List<String> names = classOptions.areGiven() ? classOptions.read() : file.classNames();
        if (why != null
                && !why.isEmpty()
                && !names.contains(why)
                && Files.exists(Path.of(why))) { // an image right after --why
            arguments.add(0, Path.of(why));
            why = "";
        }
        require(!arguments.isEmpty(), "name one or more images, or folders of them");
        require(
                why == null || why.isEmpty() || names.contains(why),
                "--why: \"%s\" is not one of the %s: expected %s",
                why,
                Numbers.count(names.size(), "class", "classes"),
                Numbers.first(names));
        List<Path> files = ImageInputs.of(arguments).files();
        Tiles tiles = format.geojson ? new Tiles(files, names) : null;
        ImageDecoder.prepare();
        try (Clip clip = promptOptions.open(file, precision.ofAnswers())) {
            Classifier chosen = PromptOptions.classifier(file, clip, names);
            precision.announce(clip.precision(), console);
            UnknownWords.warning(clip, file, names).ifPresent(console::warn);
            try (ImageClassifier classifier =
                    ImageClassifier.of(clip, chosen, exif.or(file.origin().exif()))) {
                return print(classifier, files, tiles);
            }
        }
    }

    private int print(ImageClassifier classifier, List<Path> files, Tiles tiles) {
        Table<Classified> rows =
                rows(files, classifier.classNames(), classifier.clip().precision());
        EncodedImages images = new EncodedImages(console, files.size());
        try (images;
                Table<Classified>.Printer printer = rows.printer(format.chosen(), console)) {
            classifier.classifyEach(files.stream().map(InputImage::of).toList(), new ImageClassifier.Listener() {
                @Override
                public void predicted(int index, List<Prediction> ranked) {
                    Path file = files.get(index);
                    boolean numbers = format.json || format.lines;
                    HeatMap map;
                    try {
                        map = why == null ? null : map(classifier, file, ranked);
                        if (map != null && !numbers) {
                            draw(classifier, file, map);
                        }
                    } catch (IOException e) {
                        failed(index, e);
                        return;
                    }
                    JsonNode values = numbers && map != null ? HeatPicture.json(map) : null;
                    Classified one = new Classified(file.toString(), answers(ranked), ranked, values);
                    if (tiles == null) {
                        (numbers ? List.of(one) : one.rows()).forEach(printer::print);
                    } else {
                        tiles.add(
                                index,
                                one.known(),
                                top == null ? ranked : ranked.subList(0, Math.min(top, ranked.size())));
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

    private HeatMap map(ImageClassifier classifier, Path file, List<Prediction> ranked) throws IOException {
        return classifier.why(InputImage.of(file), why.isEmpty() ? ranked.get(0).label() : why);
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
        console.note(
                "%s: %s; red for, blue against. %s".formatted(target, HeatPicture.title(map), HeatPicture.scale(map)));
    }

    /** Returns the classes to show, after "unknown" if the most probable one is below the threshold. */
    private List<Prediction> answers(List<Prediction> ranked) {
        if (sets && top == null) {
            return ranked.stream()
                    .filter(p -> threshold > 0 ? p.probability() >= threshold : p.predicted())
                    .toList();
        }
        boolean unsure = ranked.get(0).probability() < threshold;
        int most = top == null ? (unsure ? 0 : 1) : Math.min(ranked.size(), top);
        List<Prediction> answers = new ArrayList<>(ranked.subList(0, most));
        if (unsure) {
            answers.add(0, new Prediction(UNKNOWN, Double.NaN, true));
        }
        return answers;
    }

    /** Makes a table with a row for each answer; for JSON with one for each image. */
    private Table<Classified> rows(List<Path> files, List<String> names, Precision used) {
        boolean labels = sets && top == null;
        List<String> possible = new ArrayList<>(names);
        possible.addAll(List.of(UNKNOWN, LabelledImage.NO_CLASS));
        Format[] single = labels ? new Format[] {TABLE, CSV} : Format.values();
        Table<Classified> rows = new Table<Classified>()
                .text("image", Classified::file)
                .among(files.stream().map(Path::toString).toList())
                .in(TABLE, CSV)
                .data("file", Classified::file)
                .in(JSON, JSON_LINES)
                .text("label", Classified::label)
                .among(possible)
                .in(single)
                .share("probability", Classified::probability)
                .in(single);
        if (labels) {
            rows.data("labels", c -> c.answers.stream().map(Prediction::label).toList())
                    .in(JSON, JSON_LINES);
        }
        return rows.data("probabilities", c -> probabilities(names, c.ranked))
                .in(JSON, JSON_LINES)
                .data("precision", c -> used.id())
                .in(JSON, JSON_LINES)
                .data("why", Classified::why)
                .in(JSON, JSON_LINES);
    }

    /** Returns the probabilities of all classes in their own order, or of the most probable ones asked for. */
    private Map<String, Float> probabilities(List<String> names, List<Prediction> ranked) {
        Map<String, Float> map = new LinkedHashMap<>();
        if (top == null) {
            names.forEach(name -> map.put(name, 0f));
        }
        ranked.stream()
                .limit(top == null ? names.size() : top)
                .forEach(p -> map.put(p.label(), (float) p.probability()));
        return map;
    }
}
