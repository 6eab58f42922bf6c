package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.cli.options.Options;
import org.coop4j.cli.options.PromptOptions;
import org.coop4j.clip.Clip;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.console.Table;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.data.ImageFiles;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.Predictions;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Method;
import org.coop4j.method.Task;
import org.coop4j.method.UnknownWords;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.run.Evaluator;
import org.coop4j.run.LabelledFeatures;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunFeatures;
import org.coop4j.run.RunFolder;
import org.coop4j.run.SharedData;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop add-class}: one class more for a finished run, without learning it all again. */
@Command(
        name = "add-class",
        description = {
            "Add a class to what a run learned: by its name alone where the method can name classes"
                    + " that it never saw, otherwise from pictures where it learns in a closed form."
                    + " The run stays as it is.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  coop add-class -p run --name mug -o with-mug.safetensors",
            "  coop add-class -p run --name mug -d mugs/ -o with-mug.safetensors"
        })
final class AddClassCommand implements Callable<Integer> {

    private final Console console;

    @Mixin
    private PromptOptions promptOptions;

    @Option(names = "--name", required = true, paramLabel = "NAME", description = "The class.")
    private String name;

    @Option(
            names = {"-d", "--data"},
            paramLabel = "DIR",
            description = {
                "A folder with pictures of the class. A method that needs them learns from every"
                        + " other one; all others test it."
            })
    private Path data;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FILE",
            description = "The new classifier; must not exist.")
    private Path out;

    @Mixin
    private Options.Bank bankOptions;

    AddClassCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        if (Files.exists(out)) {
            throw new CommandFailure(out + " exists: choose another --out");
        }
        ClassifierFile file = promptOptions.read();
        if (file.classNames().contains(name)) {
            throw new CommandFailure("\"" + name + "\" is a class already");
        }
        RunConfig config = RunConfig.read(promptOptions.given().resolve(RunFolder.CONFIG));
        Method method = file.method();
        boolean byName = method.namesNewClasses();
        if (!byName && (config.training().trains() || !method.learns())) {
            throw new CommandFailure(cannot(method));
        }
        if (!byName && data == null) {
            throw new CommandFailure(method.title() + " needs pictures of the class: give their folder with --data");
        }
        try (Clip clip = promptOptions.open(file)) {
            add(clip, file, config, byName);
        }
        return 0;
    }

    private static String cannot(Method method) {
        return "%s cannot take a class more without learning all of them again: run coop train with its pictures, or use a method that can, by name %s, from pictures %s"
                .formatted(
                        method.title(),
                        ids(Method.all().stream()
                                .filter(Method::namesNewClasses)
                                .toList()),
                        ids(Method.all().stream()
                                .filter(m -> !m.namesNewClasses())
                                .filter(m -> !m.training(1).trains())
                                .toList()));
    }

    private static String ids(List<Method> methods) {
        return methods.stream().map(Method::id).collect(Collectors.joining(", "));
    }

    private void add(Clip clip, ClassifierFile file, RunConfig config, boolean byName) throws IOException {
        SharedData shared = bankOptions.shared(clip);
        List<String> names = new ArrayList<>(file.classNames());
        names.add(name);
        LabelledFeatures pictures = pictures(shared, names.size() - 1);
        Evaluator evaluator = shared.evaluator(config, console);
        try (Classifier before = PromptOptions.classifier(file, clip);
                Classifier after =
                        byName ? before.forClasses(names) : fit(shared, config, file.method(), names, pictures)) {
            UnknownWords.warning(clip, file, names).ifPresent(console::warn);
            after.save()
                    .withTraining(file.training())
                    .withTemperature(file.temperature())
                    .write(out);
            AlignedLines table =
                    new AlignedLines(Table.Kind.WORDS, Table.Kind.NUMBERS, Table.Kind.NUMBERS, Table.Kind.NUMBERS);
            table.row("TESTED ON", "PICTURES", "BEFORE", "AFTER");
            table.row(
                    Numbers.count(file.classNames().size(), "earlier class", "earlier classes"),
                    Numbers.count(evaluator.images().size()),
                    Numbers.percent(evaluator.scores(before).accuracy()),
                    Numbers.percent(evaluator.scores(after).accuracy()));
            FeatureSet tests = byName ? pictures.all() : half(pictures, 1);
            if (tests.size() > 0) {
                table.row(name, Numbers.count(tests.size()), "", Numbers.percent(accuracy(tests, after)));
            }
            table.print(console.out());
            console.out().println("learned: " + out);
            console.flush();
        }
    }

    private static double accuracy(FeatureSet images, Classifier classifier) {
        int[] predicted =
                Predictions.argmax(classifier.logits(FeatureSets.matrix(images)).toRows());
        long right = IntStream.range(0, predicted.length)
                .filter(i -> predicted[i] == images.label(i))
                .count();
        return 100.0 * right / predicted.length;
    }

    private LabelledFeatures pictures(SharedData shared, int label) throws IOException {
        List<LabelledImage> images = new ArrayList<>();
        if (data != null) {
            for (Path image : ImageFiles.in(data)) {
                images.add(new LabelledImage(image, label, name, ExifOrientation.APPLY));
            }
            if (images.isEmpty()) {
                throw new CommandFailure(data + " holds no pictures");
            }
        }
        return shared.features(images, name, console);
    }

    /** Every other picture, from the first or the second on. */
    private static FeatureSet half(LabelledFeatures pictures, int from) {
        return pictures.select(IntStream.range(0, pictures.size())
                .filter(i -> i % 2 == from)
                .boxed()
                .toList());
    }

    private Classifier fit(
            SharedData shared, RunConfig config, Method method, List<String> names, LabelledFeatures pictures)
            throws IOException {
        RunFeatures known = RunFeatures.withoutTest(shared, config, config.sample(), Progress.NONE);
        FeatureSet train = FeatureSets.joined(known.train().all(), half(pictures, 0));
        FeatureSet val = method.usesVal() ? known.val().all() : FeatureSets.none(train.width());
        Task task = config.learnedFrom().source().task(names, config.sample().seed());
        return method.learner(shared.clip(), task)
                .fit(
                        new FewShotFeatures(train, val),
                        new Trainer(Training.none(), config.sample().seed()));
    }
}
