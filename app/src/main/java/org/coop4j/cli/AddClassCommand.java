package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.cli.options.Options;
import org.coop4j.cli.options.PromptOptions;
import org.coop4j.clip.Clip;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Table;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.data.LabelledImage;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Method;
import org.coop4j.method.UnknownWords;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.run.Evaluator;
import org.coop4j.run.LabelledFeatures;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunFeatures;
import org.coop4j.run.RunFolder;
import org.coop4j.run.Scores;
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
            "Examples:",
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
            description = "Images of the class, to test it; a method that needs them learns from every other one.")
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
        require(!file.classNames().contains(name), "\"" + name + "\" is a class already");
        RunConfig config = RunConfig.read(promptOptions.given().resolve(RunFolder.CONFIG));
        Method method = file.method();
        boolean byName = method.namesNewClasses();
        require(
                byName || fromImages(method, config.training()),
                "%s cannot add a class: run coop train again, or use a method that can, by name %s, from images %s"
                        .formatted(
                                method.title(),
                                ids(Method::namesNewClasses),
                                ids(m -> !m.namesNewClasses() && fromImages(m, m.training(1)))));
        require(
                byName || data != null,
                method.title() + " needs images of the class: give their folder with --data");
        try (Clip clip = promptOptions.open(file)) {
            add(clip, file, config, byName);
        }
        return 0;
    }

    private static void require(boolean right, String message) {
        if (!right) {
            throw new CommandFailure(message);
        }
    }

    private static boolean fromImages(Method method, Training training) {
        return method.learns() && !training.trains();
    }

    private static String ids(Predicate<Method> which) {
        return Method.all().stream().filter(which).map(Method::id).collect(Collectors.joining(", "));
    }

    private void add(Clip clip, ClassifierFile file, RunConfig config, boolean byName) throws IOException {
        SharedData shared = bankOptions.shared(clip);
        List<String> names = new ArrayList<>(file.classNames());
        names.add(name);
        LabelledFeatures images = images(shared, names.size() - 1);
        Evaluator evaluator = shared.evaluator(config, console);
        try (Classifier before = PromptOptions.classifier(file, clip);
                Classifier after =
                        byName ? before.forClasses(names) : fit(shared, config, file.method(), names, images)) {
            UnknownWords.warning(clip, file, names).ifPresent(console::warn);
            after.save()
                    .withTraining(file.training())
                    .withTemperature(file.temperature())
                    .write(out);
            AlignedLines table = new AlignedLines(
                            Table.Kind.WORDS, Table.Kind.NUMBERS, Table.Kind.NUMBERS, Table.Kind.NUMBERS)
                    .row("TESTED ON", "IMAGES", "BEFORE", "AFTER")
                    .row(
                            Numbers.count(file.classNames().size(), "earlier class", "earlier classes"),
                            Numbers.count(evaluator.images().size()),
                            Numbers.percent(evaluator.scores(before).accuracy()),
                            Numbers.percent(evaluator.scores(after).accuracy()));
            FeatureSet tests = byName ? images.all() : half(images, 1);
            if (tests.size() > 0) {
                table.row(name, Numbers.count(tests.size()), "", Numbers.percent(accuracy(tests, after)));
            }
            table.print(console.out());
            console.out().println("learned: " + out);
            console.flush();
        }
    }

    private static double accuracy(FeatureSet images, Classifier classifier) {
        int[] labels = IntStream.range(0, images.size()).map(images::label).toArray();
        return new Scores(labels, classifier.logits(FeatureSets.matrix(images)).toRows())
                .accuracy();
    }

    private LabelledFeatures images(SharedData shared, int label) throws IOException {
        List<LabelledImage> images = new ArrayList<>();
        if (data != null) {
            for (Path image : ImageInputs.all(List.of(data))) {
                images.add(new LabelledImage(image, label, name, ExifOrientation.APPLY));
            }
        }
        return shared.features(images, name, console);
    }

    /** Returns every other image, from the first or the second on. */
    private static FeatureSet half(LabelledFeatures images, int from) {
        return images.select(IntStream.range(0, images.size())
                .filter(i -> i % 2 == from)
                .boxed()
                .toList());
    }

    private Classifier fit(
            SharedData shared, RunConfig config, Method method, List<String> names, LabelledFeatures images)
            throws IOException {
        long seed = config.sample().seed();
        RunFeatures known = RunFeatures.withoutTest(shared, config, config.sample(), Progress.NONE);
        FeatureSet train = FeatureSets.joined(known.train().all(), half(images, 0));
        FeatureSet val = method.usesVal() ? known.val().all() : FeatureSets.none(train.width());
        return method.learner(
                        shared.clip(), config.learnedFrom().source().task(names, seed))
                .fit(new FewShotFeatures(train, val), new Trainer(Training.none(), seed));
    }
}
