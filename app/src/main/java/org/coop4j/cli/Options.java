package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.graph.host.Precision.BFLOAT16;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.IoFunction;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.console.Table;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.model.ConvertedModel;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.tags.LabelFolders;
import org.coop4j.text.Tokenizer;
import picocli.CommandLine.Option;

/** Options that several commands have, one mixin per kind. */
public final class Options {

    private Options() {}

    /** Checks the value of {@code --threshold}, if it is given. */
    static void requireShare(Double threshold) {
        require(
                threshold == null || (threshold >= 0 && threshold <= 1),
                "--threshold: expected 0 to 1, got %s",
                threshold);
    }

    /** The safetensors file that a command writes. */
    static final class SafetensorsOut {
        @Option(
                names = {"-o", "--out"},
                required = true,
                paramLabel = "FILE")
        Path file;
    }

    /** The choice of JSON instead of text. */
    public static class AsJson {
        @Option(names = "--json", description = "Print JSON.")
        public boolean json;
    }

    /** The memory of a training step. */
    static final class Memory {
        @Option(names = "--memory", paramLabel = "SIZE")
        MemoryLimit limit = MemoryLimit.none();
    }

    /** The tokenizer's vocabulary. */
    static final class Vocabulary {
        @Option(names = "--vocabulary", paramLabel = "DIR")
        Path folder;

        /** Returns what finds a model's tokenizer at its first use: the given vocabulary, read now, or else the model's own. */
        IoFunction<ConvertedModel, Tokenizer> source() throws IOException {
            Tokenizer given = folder == null ? null : tokenizer();
            return model -> {
                Tokenizer found = given == null ? Tokenizer.of(model) : given;
                int expected = model.architecture().text().vocabularySize();
                CommandFailure.require(
                        expected == found.vocabularySize(),
                        "%s has a vocabulary of %s tokens, the tokenizer one of %s: give its own vocabulary",
                        model.path(),
                        count(expected),
                        count(found.vocabularySize()));
                return found;
            };
        }

        /** Opens a model, while the readers of images start; precision is empty for the fastest. */
        Clip open(Path model, Optional<Precision> precision, Workers workers) throws IOException {
            ImageDecoder.prepare();
            return Clip.open(ModelOptions.file(model), new Clip.Options(source(), workers, precision));
        }

        Clip open(Path model, Optional<Precision> precision) throws IOException {
            return open(model, precision, Workers.standard());
        }

        /** Reads the tokenizer: of the given folder or model, or CLIP's. */
        Tokenizer tokenizer() throws IOException {
            if (folder == null || !Files.isRegularFile(folder)) {
                return folder == null ? Tokenizer.load() : Tokenizer.ofFolder(folder);
            }
            try (ConvertedModel model = ConvertedModel.open(folder)) {
                return Tokenizer.of(model);
            }
        }
    }

    /** The treatment of images' EXIF orientation. */
    static final class Exif {
        @Option(names = "--exif", paramLabel = "keep|apply")
        ExifOrientation given;

        /** Returns the data with the orientation that was given, if any. */
        DataSpec of(DataSpec data) {
            return given == null ? data : data.with().exif(given).build();
        }

        /** Returns the orientation that was given, or else another. */
        ExifOrientation or(ExifOrientation otherwise) {
            return given == null ? otherwise : given;
        }
    }

    /** The precision of products in which images are encoded and prompts trained. */
    static final class Arithmetic {
        @Option(
                names = "--precision",
                paramLabel = "TYPE",
                description =
                        "Precision of matrix products: float32, bf16, or auto, which is bf16 where that is faster and"
                                + " images have 128 pixels or more (default: auto to answer, float32 or the run's to learn and"
                                + " score).")
        Choice given;

        /** Choices of the option. */
        enum Choice {
            FLOAT32,
            BF16,
            AUTO
        }

        /**
         * Returns the precision to learn and score in: the given one, or else another; empty for the fastest of the model.
         *
         * @throws CommandFailure if this machine does not have it
         */
        Optional<Precision> or(Precision otherwise) {
            if (given == Choice.AUTO) {
                return Optional.empty();
            }
            Precision chosen =
                    given == null ? otherwise : Precision.of(given.name().toLowerCase(Locale.ROOT));
            chosen.obstacle().ifPresent(reason -> {
                throw new CommandFailure("--precision " + chosen.id() + ": " + reason);
            });
            return Optional.of(chosen);
        }

        /**
         * Returns the precision to answer in: the given one; by default empty, for the fastest of the model.
         *
         * @throws CommandFailure if this machine does not have it
         */
        Optional<Precision> ofAnswers() {
            return given == null ? Optional.empty() : or(null);
        }

        /** Shows that images are encoded in another precision than float32, unless one was given. */
        void announce(Precision used, Console console) {
            if (given == null && used == BFLOAT16) {
                console.note("images are encoded in bfloat16, for speed: --precision float32 is exact");
            }
        }
    }

    /** The part of a dataset that a command works on. */
    static final class Part {
        @Option(names = "--split", paramLabel = "SPLIT")
        Split given;

        @Option(names = "--seed", paramLabel = "N")
        Long seed;

        /** Returns the seed of the split, 1 by default. */
        long seedOrFirst() {
            return seed == null ? 1 : seed;
        }

        /** Returns the chosen part, the test images by default. */
        Split split() {
            return given == null ? Split.TEST : given;
        }
    }

    /** The folder of image features, and the treatment of images that cannot be read. */
    static final class Bank {
        @Option(names = "--bank", paramLabel = "DIR")
        Path folder;

        @Option(names = "--skip-bad")
        boolean skipBad;

        /**
         * Returns the options of runs that do not change their result.
         *
         * @param otherwise folder of the features if the user gives none
         */
        Run.Options options(Path otherwise, MemoryLimit memory) {
            return new Run.Options(folder == null ? otherwise : folder, skipBad, memory);
        }

        /** Returns the images of runs in a space, with features in the user's cache by default. */
        Images images(FeatureSpace space, MemoryLimit memory) {
            return new Images(space, options(CacheFolder.bank(), memory));
        }

        /** Returns images in a space, where no step is trained. */
        Images images(FeatureSpace space) {
            return images(space, MemoryLimit.none());
        }
    }

    /** The folder that gets the pictures, a folder per class; an argument group. */
    static final class Into {
        @Option(names = "--copy", paramLabel = "DIR")
        Path copy;

        @Option(names = "--move", paramLabel = "DIR")
        Path move;

        /**
         * Returns the folders of labels.
         *
         * @throws IllegalArgumentException if a label cannot be a folder
         */
        LabelFolders folders(List<String> labels) {
            return new LabelFolders(place(), move != null, labels);
        }

        /** Says how many pictures are there now. */
        String done(int pictures) {
            return "%s %s to %s".formatted(count(pictures, "picture"), move != null ? "moved" : "copied", place());
        }

        private Path place() {
            return move != null ? move : copy;
        }
    }

    /** The form of printed results: a table, or a form for other programs. */
    public static class Format extends AsJson {
        @Option(names = "--csv", description = "Print comma-separated values.")
        boolean csv;

        /** Returns the chosen form. */
        public Table.Format chosen() {
            return json ? Table.Format.JSON : csv ? Table.Format.CSV : Table.Format.TABLE;
        }
    }

    /** The form of results that are printed one by one. */
    public static class LineFormat extends Format {
        @Option(names = "--jsonl", description = "Print JSON Lines, one object per line.")
        boolean lines;

        @Override
        public Table.Format chosen() {
            return lines ? Table.Format.JSON_LINES : super.chosen();
        }
    }
}
