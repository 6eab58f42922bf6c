package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.coop4j.base.Numbers;
import org.coop4j.cli.options.Converters;
import org.coop4j.cli.options.DataOptions;
import org.coop4j.cli.options.Options;
import org.coop4j.cli.options.PromptOptions;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.eval.Evaluation;
import org.coop4j.eval.Evaluation.ClassResult;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.UnknownWords;
import org.coop4j.run.DataSpec;
import org.coop4j.run.EvaluationData;
import org.coop4j.run.LabelledFeatures;
import org.coop4j.run.PictureResults;
import org.coop4j.run.Scores;
import org.coop4j.study.report.ConfusionFiles;
import org.coop4j.study.report.ErrorFiles;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop eval}: tests a learned prompt on labelled images. */
@Command(
        name = "eval",
        description = {
            "Test a learned prompt on labelled images: accuracy, error, macro F1, calibration, each" + " class.",
            "",
            "The images are those that its run was tested on, unless --data gives others. Images"
                    + " that the run learned from are told by their content and left out.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  coop eval -p run",
            "  coop eval -p run --confusion table.csv --picture table.png",
            "  coop eval -p run --errors wrong/ --per-image all.jsonl",
            "  coop eval -p run -d other-pictures/ --split val --json"
        })
final class EvalCommand implements Callable<Integer> {

    /** Images that a message names. */
    private static final int NAMED = 5;

    private final Console console;

    @Mixin
    private PromptOptions promptOptions;

    @Mixin
    private DataOptions.IfAny dataOptions;

    @Mixin
    private Options.Exif exif;

    @Mixin
    private Options.Part splitOptions;

    @Option(
            names = "--allow-overlap",
            description = "Count images that the run learned from; without it they are left out.")
    private boolean allowOverlap;

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
            description = "Copy the misclassified pictures there, in folders such as \"cat as dog\".")
    private Path errors;

    @Option(
            names = "--per-image",
            paramLabel = "FILE",
            converter = Converters.FileName.class,
            description = "Write what is predicted of each image as JSON Lines.")
    private Path perImage;

    @Mixin
    private Options.Bank bankOptions;

    @Mixin
    private Options.Arithmetic precision;

    @ArgGroup
    private Options.Format format = new Options.Format();

    EvalCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        if (errors != null) {
            ErrorFiles.requireEmpty(errors);
        }
        ClassifierFile file = promptOptions.read();
        EvaluationData retest = EvaluationData.of(file, promptOptions.folder(), console::note);
        EvaluationData.Images images = images(retest);
        if (errors != null && images.images().get(0).stored() != null) {
            throw new WrongUsage("--errors copies pictures, and features have none: omit it");
        }
        try (FeatureSpace space = promptOptions.open(file, images.images(), precision.precision())) {
            Classifier classifier = PromptOptions.classifier(file, space, images.classNames());
            UnknownWords.warning(space, file, images.classNames()).ifPresent(console::warn);
            LabelledFeatures all =
                    bankOptions.shared(space).features(images.images(), splitOptions.name() + " images", console);
            if (isOfTheRun()) {
                retest.requireUnchanged(all.images());
            }
            LabelledFeatures tested = counted(retest, all);
            Scores scores = tested.scores(classifier).at(file.temperature());
            report(scores, classifier.classNames(), all.size() - tested.size());
            write(new ErrorFiles(PictureResults.of(tested, scores), classifier.classNames()));
        }
        return 0;
    }

    private boolean isOfTheRun() {
        return dataOptions.spec().isEmpty() && splitOptions.split() == Split.TEST;
    }

    private EvaluationData.Images images(EvaluationData retest) throws IOException {
        if (isOfTheRun()) {
            if (splitOptions.seedIfGiven() != null) {
                throw new WrongUsage("--seed divides the images of --data: give both");
            }
            return retest.own(exif::or);
        }
        DataSpec data = dataOptions.spec().isPresent() ? dataOptions.spec().get() : retest.source();
        return retest.of(exif.of(data), splitOptions.seedIfGiven(), dataOptions.halfIfGiven(), splitOptions.split());
    }

    /** Without the images that were learned from, unless they are asked for. */
    private LabelledFeatures counted(EvaluationData retest, LabelledFeatures all) {
        if (!retest.knowsLearned()) {
            console.note("nothing is recorded of the images that it learned from: if they are among"
                    + " these, the accuracy says too much");
        }
        List<Integer> learned = retest.learned(all.images());
        if (learned.isEmpty()) {
            return all;
        }
        List<String> paths = learned.stream()
                .map(i -> all.images().get(i).image().path().toString())
                .toList();
        String which = "%d of %d images were learned from, by content (%s)"
                .formatted(learned.size(), all.size(), Numbers.first(paths, NAMED));
        if (allowOverlap || splitOptions.split() != Split.TEST) {
            console.warn(which + ": they are counted, and make the accuracy say too much");
            return all;
        }
        if (learned.size() == all.size()) {
            throw new CommandFailure(which + ": no other is left; --allow-overlap counts them");
        }
        console.warn(which + " and are left out; --allow-overlap counts them");
        return all.without(learned);
    }

    private void report(Scores scores, List<String> names, int leftOut) throws IOException {
        Evaluation evaluation = scores.evaluation();
        switch (format.chosen()) {
            case JSON ->
                console.print(json(evaluation, names)
                        .put("calibration_error", scores.calibrationError())
                        .put("left_out", leftOut));
            case CSV -> classes(evaluation, names).print(Table.Format.CSV, console);
            default -> {
                classes(evaluation, names).print(Table.Format.TABLE, console);
                new AlignedLines(Table.Kind.WORDS, Table.Kind.NUMBERS)
                        .row("accuracy", Numbers.percent(evaluation.accuracy()))
                        .row("error", Numbers.percent(evaluation.errorRate()))
                        .row("macro F1", Numbers.percent(evaluation.macroF1()))
                        .row("calibration error", Numbers.percent(100 * scores.calibrationError()))
                        .print(console.out());
            }
        }
        console.flush();
        if (confusion != null) {
            ConfusionFiles.writeCsv(confusion, evaluation.confusion(), names);
        }
        if (picture != null) {
            ConfusionFiles.writePng(picture, evaluation.confusion(), names);
        }
    }

    /** Accuracy and its like, a row a class. */
    static Table<ClassResult> classes(Evaluation evaluation, List<String> names) {
        return new Table<ClassResult>()
                .text("class", c -> names.get(c.label()))
                .count("images", ClassResult::total)
                .count("correct", ClassResult::correct)
                .percent("accuracy", ClassResult::accuracy)
                .data("f1", ClassResult::f1)
                .rows(evaluation.classes());
    }

    /** The same with that of all images. */
    static ObjectNode json(Evaluation evaluation, List<String> names) {
        ObjectNode json = Json.object();
        json.put("images", evaluation.total());
        json.put("correct", evaluation.correct());
        json.put("accuracy", evaluation.accuracy());
        json.put("error_rate", evaluation.errorRate());
        json.put("macro_f1", evaluation.macroF1());
        json.set("classes", classes(evaluation, names).json());
        return json;
    }

    private void write(ErrorFiles files) throws IOException {
        if (perImage != null) {
            files.writeLines(perImage);
        }
        if (errors != null) {
            console.note("%s in %s".formatted(Numbers.count(files.copy(errors), "misclassified picture"), errors));
        }
    }
}
