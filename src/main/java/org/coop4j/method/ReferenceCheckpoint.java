package org.coop4j.method;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.Clip;
import org.coop4j.text.Tokenizer;
import org.coop4j.train.Training;
import org.coop4j.weights.AtomicFile;
import org.coop4j.weights.DenseTensor;
import org.coop4j.weights.Shape;
import org.coop4j.weights.pickle.OrderedDict;
import org.coop4j.weights.torch.TorchFile;
import org.coop4j.weights.torch.TorchSave;
import org.coop4j.weights.torch.TorchTensor;

/**
 * Learned prompts in the reference's form: {@code prompt_learner/model.pth.tar-EPOCH} beside a text
 * file {@code checkpoint} that names it (Dassl's {@code save_checkpoint}; CoOp's {@code
 * load_model}).
 *
 * <p>Its {@code state_dict} holds {@code ctx} [M, width] or, class-specific, [classes, M, width],
 * and the frozen embeddings around it: {@code token_prefix} [classes, 1, width] of the start token
 * and {@code token_suffix} [classes, context length - 1 - M, width] of name, ".", end token and
 * padding. Neither class names nor their position are in it.
 */
public final class ReferenceCheckpoint {

    private static final String FOLDER = "prompt_learner";
    private static final String POINTER = "checkpoint";
    private static final String FILE = "model.pth.tar-";
    private static final int MOST_POINTER_BYTES = 4096;

    /** Half precision keeps 11 bits; the reference trains and saves in it by default. */
    private static final double HALF = 1.0 / 1024;

    private static final double HALF_SMALLEST = 1e-6;

    private ReferenceCheckpoint() {}

    /**
     * Reads a checkpoint. The embeddings in it are compared with the model's and the class names',
     * so that another model, other classes or another order do not go unseen.
     *
     * @param place the file, its {@code prompt_learner} folder, or the folder above
     * @param classNames the classes that it was trained for, in the order of training
     * @param position where its class names stand
     * @throws IOException if it is something else or damaged, or belongs to another model or other
     *     classes, saying what
     */
    public static ClassifierFile read(
            Path place, Clip clip, List<String> classNames, ClassPosition position)
            throws IOException {
        Tokenizer tokenizer = clip.tokenizer();
        return read(
                place,
                clip,
                Prompts.names(classNames, tokenizer),
                position,
                tokenizer.startToken(),
                tokenizer.endToken());
    }

    static ClassifierFile read(
            Path place,
            Clip clip,
            List<ClassName> classNames,
            ClassPosition position,
            int startToken,
            int endToken)
            throws IOException {
        Path file = fileOf(place);
        try (TorchFile torch = TorchFile.open(file)) {
            Map<String, TorchTensor> state = torch.stateDict();
            TorchTensor ctx = state.get("ctx");
            if (ctx == null) {
                throw new IOException(
                        file + " holds no ctx but " + state.keySet() + ": not a CoOp checkpoint");
            }
            PromptLayout layout = layout(file, ctx.shape(), clip, classNames.size(), position);
            Embeddings expected =
                    Embeddings.of(clip, classNames, layout.length(), startToken, endToken);
            requireCount(file, state.get("token_prefix"), classNames.size());
            requireSame(file, state.get("token_prefix"), expected.prefix(), "weights: ");
            requireSame(file, state.get("token_suffix"), expected.suffix(), "class names: ");
            Map<String, String> training = new LinkedHashMap<>();
            training.put("imported_from", String.valueOf(file.getFileName()));
            CoOp method =
                    new CoOp(layout.length(), layout.position(), layout.classSpecific(), null);
            List<String> names = classNames.stream().map(ClassName::name).toList();
            return ClassifierFile.of(method, names, clip.model().sha256())
                    .withTraining(training)
                    .with(PromptContext.CTX, ctx.shape(), finite(file, ctx.floats()));
        }
    }

    private static float[] finite(Path file, float[] values) throws IOException {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new IOException(file + ": ctx holds " + value);
            }
        }
        return values;
    }

    private static PromptLayout layout(
            Path file, Shape ctx, Clip clip, int classes, ClassPosition position)
            throws IOException {
        int width = clip.architecture().text().width();
        int most = clip.architecture().text().contextLength();
        if ((ctx.rank() != 2 && ctx.rank() != 3)
                || ctx.dim(ctx.rank() - 1) != width
                || ctx.dim(ctx.rank() - 2) < 1
                || ctx.dim(ctx.rank() - 2) > most) {
            throw new IOException(
                    "%s: ctx of shape %s is no context of this model, whose text width is %d"
                            .formatted(file, ctx, width));
        }
        boolean classSpecific = ctx.rank() == 3;
        if (classSpecific && ctx.dim(0) != classes) {
            throw otherCount(file, ctx.dim(0), classes);
        }
        return new PromptLayout((int) ctx.dim(ctx.rank() - 2), position, classSpecific);
    }

    /** A context for all classes does not tell their number; the embeddings beside it do. */
    private static void requireCount(Path file, TorchTensor prefix, int classes)
            throws IOException {
        if (prefix != null && prefix.shape().rank() > 0 && prefix.shape().dim(0) != classes) {
            throw otherCount(file, prefix.shape().dim(0), classes);
        }
    }

    private static IOException otherCount(Path file, long trained, int given) {
        return new IOException(
                "%s was trained for %d classes, but %d class names are given: give all class names"
                                .formatted(file, trained, given)
                        + " in the order of training");
    }

    /** The embeddings of a checkpoint, absent in some, against those that it should have. */
    private static void requireSame(Path file, TorchTensor found, DenseTensor expected, String what)
            throws IOException {
        if (found == null) {
            return;
        }
        boolean same = found.shape().equals(expected.shape());
        if (same) {
            float[] actual = found.floats();
            ByteBuffer values = expected.data();
            for (int i = 0; i < actual.length && same; i++) {
                float value = values.getFloat(i * Float.BYTES);
                double tolerance = HALF * Math.abs(value) + HALF_SMALLEST;
                same = Math.abs((double) actual[i] - value) <= tolerance;
            }
        }
        if (!same) {
            throw new IOException(
                    file
                            + " was trained with other "
                            + what
                            + "give the model, and all class names in the order, that it was"
                            + " trained with");
        }
    }

    private static Path fileOf(Path place) throws IOException {
        if (!Files.exists(place)) {
            throw new IOException("no such file or folder: " + place);
        }
        if (!Files.isDirectory(place)) {
            return place;
        }
        Path inner = place.resolve(FOLDER);
        Path folder = Files.isDirectory(inner) ? inner : place;
        Path pointer = folder.resolve(POINTER);
        if (!Files.isRegularFile(pointer) || Files.size(pointer) > MOST_POINTER_BYTES) {
            throw new IOException(
                    place + " has no file \"" + POINTER + "\": give a file model.pth.tar-EPOCH");
        }
        String name = Files.readString(pointer, StandardCharsets.UTF_8).strip();
        if (!name.matches("model[A-Za-z0-9.-]*")) {
            throw new IOException(pointer + " does not name a checkpoint beside it: " + name);
        }
        return folder.resolve(name);
    }

    /**
     * Writes a learned prompt so that the reference's {@code load_model(directory, epoch)} reads
     * it. The optimizer's state is empty: training does not go on from it.
     *
     * @param folder where {@code prompt_learner/} is made
     * @param epoch number of epochs it was trained for, which names the file
     * @return the file
     * @throws IllegalArgumentException if the prompt belongs to another model
     */
    public static Path write(Path folder, Clip clip, ClassifierFile prompt, int epoch)
            throws IOException {
        Tokenizer tokenizer = clip.tokenizer();
        prompt.requireModel(clip);
        List<ClassName> names = Prompts.names(prompt.classNames(), tokenizer);
        return write(
                folder, clip, prompt, names, epoch, tokenizer.startToken(), tokenizer.endToken());
    }

    static Path write(
            Path folder,
            Clip clip,
            ClassifierFile prompt,
            List<ClassName> names,
            int epoch,
            int startToken,
            int endToken)
            throws IOException {
        if (epoch < 1) {
            throw new IllegalArgumentException("epoch " + epoch + ": the first is 1");
        }
        LearnedContext context = LearnedContext.of(prompt);
        PromptLayout layout = context.layout();
        Embeddings around = Embeddings.of(clip, names, layout.length(), startToken, endToken);
        Map<Object, Object> state = new OrderedDict();
        state.put(
                "ctx",
                DenseTensor.ofFloats(prompt.tensor(PromptContext.CTX).shape(), context.vectors()));
        state.put("token_prefix", around.prefix());
        state.put("token_suffix", around.suffix());
        Map<Object, Object> root = new LinkedHashMap<>();
        root.put("state_dict", state);
        root.put("epoch", epoch);
        root.put("optimizer", optimizer());
        root.put("scheduler", scheduler(epoch));
        root.put("val_result", null);
        Path target = Files.createDirectories(folder.resolve(FOLDER));
        Path file = target.resolve(FILE + epoch);
        TorchSave.write(file, root);
        try (AtomicFile pointer = AtomicFile.create(target.resolve(POINTER))) {
            String line = file.getFileName() + "\n";
            pointer.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)), 0);
            pointer.commit();
        }
        return file;
    }

    private static Map<Object, Object> optimizer() {
        Training reference = Training.coop(1, 1);
        Map<Object, Object> group = new LinkedHashMap<>();
        group.put("lr", reference.rate());
        group.put("momentum", reference.momentum());
        group.put("dampening", 0);
        group.put("weight_decay", reference.weightDecay());
        group.put("nesterov", false);
        group.put("initial_lr", reference.rate());
        group.put("params", new ArrayList<>(List.of(0)));
        Map<Object, Object> optimizer = new LinkedHashMap<>();
        optimizer.put("state", new LinkedHashMap<>());
        optimizer.put("param_groups", new ArrayList<>(List.of(group)));
        return optimizer;
    }

    private static Map<Object, Object> scheduler(int epoch) {
        Map<Object, Object> scheduler = new LinkedHashMap<>();
        scheduler.put("base_lrs", new ArrayList<>(List.of(Training.coop(1, 1).rate())));
        scheduler.put("last_epoch", epoch);
        scheduler.put("_step_count", epoch + 1);
        return scheduler;
    }

    /** The frozen embeddings around the context. */
    private record Embeddings(DenseTensor prefix, DenseTensor suffix) {

        static Embeddings of(
                Clip clip, List<ClassName> names, int vectors, int startToken, int endToken) {
            int width = clip.architecture().text().width();
            int length = clip.architecture().text().contextLength() - 1 - vectors;
            float[] start = clip.tokenEmbedding(startToken);
            float[] prefix = new float[Math.multiplyExact(names.size(), width)];
            float[] suffix = new float[Math.multiplyExact(names.size(), length * width)];
            for (int c = 0; c < names.size(); c++) {
                ClassName name = names.get(c);
                if (name.length() + 1 > length) {
                    throw new IllegalArgumentException(
                            "class \"%s\": its %d tokens do not fit behind %d context vectors"
                                    .formatted(name.name(), name.length() + 1, vectors));
                }
                System.arraycopy(start, 0, prefix, c * width, width);
                for (int i = 0; i < length; i++) {
                    int token =
                            i < name.length() ? name.token(i) : i == name.length() ? endToken : 0;
                    int at = (c * length + i) * width;
                    System.arraycopy(clip.tokenEmbedding(token), 0, suffix, at, width);
                }
            }
            return new Embeddings(
                    DenseTensor.ofFloats(Shape.of(names.size(), 1, width), prefix),
                    DenseTensor.ofFloats(Shape.of(names.size(), length, width), suffix));
        }
    }
}
