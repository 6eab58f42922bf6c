package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.graph.host.Precision.FLOAT32;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.coop4j.base.TextFile;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.Options.Bank;
import org.coop4j.cli.Options.Exif;
import org.coop4j.cli.Options.Part;
import org.coop4j.cli.Options.SafetensorsOut;
import org.coop4j.clip.Clip;
import org.coop4j.console.CommandFailure;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.findings.FeatureExport;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.UnknownWords;
import org.coop4j.run.Images;
import org.coop4j.text.Tokenizer.Overflow;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop embed}: features of texts or images in a safetensors file. */
@Command(name = "embed")
final class EmbedCommand extends ConsoleCommand {

    @Mixin
    ModelOptions.Needed clipOptions;

    @Option(names = "--truncate")
    boolean truncate;

    @Option(names = "--text", paramLabel = "TEXT")
    List<String> texts = List.of();

    @Option(names = "--texts", paramLabel = "FILE", converter = FileName.class)
    Path textFile;

    @ArgGroup(exclusive = false)
    DataOptions dataOptions;

    @Mixin
    Part part;

    @Mixin
    Bank bankOptions;

    @Mixin
    Exif exif;

    @Mixin
    SafetensorsOut outOption;

    @Mixin
    Arithmetic precision;

    @Option(names = "--normalize")
    boolean normalize;

    @Option(names = "--pixels")
    boolean pixels;

    @Parameters(arity = "0..*", paramLabel = "IMAGE|DIR")
    List<Path> arguments = List.of();

    @Override
    public Integer call() throws IOException {
        boolean ofTexts = !texts.isEmpty() || textFile != null;
        boolean ofImages = !arguments.isEmpty();
        require(
                outOption.file.toString().endsWith(".safetensors"),
                "cannot write %s: features are written as safetensors, which Python's safetensors.numpy reads; give a name such as features.safetensors",
                outOption.file);
        if (dataOptions != null) {
            require(
                    !ofTexts && !ofImages && !pixels,
                    "--data stands alone: omit --text, --texts, --pixels and other images");
            return embedDataset(dataOptions.spec());
        }
        require(ofTexts != ofImages, "give images, or texts (--text, --texts), or labelled images (--data)");
        require(ofImages || exif.given == null, "--exif is for images");
        require(ofImages || !pixels, "--pixels is for images");
        return ofTexts ? embedTexts() : embedImages();
    }

    private int embedTexts() throws IOException {
        List<String> all = new ArrayList<>(texts);
        if (textFile != null) {
            all.addAll(lines(textFile));
        }
        try (Clip clip = clipOptions.open(Optional.of(FLOAT32))) {
            UnknownWords.warning(clip, all).ifPresent(console::warn);
            export().rows(clip, clip.encodeTexts(all, Overflow.of(truncate)), "text", all, List.of(), null);
            note(count(all.size(), "text"), clip);
        }
        return 0;
    }

    private static List<String> lines(Path file) throws IOException {
        List<String> lines = TextFile.lines(file);
        CommandFailure.require(!lines.isEmpty(), file + " has no texts");
        for (int i = 0; i < lines.size(); i++) {
            CommandFailure.require(!lines.get(i).isBlank(), "line %d of %s is empty", i + 1, file);
        }
        return lines;
    }

    private int embedImages() throws IOException {
        List<Path> files = ImageInputs.all(arguments);
        try (Clip clip = clipOptions.open(precision.ofAnswers())) {
            precision.announce(clip.precision(), console);
            ExifOrientation orientation = exif.or(ExifOrientation.APPLY);
            EncodedImages images = EncodedImages.encode(clip, files, orientation, false, console);
            List<Path> good = images.positions.stream().map(files::get).toList();
            CommandFailure.require(!good.isEmpty(), "none of the images can be read: nothing is written");
            List<String> names = good.stream().map(Path::toString).toList();
            export().rows(
                            clip,
                            images.features(clip.embedDim()),
                            "image",
                            names,
                            pixels ? good : List.of(),
                            EncodedImages.reader(clip, orientation));
            note(count(good.size(), "image"), clip);
            return images.exitCode();
        }
    }

    private int embedDataset(DataSpec data) throws IOException {
        require(!data.holdsFeatures(), data.path() + " has features already");
        try (Clip clip = clipOptions.open(precision.or(FLOAT32))) {
            Images shared = bankOptions.images(clip);
            ImageDataset dataset =
                    shared.dataset(exif.of(data), part.seedOrFirst()).half(dataOptions.half());
            Set<Split> splits = part.given == null ? Set.of(Split.values()) : Set.of(part.given);
            int images = export().dataset(shared, dataset, splits);
            String classes = count(dataset.classCount(), "class", "classes");
            note(count(images, "image") + " of " + classes, clip);
        }
        return 0;
    }

    private FeatureExport export() {
        return new FeatureExport(outOption.file, normalize, console);
    }

    private void note(String content, Clip clip) {
        console.note("%s: %s, %d wide", outOption.file, content, clip.embedDim());
    }
}
