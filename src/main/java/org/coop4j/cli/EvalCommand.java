package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.Csv;
import org.coop4j.cli.console.EncodingProgress;
import org.coop4j.cli.console.Json;
import org.coop4j.cli.console.Numbers;
import org.coop4j.cli.console.Table;
import org.coop4j.cli.options.CacheFolder;
import org.coop4j.cli.options.Converters;
import org.coop4j.cli.options.DataOptions;
import org.coop4j.cli.options.OutputFormat;
import org.coop4j.cli.options.PromptOptions;
import org.coop4j.cli.options.SplitOptions;
import org.coop4j.clip.Clip;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.BankKey;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.data.bank.FeatureBank;
import org.coop4j.data.bank.ImageTransform;
import org.coop4j.eval.ClassResult;
import org.coop4j.eval.Evaluation;
import org.coop4j.method.LearnedPrompt;
import org.coop4j.method.PromptClassifier;
import org.coop4j.report.ConfusionFiles;
import org.coop4j.run.Scores;
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
            names = "--bank",
            paramLabel = "DIR",
            description = "Where image features are kept (default: in the user's cache).")
    private Path bank;

    @Option(names = "--skip-bad", description = "Go on without images that cannot be read.")
    private boolean skipBad;

    @ArgGroup private OutputFormat format = new OutputFormat();

    EvalCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        LearnedPrompt prompt = promptOptions.read();
        ImageDataset dataset =
                dataOptions.spec().load(splitOptions.seed()).half(dataOptions.half());
        List<LabelledImage> images = splitOptions.of(dataset);
        try (Clip clip = promptOptions.open(prompt)) {
            PromptClassifier classifier =
                    PromptClassifier.of(clip, prompt, Optional.of(dataset.classNames()));
            Scores scores = score(clip, images, classifier);
            report(scores, classifier.classNames());
        }
        return 0;
    }

    private Scores score(Clip clip, List<LabelledImage> images, PromptClassifier classifier)
            throws IOException {
        ImageTransform transform = new ImageTransform.Test(clip.preprocessing());
        EncodingProgress progress = new EncodingProgress(console, splitOptions.name() + " images");
        try (FeatureBank open =
                FeatureBank.open(
                        bank == null ? CacheFolder.bank() : bank, BankKey.of(clip, transform))) {
            BankedImages banked =
                    BankedImages.build(open, clip, transform, images, skipBad, progress);
            return Scores.of(banked, classifier.classWeights(), clip.logitScale());
        } finally {
            progress.close();
        }
    }

    private void report(Scores scores, List<String> names) throws IOException {
        Evaluation evaluation = scores.evaluation();
        if (confusion != null) {
            ConfusionFiles.writeCsv(confusion, evaluation.confusion(), names);
        }
        if (picture != null) {
            ConfusionFiles.writePng(picture, evaluation.confusion(), names);
        }
        if (format.isJson()) {
            Json.print(json(evaluation, scores.calibrationError(), names), console.out());
        } else if (format.isCsv()) {
            Csv csv = new Csv(console.out(), "class", "images", "correct", "accuracy", "f1");
            for (ClassResult c : evaluation.classes()) {
                csv.record(
                        names.get(c.label()),
                        String.valueOf(c.total()),
                        String.valueOf(c.correct()),
                        String.valueOf(c.accuracy()),
                        String.valueOf(c.f1()));
            }
        } else {
            table(evaluation, scores.calibrationError(), names);
        }
    }

    private void table(Evaluation evaluation, double calibrationError, List<String> names) {
        Table table =
                new Table(
                        Table.Align.LEFT, Table.Align.RIGHT, Table.Align.RIGHT, Table.Align.RIGHT);
        table.row("CLASS", "IMAGES", "CORRECT", "ACCURACY");
        for (ClassResult c : evaluation.classes()) {
            table.row(
                    names.get(c.label()),
                    Numbers.count(c.total()),
                    Numbers.count(c.correct()),
                    Numbers.percent(c.accuracy() / 100));
        }
        table.print(console.out());
        Table totals = new Table(Table.Align.LEFT, Table.Align.RIGHT);
        totals.row("accuracy", Numbers.percent(evaluation.accuracy() / 100));
        totals.row("error", Numbers.percent(evaluation.errorRate() / 100));
        totals.row("macro F1", Numbers.percent(evaluation.macroF1() / 100));
        totals.row("calibration error", Numbers.percent(calibrationError));
        totals.print(console.out());
    }

    private static ObjectNode json(
            Evaluation evaluation, double calibrationError, List<String> names) {
        ObjectNode json = Json.object();
        json.put("images", evaluation.total());
        json.put("accuracy", evaluation.accuracy());
        json.put("error_rate", evaluation.errorRate());
        json.put("macro_f1", evaluation.macroF1());
        json.put("calibration_error", calibrationError);
        ArrayNode classes = json.putArray("classes");
        for (ClassResult c : evaluation.classes()) {
            classes.addObject()
                    .put("class", names.get(c.label()))
                    .put("images", c.total())
                    .put("correct", c.correct())
                    .put("accuracy", c.accuracy())
                    .put("f1", c.f1());
        }
        return json;
    }
}
