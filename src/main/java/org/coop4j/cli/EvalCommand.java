package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.coop4j.analysis.PictureResults;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.EncodingProgress;
import org.coop4j.cli.console.Json;
import org.coop4j.cli.console.Rows;
import org.coop4j.cli.console.Table;
import org.coop4j.cli.options.BankOptions;
import org.coop4j.cli.options.Converters;
import org.coop4j.cli.options.DataOptions;
import org.coop4j.cli.options.OutputFormat;
import org.coop4j.cli.options.PromptOptions;
import org.coop4j.cli.options.SplitOptions;
import org.coop4j.clip.CacheFolder;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.ConfusionMatrix;
import org.coop4j.eval.Evaluation;
import org.coop4j.eval.Numbers;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.report.ConfusionFiles;
import org.coop4j.run.Scores;
import org.coop4j.run.SharedData;
import org.coop4j.run.TestImages;
import org.coop4j.run.TrainRun;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop eval}: tests a learned prompt on labelled images. */
@Command(
        name = "eval",
        description = {
            "Test a learned prompt on labelled images: accuracy, error, macro F1, calibration, each"
                    + " class.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  coop eval -p run -d pictures/",
            "  coop eval -p run -d pictures/ --confusion table.csv --picture table.png",
            "  coop eval -p run -d pictures/ --errors wrong/ --per-image all.jsonl",
            "  coop eval -p run -d pictures/ --split val --json"
        })
final class EvalCommand implements Callable<Integer> {

    private final Console console;

    @Mixin private PromptOptions promptOptions;
    @Mixin private DataOptions dataOptions;
    @Mixin private SplitOptions splitOptions;

    @Option(
            names = "--confusion",
            paramLabel = "FILE",
            converter = Converters.FileName.class,
            description = "Write the confusion matrix as CSV.")
    private Path confusion;

    @Option(
            names = "--picture",
            paramLabel = "FILE",
            converter = Converters.FileName.class,
            description = "Write the confusion matrix as a PNG picture.")
    private Path picture;

    @Option(
            names = "--errors",
            paramLabel = "DIR",
            description =
                    "Copy the misclassified pictures there, in folders such as \"cat as dog\".")
    private Path errors;

    @Option(
            names = "--per-image",
            paramLabel = "FILE",
            converter = Converters.FileName.class,
            description = "Write what is predicted of each image as JSON Lines.")
    private Path perImage;

    @Mixin private BankOptions bankOptions;

    @ArgGroup private OutputFormat format = new OutputFormat();

    EvalCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        if (errors != null) {
            ErrorFiles.requireEmpty(errors);
        }
        ClassifierFile file = promptOptions.read();
        ImageDataset dataset =
                dataOptions.spec().load(splitOptions.seed()).half(dataOptions.half());
        List<LabelledImage> images = splitOptions.of(dataset);
        try (Clip clip = promptOptions.open(file)) {
            Classifier classifier = file.open(clip).forClasses(dataset.classNames());
            TrainRun.Options options =
                    new TrainRun.Options(
                            bankOptions.folder(CacheFolder.bank()),
                            bankOptions.skipBad(),
                            MemoryLimit.none());
            TestImages tested;
            try (EncodingProgress progress =
                    new EncodingProgress(console, splitOptions.name() + " images")) {
                tested = new SharedData(clip, options).features(images, progress);
            }
            Scores scores = tested.scores(classifier).at(file.temperature());
            report(scores, classifier.classNames());
            write(new ErrorFiles(PictureResults.of(tested, scores), classifier.classNames()));
        }
        return 0;
    }

    private void report(Scores scores, List<String> names) throws IOException {
        ClassScores classes = new ClassScores(scores.evaluation(), names);
        switch (format.chosen()) {
            case JSON ->
                    Json.print(
                            classes.json().put("calibration_error", scores.calibrationError()),
                            console.out());
            case CSV ->
                    classes.rows().print(Rows.Format.CSV, scores.evaluation().classes(), console);
            default -> table(classes, scores.calibrationError());
        }
        console.flush();
        ConfusionMatrix table = scores.evaluation().confusion();
        if (confusion != null) {
            ConfusionFiles.writeCsv(confusion, table, names);
        }
        if (picture != null) {
            ConfusionFiles.writePng(picture, table, names);
        }
    }

    private void write(ErrorFiles files) throws IOException {
        if (perImage != null) {
            files.writeLines(perImage);
        }
        if (errors != null) {
            console.note(
                    "%s in %s"
                            .formatted(
                                    Numbers.count(files.copy(errors), "misclassified picture"),
                                    errors));
        }
    }

    private void table(ClassScores classes, double calibrationError) {
        classes.table().print(console.out());
        Evaluation evaluation = classes.evaluation();
        new Table(Table.Align.LEFT, Table.Align.RIGHT)
                .row("accuracy", Numbers.percent(evaluation.accuracy()))
                .row("error", Numbers.percent(evaluation.errorRate()))
                .row("macro F1", Numbers.percent(evaluation.macroF1()))
                .row("calibration error", Numbers.percent(100 * calibrationError))
                .print(console.out());
    }
}
