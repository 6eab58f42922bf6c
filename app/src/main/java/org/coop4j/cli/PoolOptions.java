package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.Options.Bank;
import org.coop4j.cli.Options.Exif;
import org.coop4j.cli.PromptOptions.OfModel;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.console.Console;
import org.coop4j.data.DataSpec;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureTensors;
import org.coop4j.data.PoolFile;
import org.coop4j.data.StoredFeatures;
import org.coop4j.findings.OpenPool;
import org.coop4j.findings.OpenPool.Classes;
import org.coop4j.findings.OpenPool.Source;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.Trainer;
import org.coop4j.method.UnknownWords;
import org.coop4j.run.Images;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Pictures without labels, what answers them one by one, and what a person has labelled. */
final class PoolOptions {

    private static final String WHICH_MODEL =
            "which model? Give --model, or a learned classifier with --prompt; for features, --class-features";

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "RUN|FILE")
    Path prompt;

    @Mixin
    SpaceOptions spaceOptions;

    @Mixin
    ClassOptions classOptions;

    @Mixin
    TemplateOptions templateOptions;

    @Option(names = "--known", paramLabel = "DIR|FILE")
    Path known;

    @Mixin
    Exif exif;

    @Mixin
    Bank bankOptions;

    @Mixin
    Arithmetic precision;

    /**
     * Opens the model, encodes the pictures and compares them.
     *
     * @param pictures arguments of the command
     * @param classes false for a pool without classes
     * @param strangers false to leave known strangers out
     */
    OpenPool open(List<Path> pictures, boolean classes, boolean strangers, Console console) throws IOException {
        require(prompt == null || !classOptions.areGiven(), "--prompt has its own classes: omit --classes");
        boolean features = pictures.size() == 1
                && FeatureTensors.isNameOf(pictures.get(0))
                && Files.isRegularFile(pictures.get(0));
        PoolFile file = features ? PoolFile.read(pictures.get(0)) : null;
        ClassifierFile learned = prompt == null ? null : new PromptOptions(prompt, model()).read();
        require(
                !classes || learned == null || learned.decision() == null,
                "%s gives several labels per picture: here each picture has one",
                prompt);
        List<String> names = classes ? classNames(learned) : List.of();
        Source source = new Source(
                features ? List.of() : ImageInputs.all(pictures),
                file,
                exif.or(ExifOrientation.APPLY),
                pictures.stream()
                        .map(one -> one.toAbsolutePath().normalize())
                        .toList()
                        .toString());
        FeatureSpace space = space(learned, Optional.ofNullable(file).map(PoolFile::features), names);
        try {
            Images images = bankOptions.images(space);
            return OpenPool.of(space, images, source, classes(space, learned, names, console), strangers, console);
        } catch (IOException | RuntimeException e) {
            space.close();
            throw e;
        }
    }

    private OfModel model() {
        OfModel model = new OfModel();
        model.file = spaceOptions.model;
        model.vocabulary = spaceOptions.vocabulary;
        return model;
    }

    private List<String> classNames(ClassifierFile learned) throws IOException {
        if (learned != null) {
            return learned.classNames();
        }
        if (classOptions.areGiven()) {
            return classOptions.read();
        }
        if (spaceOptions.classFeatures != null) {
            return PoolFile.classNames(spaceOptions.classFeatures);
        }
        require(
                known != null && !OpenPool.isTable(known),
                "which classes? Give --classes, a learned classifier (--prompt) or labelled pictures (--known)");
        return DataSpec.of(known).load(1).classNames();
    }

    private FeatureSpace space(ClassifierFile learned, Optional<StoredFeatures> stored, List<String> names)
            throws IOException {
        Optional<Precision> chosen =
                stored.isPresent() ? Optional.of(stored.get().precision()) : precision.ofAnswers();
        if (learned != null) {
            return new PromptOptions(prompt, model()).open(learned, stored, chosen);
        }
        if (spaceOptions.model != null) {
            return spaceOptions.vocabulary.open(spaceOptions.model, chosen, Workers.standard());
        }
        require(stored.isPresent(), WHICH_MODEL);
        if (spaceOptions.classFeatures == null) {
            require(names.isEmpty(), WHICH_MODEL);
            return stored.get().space(Workers.standard());
        }
        StoredFeatures texts = StoredFeatures.ofTexts(spaceOptions.classFeatures, names);
        stored.get().requireSameSpace(texts);
        float usual = texts.logLogitScale((float) Math.log(FeatureSpace.USUAL_LOGIT_SCALE));
        return FeatureTable.of(
                stored.get().precision(),
                stored.get().modelSha256(),
                spaceOptions.logitScale == null
                        ? stored.get().logLogitScale(usual)
                        : (float) Math.log(spaceOptions.logitScale),
                names,
                texts.rows().matrix(),
                Workers.standard());
    }

    private Classes classes(FeatureSpace space, ClassifierFile learned, List<String> names, Console console)
            throws IOException {
        UnknownWords.warning(space, names).ifPresent(console::warn);
        PromptEnsemble prompts = prompts(space);
        boolean known = !names.isEmpty()
                && names.stream().allMatch(name -> space.towers().isPresent() || space.knows(name));
        return new Classes(
                names,
                known ? prompts.classWeights(space, names, console) : null,
                this.known == null ? null : exif.of(DataSpec.of(this.known)),
                examples -> learned != null
                        ? PromptOptions.classifier(learned, space, names)
                        : classifier(space, prompts, names, examples),
                learned == null ? Set.of() : new PromptOptions(prompt, model()).learnedContents(learned));
    }

    /** Returns the hand-written prompts; features of the classes' texts have none. */
    PromptEnsemble prompts(FeatureSpace space) throws IOException {
        return space.towers().isPresent()
                ? templateOptions.prompts(Optional.empty(), space.authorsPrompt())
                : PromptEnsemble.of("{}");
    }

    /** Returns true if the command line says which classes there are. */
    boolean haveClasses() {
        return prompt != null || classOptions.areGiven() || spaceOptions.classFeatures != null || known != null;
    }

    /** Returns zero-shot CLIP, or what learns from some labelled pictures. */
    private static Classifier classifier(
            FeatureSpace space, PromptEnsemble prompts, List<String> classNames, FeatureSet examples)
            throws IOException {
        if (examples.size() == 0) {
            return prompts.classifier(space, classNames);
        }
        Method method = Method.fewShot().with(Map.of("templates", prompts.templates(), "own", false));
        Task task = new Task(classNames, prompts.templates().get(0), 1, prompts.descriptions());
        Trainer trainer = new Trainer(method.training(1), 1);
        FewShotFeatures data = new FewShotFeatures(examples, FeatureSet.none(examples.width()));
        return method.learner(space, task).fit(data, trainer);
    }
}
