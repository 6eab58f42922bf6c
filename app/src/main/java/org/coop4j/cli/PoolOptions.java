package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.Options.Bank;
import org.coop4j.cli.Options.Exif;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.Console;
import org.coop4j.data.DataSpec;
import org.coop4j.data.FeatureTensors;
import org.coop4j.data.PoolFile;
import org.coop4j.data.StoredFeatures;
import org.coop4j.findings.OpenPool;
import org.coop4j.findings.OpenPool.Classes;
import org.coop4j.findings.OpenPool.Source;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.UnknownWords;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Pictures without labels, what answers them one by one, and what a person has labelled. */
final class PoolOptions {

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
        LearnedClassifier learned = prompt == null ? null : spaceOptions.options.learned(prompt);
        require(
                !classes || learned == null || learned.file().decision() == null,
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
            UnknownWords.warning(space, names).ifPresent(console::warn);
            Classes described = new Classes(
                    names,
                    templateOptions.prompts(space),
                    known == null ? null : exif.of(DataSpec.of(known)),
                    learned == null || !classes ? null : learned.in(space, names, console),
                    learned == null ? Set.of() : learned.contents(console));
            return OpenPool.of(space, bankOptions.images(space), source, described, strangers, console);
        } catch (IOException | RuntimeException e) {
            space.close();
            throw e;
        }
    }

    private List<String> classNames(LearnedClassifier learned) throws IOException {
        if (learned != null) {
            return learned.file().classNames();
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

    private FeatureSpace space(LearnedClassifier learned, Optional<StoredFeatures> stored, List<String> names)
            throws IOException {
        Optional<Precision> chosen =
                stored.isPresent() ? Optional.of(stored.get().precision()) : precision.ofAnswers();
        if (learned != null) {
            return learned.open(stored, chosen);
        }
        ModelOptions options = spaceOptions.options;
        if (options.model != null) {
            return options.vocabulary.open(options.model, chosen);
        }
        Path texts = spaceOptions.classFeatures;
        require(
                stored.isPresent() && (texts != null || names.isEmpty()),
                "which model? Give --model, or a learned classifier with --prompt; for features, --class-features");
        return texts == null
                ? stored.get().space(Workers.standard())
                : stored.get()
                        .space(
                                StoredFeatures.ofTexts(texts, names),
                                names,
                                spaceOptions.logitScale(),
                                Workers.standard());
    }

    /** Returns true if the command line says which classes there are. */
    boolean haveClasses() {
        return prompt != null || classOptions.areGiven() || spaceOptions.classFeatures != null || known != null;
    }
}
