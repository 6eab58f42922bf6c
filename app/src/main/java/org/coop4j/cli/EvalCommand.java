package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.graph.host.Precision.FLOAT32;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.Options.Bank;
import org.coop4j.cli.Options.Exif;
import org.coop4j.cli.Options.Format;
import org.coop4j.cli.Options.Part;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.Cell;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.StoredFeatures;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.findings.EvaluationData;
import org.coop4j.findings.EvaluationData.Choice;
import org.coop4j.findings.EvaluationData.Tested;
import org.coop4j.findings.PictureResults;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.report.Accuracies;
import org.coop4j.report.ConfusionFiles;
import org.coop4j.report.ErrorFiles;
import org.coop4j.report.SetPage;
import org.coop4j.run.Images;
import org.coop4j.run.Images.Pictures;
import org.coop4j.run.RunResult.Sets;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop eval}: tests a learned classifier on labelled images. */
@Command(name = "eval")
final class EvalCommand extends ConsoleCommand {

    @Mixin
    PromptOptions promptOptions;

    @ArgGroup(exclusive = false)
    DataOptions dataOptions;

    @Mixin
    Exif exif;

    @Mixin
    Part splitOptions;

    @Option(names = "--only-these-classes")
    boolean onlyTheseClasses;

    @Option(names = "--allow-overlap")
    boolean allowOverlap;

    @Option(names = "--confusion", paramLabel = "FILE", converter = FileName.class)
    Path confusion;

    @Option(names = "--picture", paramLabel = "FILE", converter = FileName.class)
    Path picture;

    @Option(names = "--errors", paramLabel = "DIR")
    Path errors;

    @Option(names = "--per-image", paramLabel = "FILE", converter = FileName.class)
    Path perImage;

    @Mixin
    Bank bankOptions;

    @Mixin
    Arithmetic precision;

    @ArgGroup
    Format format = new Format();

    @Override
    public Integer call() throws IOException {
        if (errors != null) {
            ErrorFiles.requireEmpty(errors);
        }
        LearnedClassifier learned = promptOptions.read();
        ClassifierFile file = learned.file();
        EvaluationData retest = EvaluationData.of(file, learned.folder(), console);
        boolean ofTheRun = dataOptions == null && splitOptions.split() == Split.TEST;
        Tested given = ofTheRun ? null : images(retest);
        require(!ofTheRun || splitOptions.seed == null, "--seed divides the images of --data: give both");
        Optional<StoredFeatures> stored = given == null ? retest.ownRun().stored() : StoredFeatures.of(given.images());
        require(errors == null || stored.isEmpty(), "--errors copies images, and features have none: omit it");
        Precision ofRun = retest.run().map(run -> run.config().precision()).orElse(FLOAT32);
        try (FeatureSpace space = learned.open(stored, precision.or(ofRun))) {
            Images shared = bankOptions.images(space);
            Tested images =
                    given == null ? retest.own(shared, exif.or(retest.ownRun().orientation(Split.TEST))) : given;
            Classifier classifier = learned.in(space, images.classNames(), console);
            Pictures all = shared.pictures(images.images(), splitOptions.split().label() + " images", console);
            Pictures tested = retest.unseen(all, allowOverlap || splitOptions.split() != Split.TEST);
            Scores scores = tested.scores(classifier).at(file.temperature());
            ObjectNode used = Json.object()
                    .put("left_out", all.size() - tested.size())
                    .put("precision", space.precision().id());
            if (Labels.areSets(scores.truth())) {
                reportSets(classifier, scores, used);
                return 0;
            }
            List<String> names = classifier.classNames();
            Double calibrationError = file.decision() == null ? scores.calibrationError() : null; // of a softmax
            Accuracies accuracies = new Accuracies(scores.evaluation(), names, calibrationError);
            if (format.json) {
                console.print(accuracies.json().setAll(used));
            } else {
                accuracies.print(format.chosen(), console);
            }
            console.flush();
            write(tested, scores, names);
        }
        return 0;
    }

    private Tested images(EvaluationData retest) throws IOException {
        DataSpec data = dataOptions == null ? retest.source() : dataOptions.spec();
        ClassHalf half = dataOptions == null ? null : dataOptions.half;
        return retest.of(exif.of(data), new Choice(splitOptions.seed, half, splitOptions.given, onlyTheseClasses));
    }

    private void reportSets(Classifier classifier, Scores scores, ObjectNode used) {
        require(
                confusion == null && picture == null && errors == null && perImage == null,
                "--confusion, --picture, --errors and --per-image are for single labels: omit them");
        Decision decision = Objects.requireNonNullElse(classifier.save().decision(), Decision.BEST);
        Sets sets = Sets.of(classifier.classNames(), name -> null, scores, decision, 1);
        if (format.json) {
            ObjectNode json = Json.object().put("images", scores.size()).setAll(used);
            console.print(json.putPOJO("sets", sets));
        } else {
            SetPage.classes(sets, decision, c -> Cell.NONE).print(format.chosen(), console);
            if (format.chosen() == TABLE) {
                console.print("");
                SetPage.measures(new Table<Sets>(), s -> s).rows(List.of(sets)).print(TABLE, console);
            }
        }
    }

    private void write(Pictures tested, Scores scores, List<String> names) throws IOException {
        ErrorFiles files = new ErrorFiles(PictureResults.of(tested, scores), names);
        ConfusionFiles matrix = new ConfusionFiles(scores.evaluation().confusion(), names);
        if (confusion != null) {
            matrix.writeCsv(confusion);
        }
        if (picture != null) {
            matrix.writePage(picture);
        }
        if (perImage != null) {
            files.writeLines(perImage);
        }
        if (errors != null) {
            console.note("%s in %s", count(files.copy(errors), "misclassified image"), errors);
        }
    }
}
