package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.data.DataSpec;
import org.coop4j.data.FeatureTensors;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.benchmark.Benchmark;
import picocli.CommandLine.Option;

/** Labelled images and how they are described; a command that can do without them has it as an argument group. */
final class DataOptions {

    @Option(
            names = {"-d", "--data"},
            required = true,
            paramLabel = "DIR|FILE",
            description = {
                "Labelled images: a folder with one subfolder per class, a CoOp split file (.json),"
                        + " a list of path,label (.csv) or features with labels (.safetensors, .npz, .pt);"
                        + " with --dataset, the folder of all datasets."
            })
    Path data;

    @Option(
            names = "--dataset",
            paramLabel = "NAME",
            description = "A published dataset in the benchmarks' layout, such as caltech101 (see coop datasets).")
    Benchmark benchmark;

    @Option(
            names = "--images",
            paramLabel = "DIR",
            description = "Folder that the paths of a split file or list start from (default: its own).")
    Path images;

    @Option(
            names = "--names",
            paramLabel = "FILE",
            converter = FileName.class,
            description = "Class names: lines folder,name, or number,name for features without names.")
    Path names;

    @Option(
            names = "--nested",
            description = "Each folder with images is a class, named by its path, such as food/pizza.")
    boolean nested;

    @Option(
            names = "--half",
            paramLabel = "HALF",
            description = "The classes: all, or the reference's half base or new (default: all; in eval, the run's).")
    ClassHalf half;

    /** Returns the data, checked. */
    DataSpec spec() {
        boolean own = benchmark == null;
        boolean features = own && FeatureTensors.isNameOf(data);
        boolean folder = own && !Files.isRegularFile(data);
        require(
                images == null || (own && !Files.isDirectory(data)),
                "--images is for split files (.json) and lists (.csv): omit it");
        require(
                names == null || features || folder,
                "--names is for a folder with one subfolder per class, or features: omit it");
        require(!nested || folder, "--nested is for a folder of class folders: omit it");
        // eval reads it again, from wherever it is called
        Path place = features ? data.toAbsolutePath().normalize() : data;
        return own
                ? DataSpec.of(place).withFiles(images, names, nested ? true : null)
                : DataSpec.of(place, benchmark.name());
    }

    /** Returns the half of the classes, all by default. */
    ClassHalf half() {
        return half == null ? ClassHalf.ALL : half;
    }
}
