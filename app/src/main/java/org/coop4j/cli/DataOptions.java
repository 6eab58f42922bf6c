package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.data.DataSpec;
import org.coop4j.data.DataSpec.SetChoice;
import org.coop4j.data.FeatureTensors;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.benchmark.Benchmark;
import picocli.CommandLine.Option;

/** Labelled images and how they are described; an argument group where they are optional. */
final class DataOptions {

    @Option(
            names = {"-d", "--data"},
            required = true,
            paramLabel = "DIR|FILE")
    Path data;

    @Option(names = "--dataset", paramLabel = "NAME")
    Benchmark benchmark;

    @Option(names = "--images", paramLabel = "DIR")
    Path images;

    @Option(names = "--names", paramLabel = "FILE", converter = FileName.class)
    Path names;

    @Option(names = "--nested")
    boolean nested;

    @Option(names = "--keywords")
    boolean keywords;

    @Option(names = "--labels", paramLabel = "NAMES", split = ",")
    List<String> labels;

    @Option(names = "--min-pictures", paramLabel = "N", converter = Positive.class)
    int minPictures;

    @Option(names = "--only-labelled")
    boolean onlyLabelled;

    @Option(names = "--half", paramLabel = "HALF")
    ClassHalf half;

    /** Returns the data, checked. */
    DataSpec spec() {
        boolean own = benchmark == null;
        boolean features = own && FeatureTensors.isNameOf(data);
        boolean folder = own && !Files.isRegularFile(data);
        require(
                images == null || (own && (!Files.isDirectory(data) || Files.isDirectory(data.resolve("Annotations")))),
                "--images is for split files (.json), lists (.csv, .jsonl) and folders of VOC: omit it");
        require(
                names == null || features || folder,
                "--names is for a folder with one subfolder per class, or features: omit it");
        SetChoice sets = new SetChoice(keywords, labels, minPictures, onlyLabelled);
        boolean chooses = !sets.equals(SetChoice.ALL);
        require(
                own || !chooses,
                "--keywords, --labels, --min-pictures and --only-labelled are for your own pictures: omit them");
        require(!keywords || folder, "--keywords is for a folder of pictures: omit it");
        require(!nested || folder, "--nested is for a folder of class folders: omit it");
        // eval reads it again, from wherever it is called
        Path place = features ? data.toAbsolutePath().normalize() : data;
        if (!own) {
            return DataSpec.of(place, benchmark.name());
        }
        DataSpec.Builder described =
                DataSpec.of(place).with().images(images).names(names).sets(chooses ? sets : null);
        return (nested ? described.nested() : described).build();
    }

    /** Returns the half of the classes, all by default. */
    ClassHalf half() {
        return half == null ? ClassHalf.ALL : half;
    }
}
