package org.coop4j.cli.options;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.coop4j.base.CacheFolder;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.graph.host.Precision;
import org.coop4j.image.ExifOrientation;
import org.coop4j.run.DataSpec;
import org.coop4j.run.Run;
import org.coop4j.run.SharedData;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.model.MlpActivation;
import picocli.CommandLine.Option;

/** Options that several commands have, each kind a mixin. */
public final class Options {

    private Options() {}

    /** The activation of a checkpoint that does not name it. */
    public static final class Activation {
        @Option(
                names = "--activation",
                paramLabel = "NAME",
                description = "quick_gelu (OpenAI's models) or gelu (most of open_clip's); needed only if the"
                        + " source does not say.")
        private MlpActivation activation;

        /** What is said, if anything is. */
        public Optional<MlpActivation> given() {
            return Optional.ofNullable(activation);
        }
    }

    /** How much memory a training step may take. */
    public static final class Memory {
        @Option(
                names = "--memory",
                paramLabel = "SIZE",
                description = "Memory for the intermediate values of a step, such as 800M; if all classes"
                        + " need more, they are processed in parts, with the same result.")
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
                description = "A Hugging Face folder with vocab.json and merges.txt, for a model that does"
                        + " not share CLIP's vocabulary.")
        private Path folder;

        /** Whether the command line names a vocabulary. */
        public boolean isGiven() {
            return folder != null;
        }

        /** The tokenizer of that vocabulary, or CLIP's, which is read when it is first needed. */
        Supplier<Tokenizer> lazily() throws IOException {
            if (folder == null) {
                return Tokenizer::load;
            }
            Tokenizer given = tokenizer();
            return () -> given;
        }

        /** The tokenizer of that vocabulary, or CLIP's. */
        public Tokenizer tokenizer() throws IOException {
            return folder == null ? Tokenizer.load() : Tokenizer.fromHuggingFace(folder);
        }
    }

    /** What is done with the EXIF orientation of images. */
    public static final class Exif {
        @Option(
                names = "--exif",
                paramLabel = "keep|apply",
                description = {
                    "Apply the EXIF orientation of images, or keep the pixels as they are stored"
                            + " (default: what the run did; else apply, but keep for published datasets and"
                            + " split files, as the reference does)."
                })
        private ExifOrientation exif;

        /** The same data with what is said, if anything is. */
        public DataSpec of(DataSpec data) {
            return exif == null ? data : data.withExif(exif);
        }

        /** What is said, or else this. */
        public ExifOrientation or(ExifOrientation otherwise) {
            return Optional.ofNullable(exif).orElse(otherwise);
        }

        /** Whether anything is said. */
        public boolean isGiven() {
            return exif != null;
        }
    }

    /** The precision of products in which images are encoded and prompts trained. */
    public static final class Arithmetic {
        private static final String AUTO = "auto";

        @Option(
                names = "--precision",
                defaultValue = "float32",
                paramLabel = "TYPE",
                description = "Precision of matrix products: float32; bf16, up to twice as fast on processors"
                        + " that have it; or auto: bf16 if this one does (default:"
                        + " ${DEFAULT-VALUE}).")
        private String precision;

        /**
         * The precision to compute with.
         *
         * @throws WrongUsage if it is none
         * @throws CommandFailure if this machine does not have it
         */
        public Precision precision() {
            if (precision.equals(AUTO)) {
                return Precision.BFLOAT16.obstacle().isEmpty() ? Precision.BFLOAT16 : Precision.FLOAT32;
            }
            Precision chosen;
            try {
                chosen = Precision.of(precision);
            } catch (IllegalArgumentException e) {
                throw new WrongUsage("--precision: " + e.getMessage() + " (or auto)");
            }
            Optional<String> obstacle = chosen.obstacle();
            if (obstacle.isPresent()) {
                throw new CommandFailure("--precision " + precision + ": " + obstacle.get());
            }
            return chosen;
        }
    }

    /** Which part of a dataset a command works on. */
    public static final class Part {
        @Option(
                names = "--split",
                defaultValue = "test",
                paramLabel = "SPLIT",
                description = "train, val or test (default: ${DEFAULT-VALUE}).")
        private Split split;

        @Option(
                names = "--seed",
                paramLabel = "N",
                description = "The split's seed, where the data has no split (default: 1, and in eval the" + " run's).")
        private Long seed;

        /** Where the split's random draws begin, if the data has none. */
        public long seed() {
            return seed == null ? 1 : seed;
        }

        /** The same, or null where nothing is said. */
        public Long seedIfGiven() {
            return seed;
        }

        /** The chosen part. */
        public Split split() {
            return split;
        }

        /** The images of the chosen part; there is at least one. */
        public List<LabelledImage> of(ImageDataset dataset) {
            List<LabelledImage> images = dataset.images(split);
            if (images.isEmpty()) {
                throw new CommandFailure(dataset.name() + " has no " + name() + " images");
            }
            return images;
        }

        /** The chosen part's name. */
        public String name() {
            return split.label();
        }
    }

    /** Where image features are kept, and what becomes of images that have none. */
    public static final class Bank {
        @Option(
                names = "--bank",
                paramLabel = "DIR",
                description = "Folder that keeps image features between runs (default: in the user's cache;"
                        + " of a sweep, its subfolder bank).")
        private Path folder;

        @Option(names = "--skip-bad", description = "Skip images that cannot be read.")
        private boolean skipBad;

        /**
         * What does not change the result of runs.
         *
         * @param otherwise where features are kept if the user does not say
         */
        public Run.Options options(Path otherwise, MemoryLimit memory) {
            return new Run.Options(folder == null ? otherwise : folder, skipBad, memory);
        }

        /** What runs in a space have in common, features kept in the user's cache. */
        public SharedData shared(FeatureSpace space, MemoryLimit memory) {
            return new SharedData(space, options(CacheFolder.bank(), memory));
        }

        /** The same where no step is trained. */
        public SharedData shared(FeatureSpace space) {
            return shared(space, MemoryLimit.none());
        }
    }

    /** How results are printed: a table, or one of two forms for other programs. */
    public static class Format {
        @Option(names = "--json", description = "Print JSON.")
        private boolean json;

        @Option(names = "--csv", description = "Print comma-separated values.")
        private boolean csv;

        /** The one that was chosen. */
        public Table.Format chosen() {
            return json ? Table.Format.JSON : csv ? Table.Format.CSV : Table.Format.TABLE;
        }
    }

    /** For commands that print results one by one. */
    public static final class LineFormat extends Format {
        @Option(names = "--jsonl", description = "Print JSON Lines, one object per line.")
        private boolean lines;

        @Override
        public Table.Format chosen() {
            return lines ? Table.Format.JSON_LINES : super.chosen();
        }
    }
}
