package org.coop4j.cli;

import static org.coop4j.console.CommandFailure.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.cli.options.Options;
import org.coop4j.cli.options.PromptOptions;
import org.coop4j.clip.Clip;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.Table.Kind;
import org.coop4j.data.LabelledImage;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.UnknownWords;
import org.coop4j.run.Evaluator;
import org.coop4j.run.LabelledFeatures;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunFeatures;
import org.coop4j.run.RunFolder;
import org.coop4j.run.SharedData;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop add-class}: adds a class to a learned classifier. */
@Command(
        name = "add-class",
        description = "Add a class to a learned classifier: by name where its method can name new classes,"
                + " otherwise from images where it learns in closed form. The run stays as it is.",
        footer = {
            "  coop add-class -p run --name mug -o with-mug.safetensors",
            "  coop add-class -p run --name mug -d mugs/ -o with-mug.safetensors"
        })
final class AddClassCommand extends ConsoleCommand {

    @Mixin
    private PromptOptions promptOptions;

    @Option(names = "--name", required = true, paramLabel = "NAME", description = "The class.")
    private String name;

    @Option(
            names = {"-d", "--data"},
            paramLabel = "DIR",
            description = "Images of the class to test it; a method that needs images learns from every other one.")
    private Path data;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FILE",
            description = "The new classifier; must not exist.")
    private Path out;

    @Mixin
    private Options.Bank bankOptions;

    @Override
    public Integer call() throws IOException {
        require(!Files.exists(out), out + " exists: choose another --out");
        ClassifierFile file = promptOptions.read();
        require(!file.classNames().contains(name), '"' + name + "\" is a class already");
        RunConfig config = RunConfig.read(promptOptions.folder().resolve(RunFolder.CONFIG));
        Method method = file.method();
        boolean byName = method.namesNewClasses();
        require(
                byName || (method.learns() && !config.training().trains()),
                method.title() + " cannot add a class: run coop train again, with it or with a method that can name"
                        + " classes (coop methods) or trains without epochs");
        require(byName || data != null, method.title() + " needs images of the class: give their folder with --data");
        try (Clip clip = promptOptions.open(file)) {
            add(clip, file, config, byName);
        }
        return 0;
    }

    private void add(Clip clip, ClassifierFile file, RunConfig config, boolean byName) throws IOException {
        SharedData shared = bankOptions.shared(clip);
        List<String> names = new ArrayList<>(file.classNames());
        names.add(name);
        LabelledFeatures images = images(shared, names.size() - 1);
        List<Integer> learned = IntStream.iterate(0, i -> i < (byName ? 0 : images.size()), i -> i + 2)
                .boxed()
                .toList();
        Evaluator evaluator = shared.evaluator(config, console);
        try (Classifier before = PromptOptions.classifier(file, clip, file.classNames());
                Classifier after = byName
                        ? before.forClasses(names)
                        : RunFeatures.withClass(shared, config, file.method(), names, images.select(learned))) {
            UnknownWords.warning(clip, file, names).ifPresent(console::warn);
            after.save()
                    .withTraining(file.training())
                    .withTemperature(file.temperature())
                    .write(out);
            AlignedLines table = new AlignedLines(Kind.WORDS, Kind.NUMBERS, Kind.NUMBERS, Kind.NUMBERS)
                    .row("TESTED ON", "IMAGES", "BEFORE", "AFTER")
                    .row(
                            Numbers.count(file.classNames().size(), "earlier class", "earlier classes"),
                            Numbers.count(evaluator.images().size()),
                            Numbers.percent(evaluator.images().scores(before).accuracy()),
                            Numbers.percent(evaluator.images().scores(after).accuracy()));
            LabelledFeatures tested = images.without(learned);
            if (tested.size() > 0) {
                table.row(
                        name,
                        Numbers.count(tested.size()),
                        "",
                        Numbers.percent(tested.scores(after).accuracy()));
            }
            table.print(console.out());
            console.print("learned: " + out);
        }
    }

    private LabelledFeatures images(SharedData shared, int label) throws IOException {
        List<Path> files = data == null ? List.of() : ImageInputs.all(List.of(data));
        return shared.features(
                files.stream()
                        .map(file -> new LabelledImage(file, label, name, ExifOrientation.APPLY))
                        .toList(),
                name,
                console);
    }
}
