package org.coop4j.cli.options;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.FeatureTensors;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.run.DataSpec;
import picocli.CommandLine.Option;

/** Where labelled images are, and what is said of them. */
public abstract class DataOptions {

    @Option(
            names = "--dataset",
            paramLabel = "NAME",
            description = {
                "A published dataset, such as caltech101, in the benchmarks' layout; \"coop" + " datasets\" lists them."
            })
    private Benchmark benchmark;

    @Option(
            names = "--images",
            paramLabel = "DIR",
            description = "The folder that paths in a split file or list are relative to (default: its" + " own).")
    private Path images;

    @Option(
            names = "--names",
            paramLabel = "FILE",
            converter = Converters.FileName.class,
            description = "Class names of the class folders, one folder,name per line; of features"
                    + " without names, number,name.")
    private Path names;

    @Option(
            names = "--half",
            paramLabel = "HALF",
            description = "all, base or new: the reference's halves of the classes (default: all, and in"
                    + " eval the run's half of the run's data).")
    private ClassHalf half;

    /** The data of a folder or file, checked. */
    DataSpec spec(Path data) {
        if (images != null && (benchmark != null || Files.isDirectory(data))) {
            throw misplaced("--images is for split files (.json) and lists (.csv)");
        }
        if (names != null && (benchmark != null || (Files.isRegularFile(data) && !FeatureTensors.isNameOf(data)))) {
            throw misplaced("--names is for a folder with one subfolder per class, or features");
        }
        boolean features = benchmark == null && FeatureTensors.isNameOf(data);
        // eval reads it again, from wherever it is called
        DataSpec spec =
                DataSpec.of(features ? data.toAbsolutePath().normalize() : data).withFiles(images, names);
        return benchmark == null ? spec : spec.withBenchmark(benchmark.name());
    }

    private static WrongUsage misplaced(String rule) {
        return new WrongUsage(rule + ": omit it");
    }

    /** Whether anything is said. */
    boolean isGiven() {
        return benchmark != null || images != null || names != null || half != null;
    }

    /** The half of the classes; all where nothing is said. */
    public ClassHalf half() {
        return half == null ? ClassHalf.ALL : half;
    }

    /** The half of the classes, or null where nothing is said. */
    public ClassHalf halfIfGiven() {
        return half;
    }

    /** Where a command's labelled images come from. */
    public static final class Required extends DataOptions {
        @Option(
                names = {"-d", "--data"},
                required = true,
                paramLabel = "DIR|FILE",
                description = {
                    "A folder with one subfolder per class (below train, val and test, or not); a CoOp"
                            + " split file (.json); a list of path,label (.csv); features with labels"
                            + " (.safetensors, .npz, .pt); with --dataset, the folder of all datasets."
                })
        private Path data;

        public DataSpec spec() {
            return spec(data);
        }
    }

    /** Labelled images, if any are given. */
    public static final class IfAny extends DataOptions {
        @Option(
                names = {"-d", "--data"},
                paramLabel = "DIR|FILE",
                description = {
                    "Labelled images (eval: default those that the run was tested on): a folder with"
                            + " one subfolder per class (below train, val and test, or not); a CoOp split"
                            + " file (.json); a list of path,label (.csv); features with labels"
                            + " (.safetensors, .npz, .pt); with --dataset, the folder of all datasets."
                })
        private Path data;

        /** The data, if any is given. */
        public Optional<DataSpec> spec() {
            if (data == null && isGiven()) {
                throw new WrongUsage("--dataset, --images, --names and --half describe --data: give it");
            }
            return Optional.ofNullable(data).map(this::spec);
        }
    }
}
