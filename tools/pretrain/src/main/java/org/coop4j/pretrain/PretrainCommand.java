package org.coop4j.pretrain;

import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.base.InputException;
import org.coop4j.base.SafeText;
import org.coop4j.base.TextFile;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.cli.Converters;
import org.coop4j.cli.ModelOptions;
import org.coop4j.console.Interrupt;
import org.coop4j.console.WrongUsage;
import org.coop4j.graph.host.Workers;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code pretrain}: trains a small CLIP from pairs of an image and a caption. */
@Command(
        name = "pretrain",
        description = {
            "Train a small CLIP of your own from pictures and captions.",
            "",
            "The table is a CSV file with the header path,caption and one row per caption of a"
                    + " picture; paths are relative to it. Everything is checked before training"
                    + " starts.",
            "",
            "Expect little: with batches of 64 to 512 pairs and tens of thousands of pictures of"
                    + " one kind, a model learns that kind of picture and the words of its captions, no"
                    + " more. (OpenAI trained CLIP on 400 million pairs in batches of 32,768.) With"
                    + " fewer than a few thousand pictures, adapt a published model with coop train"
                    + " instead.",
            ""
        },
        footer = {
            "  pretrain --arch clip.json --train pairs.csv --val held.csv -o run",
            "  pretrain --arch clip.json --config how.json --train pairs.csv -o run",
            "",
            "The model is run/model.safetensors.",
            "To resume an interrupted run, repeat the command with --resume."
        })
final class PretrainCommand extends ConsoleCommand {

    @ArgGroup(multiplicity = "1")
    private Beginning beginning;

    /** What training begins with. */
    private static final class Beginning {
        @Option(
                names = "--arch",
                paramLabel = "FILE",
                converter = Converters.FileName.class,
                description = "The dimensions of a model to begin with random weights, as JSON.")
        private Path architecture;

        @Option(
                names = "--from",
                paramLabel = "FILE",
                converter = Converters.FileName.class,
                description = "A model to train on, in place of random weights.")
        private Path model;
    }

    @Option(
            names = "--teacher",
            paramLabel = "FILE",
            converter = Converters.FileName.class,
            description = "A model whose image features are imitated; with --arch, its text tower is the beginning.")
    private Path teacher;

    @Option(
            names = "--train",
            required = true,
            paramLabel = "FILE",
            converter = Converters.FileName.class,
            description = "The table of pictures and captions.")
    private Path train;

    @Option(
            names = "--val",
            paramLabel = "FILE",
            converter = Converters.FileName.class,
            description = "A table of held-out pictures, to measure retrieval on.")
    private Path validation;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "DIR",
            description = "The run's folder.")
    private Path out;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            converter = Converters.FileName.class,
            description = "All training settings, as JSON (see a run's config.json); other options" + " override them.")
    private Path settings;

    @Option(names = "--epochs", paramLabel = "N", description = "Number of epochs (default: 30).")
    private Integer epochs;

    @Option(names = "--batch", paramLabel = "N", description = "Pairs per step (default: 128).")
    private Integer batch;

    @Option(names = "--lr", paramLabel = "RATE", description = "Highest learning rate (default: 0.001).")
    private Double rate;

    @Option(names = "--seed", paramLabel = "N", description = "Random seed (default: 1).")
    private Long seed;

    @Option(names = "--checkpoint-every", paramLabel = "N", description = "Epochs between checkpoints (default: 1).")
    private Integer checkpointEvery;

    @Option(
            names = "--activation",
            defaultValue = "quick_gelu",
            paramLabel = "NAME",
            description = "quick_gelu or gelu, with --arch (default: ${DEFAULT-VALUE}).")
    private MlpActivation activation;

    @Option(names = "--resume", description = "Resume the run in the folder.")
    private boolean resume;

    @Override
    public Integer call() throws IOException {
        PretrainConfig config = config();
        if (beginning.model != null) {
            try (ConvertedModel model = ConvertedModel.open(ModelOptions.file(beginning.model))) {
                return run(config, InitialModel.of(model));
            }
        }
        InitialModel random = InitialModel.random(dimensions(), activation, config.seed());
        if (teacher == null) {
            return run(config, random);
        }
        try (ConvertedModel model = ConvertedModel.open(ModelOptions.file(teacher))) {
            return run(config, random.withTextOf(model));
        }
    }

    private int run(PretrainConfig config, InitialModel initial) throws IOException {
        Interrupt interrupt = new Interrupt(console, Interrupt.RESUME);
        try (Workers workers = Workers.standard()) {
            new PretrainRun(initial, teacherFile(), config, train, validation, workers, console).run(out, resume);
        } finally {
            interrupt.close();
        }
        console.out().println(SafeText.line(out.resolve(PretrainRun.MODEL).toString()));
        return 0;
    }

    private Path teacherFile() throws IOException {
        return teacher == null ? null : ModelOptions.file(teacher);
    }

    private ClipConfig dimensions() throws IOException {
        try {
            return ClipConfig.fromJson(TextFile.read(beginning.architecture));
        } catch (InputException e) {
            throw new InputException(beginning.architecture + ": " + e.getMessage(), e);
        }
    }

    private PretrainConfig config() throws IOException {
        PretrainConfig base = settings == null ? PretrainConfig.standard(1) : PretrainSpec.readConfig(settings);
        PairBatches.Rule rule = base.batches();
        return WrongUsage.unless(() -> new PretrainConfig(
                epochs == null ? base.epochs() : epochs,
                new PairBatches.Rule(batch == null ? rule.size() : batch, rule.firstCaption(), rule.classPictures()),
                base.distillation(),
                rate == null ? base.rate() : rate,
                epochs == null ? base.warmupEpochs() : Math.min(base.warmupEpochs(), epochs / 10.0),
                base.optimizer(),
                base.augmentation(),
                base.cutMix(),
                epochs == null ? base.plainEpochs() : base.plainEpochs() * epochs / base.epochs(),
                seed == null ? base.seed() : seed,
                checkpointEvery == null ? base.checkpointEvery() : checkpointEvery));
    }
}
