package org.coop4j.cli.options;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.coop4j.base.CacheFolder;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.run.DataSpec;
import org.coop4j.run.Run;
import org.coop4j.run.SharedData;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.model.MlpActivation;
import picocli.CommandLine.Option;

/** Options that several commands have, one mixin per kind. */
public final class Options {

    /** End of the description of an option that has a default. */
    public static final String DEFAULT = " (default: ${DEFAULT-VALUE}).";

    private Options() {}

    /** The activation of a checkpoint that does not name it. */
    public static final class Activation {
        @Option(
                names = "--activation",
                paramLabel = "NAME",
                description = "quick_gelu (OpenAI) or gelu (most of open_clip), if the source does not say.")
        private MlpActivation activation;

        /** Returns the activation, if one was given. */
        public Optional<MlpActivation> given() {
            return Optional.ofNullable(activation);
        }
    }

    /** The safetensors file that a command writes. */
    public static final class SafetensorsOut {
        @Option(
                names = {"-o", "--out"},
                required = true,
                paramLabel = "FILE",
                description = "The safetensors file to write; replaced if it exists.")
        private Path file;

        public Path file() {
            return file;
        }
    }

    /** The choice of JSON instead of text. */
    public static final class AsJson {
        @Option(names = "--json", description = "Print JSON.")
        private boolean chosen;

        public boolean isChosen() {
            return chosen;
        }
    }

    /** The memory of a training step. */
    public static final class Memory {
        @Option(
                names = "--memory",
                paramLabel = "SIZE",
                description = "Memory for a training step, such as 800M; classes beyond it are processed in parts,"
                        + " with the same result.")
        private MemoryLimit limit = MemoryLimit.none();

        public MemoryLimit limit() {
            return limit;
        }
    }

    /** The tokenizer's vocabulary. */
    public static final class Vocabulary {
        @Option(
                names = "--vocabulary",
                paramLabel = "DIR",
                description = "Folder with vocab.json and merges.txt of a model with its own vocabulary.")
        private Path folder;

        /** Returns true if the command line names a vocabulary. */
        public boolean isGiven() {
            return folder != null;
        }

        /** Returns a model's options; CLIP's own tokenizer is read when it is first needed. */
        Clip.Options clip(Precision precision, Workers workers) throws IOException {
            Tokenizer given = folder == null ? null : tokenizer();
            return new Clip.Options(given == null ? Tokenizer::load : () -> given, workers, precision);
        }

        /** Reads the tokenizer: of the given vocabulary, or CLIP's. */
        public Tokenizer tokenizer() throws IOException {
            return folder == null ? Tokenizer.load() : Tokenizer.fromHuggingFace(folder);
        }
    }

    /** The treatment of texts that exceed the context length. */
    public static final class Truncation {
        @Option(names = "--truncate", description = "Truncate texts that exceed the context length.")
        private boolean truncate;

        public Tokenizer.Overflow overflow() {
            return truncate ? Tokenizer.Overflow.TRUNCATE : Tokenizer.Overflow.FAIL;
        }
    }

    /** The treatment of images' EXIF orientation. */
    public static final class Exif {
        @Option(
                names = "--exif",
                paramLabel = "keep|apply",
                description = "Apply the EXIF orientation, or keep pixels as stored (default: as the run did;"
                        + " else apply, but keep for published datasets and split files).")
        private ExifOrientation exif;

        /** Returns the data with the orientation that was given, if any. */
        public DataSpec of(DataSpec data) {
            return exif == null ? data : data.withExif(exif);
        }

        /** Returns the orientation that was given, or else another. */
        public ExifOrientation or(ExifOrientation otherwise) {
            return exif == null ? otherwise : exif;
        }

        /** Returns true if an orientation was given. */
        public boolean isGiven() {
            return exif != null;
        }
    }

    /** The precision of products in which images are encoded and prompts trained. */
    public static final class Arithmetic {
        @Option(
                names = "--precision",
                paramLabel = "TYPE",
                description = "Precision of matrix products: float32, bf16 (faster on processors that have it)"
                        + " or auto: bf16 if this one does (default: auto to classify or embed images;"
                        + " float32 to train, to score and for features with labels; in eval, the run's).")
        private Precision given;

        /**
         * Returns the precision of training and scores: float32, unless another was given.
         *
         * @throws CommandFailure if this machine does not have it
         */
        public Precision ofScores() {
            return or(Precision.FLOAT32);
        }

        /**
         * Returns the precision that was given, or else another.
         *
         * @throws CommandFailure if this machine does not have it
         */
        public Precision or(Precision otherwise) {
            Precision chosen = given == null ? otherwise : given;
            chosen.obstacle().ifPresent(reason -> {
                throw new CommandFailure("--precision " + chosen.id() + ": " + reason);
            });
            return chosen;
        }

        /**
         * Returns the precision of images that are neither learned from nor scored: the fastest, unless another was
         * given.
         *
         * @throws CommandFailure if this machine does not have it
         */
        public Precision ofAnswers() {
            return given == null ? Converters.fastest() : or(given);
        }

        /** Shows that images are encoded in another precision than float32, unless one was given. */
        public void announce(Precision used, Console console) {
            if (given == null && used == Precision.BFLOAT16) {
                console.note("images are encoded in bfloat16, for speed: --precision float32 is exact");
            }
        }
    }

    /** The part of a dataset that a command works on. */
    public static final class Part {
        @Option(
                names = "--split",
                paramLabel = "SPLIT",
                description = "train, val or test (default: test; in embed, all).")
        private Split split;

        @Option(
                names = "--seed",
                paramLabel = "N",
                description = "Seed of the split of data without one (default: 1; in eval, the run's).")
        private Long seed;

        /** Returns true if a part or a seed was given. */
        public boolean isGiven() {
            return split != null || seed != null;
        }

        /** Returns the seed of the split, or null if none was given. */
        public Long seed() {
            return seed;
        }

        /** Returns the seed of the split, or another if none was given. */
        public long seedOr(long otherwise) {
            return seed == null ? otherwise : seed;
        }

        /** Returns the chosen part, or null if none was given. */
        public Split splitIfGiven() {
            return split;
        }

        /** Returns the chosen part. */
        public Split split() {
            return split == null ? Split.TEST : split;
        }
    }

    /** The folder of image features, and the treatment of images that cannot be read. */
    public static final class Bank {
        @Option(
                names = "--bank",
                paramLabel = "DIR",
                description = "Folder that keeps image features (default: in the cache; of a sweep, its bank).")
        private Path folder;

        @Option(names = "--skip-bad", description = "Skip images that cannot be read.")
        private boolean skipBad;

        /**
         * Returns the options of runs that do not change their result.
         *
         * @param otherwise folder of the features if the user gives none
         */
        public Run.Options options(Path otherwise, MemoryLimit memory) {
            return new Run.Options(folder == null ? otherwise : folder, skipBad, memory);
        }

        /** Returns the data that runs in a space share, with features in the user's cache by default. */
        public SharedData shared(FeatureSpace space, MemoryLimit memory) {
            return new SharedData(space, options(CacheFolder.bank(), memory));
        }

        /** Returns the data that uses of a space share, where no step is trained. */
        public SharedData shared(FeatureSpace space) {
            return shared(space, MemoryLimit.none());
        }
    }

    /** The form of printed results: a table, or a form for other programs. */
    public static class Format {
        @Option(names = "--json", description = "Print JSON.")
        private boolean json;

        @Option(names = "--csv", description = "Print comma-separated values.")
        private boolean csv;

        /** Returns the chosen form. */
        public Table.Format chosen() {
            return json ? Table.Format.JSON : csv ? Table.Format.CSV : Table.Format.TABLE;
        }
    }

    /** The form of results that are printed one by one. */
    public static final class LineFormat extends Format {
        @Option(names = "--jsonl", description = "Print JSON Lines, one object per line.")
        private boolean lines;

        @Override
        public Table.Format chosen() {
            return lines ? Table.Format.JSON_LINES : super.chosen();
        }
    }
}
