package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.graph.host.Precision.BFLOAT16;
import static org.coop4j.graph.host.Precision.FLOAT32;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.model.ConvertedModel;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.text.Tokenizer;
import picocli.CommandLine.Option;

/** Options that several commands have, one mixin per kind. */
public final class Options {

    private Options() {}

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

        /** Returns a model's options; the model's own tokenizer is read when it is first needed. */
        Clip.Options clip(Optional<Precision> precision) throws IOException {
            return new Clip.Options(source(), Workers.standard(), precision);
        }

        /** Returns what finds a model's tokenizer: the given vocabulary, read now, or else the model's own. */
        IoFunction<ConvertedModel, Tokenizer> source() throws IOException {
            if (folder == null) {
                return Tokenizer::of;
            }
            Tokenizer given = tokenizer();
            return model -> given;
        }

        /** Opens a model and checks that it has this vocabulary. */
        Clip open(Path model) throws IOException {
            return open(model, Optional.of(FLOAT32), Workers.standard());
        }

        /**
         * Opens a model and checks that it has this vocabulary. Both are read while ND4J starts, and so are the readers
         * of images.
         *
         * @param precision empty for the fastest
         */
        Clip open(Path model, Optional<Precision> precision, Workers workers) throws IOException {
            Backend.startAhead();
            IoFunction<ConvertedModel, Tokenizer> source = source();
            ImageDecoder.prepare();
            ConvertedModel file = ConvertedModel.open(ModelOptions.file(model));
            Clip clip = Clip.of(file, new Clip.Options(source, workers, precision));
            if (folder == null && file.lacksVocabulary()) {
                return clip; // for images
            }
            try {
                int expected = clip.architecture().text().vocabularySize();
                int given = clip.tokenizer().vocabularySize();
                CommandFailure.require(
                        expected == given,
                        "%s has a vocabulary of %s tokens, the tokenizer one of %s: give the model's own with --vocabulary",
                        model,
                        count(expected),
                        count(given));
                return clip;
            } catch (RuntimeException e) {
                clip.close();
                throw e;
            }
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
