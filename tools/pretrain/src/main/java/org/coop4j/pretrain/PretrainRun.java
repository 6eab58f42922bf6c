package org.coop4j.pretrain;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.coop4j.base.CheckedJson;
import org.coop4j.base.InputException;
import org.coop4j.base.Machine;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.model.ClipConfig;
import org.coop4j.run.Provenance;
import org.coop4j.run.RunFolder;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.DType;

/**
 * Trains a CLIP from random weights, or from those of another model, into a run folder, with
 * checkpoints and validation.
 *
 * <p>A checkpoint is written every five minutes, and after every so many epochs, when the model so far is written too
 * and measured on the validation table; the checkpoint is first, so that nothing is lost when that fails. An
 * interrupted run goes on from its last checkpoint and gives the same bits as an uninterrupted one on as many threads.
 *
 * @param initial the model that training begins with, which stays open for the run
 * @param teacher model whose image features are imitated, or null for none
 * @param validation table to measure on, or null for none
 * @param workers threads to work with, the caller's to close
 */
public record PretrainRun(
        InitialModel initial,
        Path teacher,
        PretrainConfig config,
        Path train,
        Path validation,
        Workers workers,
        Progress progress) {

    private static final String CONFIG = "config.json";

    /** Limit of the size of a configuration in bytes. */
    private static final long LARGEST = 1L << 20;

    private static final long CHECKPOINT_NANOS = TimeUnit.MINUTES.toNanos(5);

    /** The model in single precision, whole starting at the first checkpoint. */
    public static final String MODEL = "model.safetensors";

    /**
     * Runs everything that is left to do in {@code folder}.
     *
     * @param resume whether to go on with what the folder holds; otherwise it must be empty
     * @throws IOException for bad input, which is found before training starts, and what cannot be
     *     written
     */
    public void run(Path folder, boolean resume) throws IOException {
        PairTable table = PairTable.read(train);
        PairTable held = validation == null ? null : PairTable.read(validation);
        Tokenizer tokenizer = Tokenizer.load();
        ClipConfig architecture = initial.metadata().architecture();
        requireVocabulary(architecture, tokenizer);
        if ((teacher == null) != (config.distillation() == 0)) {
            throw new InputException("distillation of weight %s %s a teacher: give both or neither"
                    .formatted(config.distillation(), teacher == null ? "without" : "with"));
        }
        RunFolder.requireFree(folder, resume);
        try (RunFolder run = RunFolder.open(folder)) {
            PretrainSpec spec = new PretrainSpec(
                    architecture.toJson(),
                    initial.metadata().activation().id(),
                    initial.sha256(),
                    teacher == null ? null : Sha256.of(teacher),
                    Sha256.of(train),
                    config);
            requireOwn(run, spec);
            if (RunFolder.isFinished(folder)) {
                progress.note(folder + " is finished already");
                return;
            }
            try (Clip imitated = teacher == null ? null : open(teacher, tokenizer, Precision.fastest());
                    Pretraining training = Pretraining.prepare(config, initial, imitated, table, tokenizer, workers)) {
                if (held != null) {
                    Retrieval.check(held, architecture, tokenizer, workers);
                }
                CheckedJson.write(run.file(CONFIG), spec);
                train(run, training, held, tokenizer);
            }
        }
    }

    private static void requireVocabulary(ClipConfig architecture, Tokenizer tokenizer) throws IOException {
        int size = architecture.text().vocabularySize();
        if (size != tokenizer.vocabularySize()) {
            throw new IOException("the architecture has a vocabulary of %d tokens and CLIP's tokenizer %d: set"
                            .formatted(size, tokenizer.vocabularySize())
                    + " vocabulary_size to that");
        }
    }

    /** Refuses the folder of another run. */
    private static void requireOwn(RunFolder run, PretrainSpec spec) throws IOException {
        Path config = run.file(CONFIG);
        if (run.has(CONFIG)
                && !CheckedJson.read(config, config.toString(), PretrainSpec.class, LARGEST)
                        .equals(spec)) {
            throw new IOException("the run in "
                    + run.path()
                    + " was started with other settings or another table (see its"
                    + " config.json): resume it with those, or choose another --out");
        }
    }

    private void train(RunFolder run, Pretraining training, PairTable held, Tokenizer tokenizer) throws IOException {
        Metrics metrics = resume(run, training);
        describe(training);
        if (training.lastEpoch() != null && metrics.count() < training.epochs()) {
            record(run, training, held, tokenizer, training.lastEpoch(), metrics);
        }
        long left = training.steps() - training.stepsDone();
        try (Progress.Task task = progress.task("training", left, Progress.Unit.STEPS)) {
            training.run(new Pretraining.Listener() {
                private long written = System.nanoTime();

                @Override
                public void batch(int epoch, int batch, double loss) throws IOException {
                    task.detail(text("epoch %d/%d  loss %.4f", epoch + 1, config.epochs(), loss));
                    task.advance(1);
                    if (System.nanoTime() - written > CHECKPOINT_NANOS) {
                        write(training.state());
                    }
                }

                private void write(PretrainState state) throws IOException {
                    state.write(run.file(RunFolder.CHECKPOINT), metrics.lines());
                    written = System.nanoTime();
                }

                @Override
                public void epoch(Pretraining.Epoch epoch) throws IOException {
                    if (isCheckpoint(epoch)) {
                        write(training.state());
                    }
                    record(run, training, held, tokenizer, epoch, metrics);
                }
            });
        }
        CheckedJson.write(run.file(RunFolder.PROVENANCE), provenance(run, held));
    }

    /** Puts the training at its checkpoint, where there is one. */
    private static Metrics resume(RunFolder run, Pretraining training) throws IOException {
        if (!run.has(RunFolder.CHECKPOINT)) {
            return Metrics.begin(run.file(RunFolder.METRICS));
        }
        Path checkpoint = run.file(RunFolder.CHECKPOINT);
        try {
            PretrainState state = PretrainState.read(checkpoint);
            training.resume(state);
            return Metrics.resume(run.file(RunFolder.METRICS), state.metrics());
        } catch (IllegalArgumentException e) {
            throw new IOException(checkpoint + ": " + e.getMessage(), e);
        }
    }

    private boolean isCheckpoint(Pretraining.Epoch epoch) {
        int done = epoch.number() + 1;
        return done == config.epochs() || done % config.checkpointEvery() == 0;
    }

    /** Writes and measures the model at a checkpoint, and the line of the epoch. */
    private void record(
            RunFolder run,
            Pretraining training,
            PairTable held,
            Tokenizer tokenizer,
            Pretraining.Epoch epoch,
            Metrics metrics)
            throws IOException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("epoch", epoch.number() + 1);
        line.put("loss", epoch.loss());
        line.put("learning_rate", epoch.rate());
        line.put("logit_scale", epoch.logitScale());
        line.put("pairs_per_second", epoch.pairsPerSecond());
        if (isCheckpoint(epoch)) {
            training.write(run.file(MODEL), DType.F32);
            if (held != null) {
                Retrieval retrieval = validate(run.file(MODEL), held, tokenizer);
                line.put("recall_at_1", 100 * retrieval.recallAt1());
                line.put("recall_at_5", 100 * retrieval.recallAt5());
                progress.note(text(
                        "epoch %d: recall@1 %.1f %%, recall@5 %.1f %% among %d captions",
                        epoch.number() + 1,
                        100 * retrieval.recallAt1(),
                        100 * retrieval.recallAt5(),
                        retrieval.captions()));
            }
        }
        metrics.append(line);
        progress.note(text(
                "epoch %d: loss %.4f, rate %.2e, %.0f pairs/s",
                epoch.number() + 1, epoch.loss(), epoch.rate(), epoch.pairsPerSecond()));
    }

    private void describe(Pretraining training) {
        if (training.epochs() > 0) {
            progress.note(text("going on after epoch %d of %d", training.epochs(), config.epochs()));
        }
        progress.note(text(
                "%d steps of %d pairs and %d classes, %d different tokens, %d MB for a step",
                training.steps(),
                config.batches().size(),
                training.classes(),
                training.vocabularySize(),
                training.plan().bytes() / 1_000_000));
        if (training.picturesInMemory() < training.pictures()) {
            progress.note(text(
                    "%d of %d pictures fit in memory, the others are read each time:"
                            + " JAVA_OPTS=-Xmx… gives Java more",
                    training.picturesInMemory(), training.pictures()));
        }
    }

    private static String text(String form, Object... values) {
        return String.format(Locale.ROOT, form, values);
    }

    private Retrieval validate(Path model, PairTable held, Tokenizer tokenizer) throws IOException {
        try (Clip clip = open(model, tokenizer, Precision.FLOAT32)) {
            return Retrieval.measure(clip, held);
        }
    }

    /** Opens a model with separate threads, which it closes. */
    private Clip open(Path model, Tokenizer tokenizer, Precision precision) throws IOException {
        return Clip.open(model, new Clip.Options(file -> tokenizer, new Workers(workers.count()), precision));
    }

    private Map<String, Object> provenance(RunFolder run, PairTable held) throws IOException {
        Map<String, Object> provenance = new LinkedHashMap<>();
        provenance.put("model_sha256", Sha256.of(run.file(MODEL)));
        provenance.put("train_table", String.valueOf(train.getFileName()));
        provenance.put("train_sha256", Sha256.of(train));
        if (held != null) {
            provenance.put("validation_sha256", Sha256.of(validation));
        }
        provenance.put("version", Provenance.coop4jVersion());
        provenance.put("java", Machine.virtualMachine());
        provenance.put("system", Machine.operatingSystem());
        provenance.put("processor", Machine.processorName());
        provenance.put("threads", workers.count());
        provenance.put("finished", Instant.now().toString());
        return provenance;
    }
}
