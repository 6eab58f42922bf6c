package org.coop4j.method;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.InputException;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.base.TextFile;
import org.coop4j.clip.Clip;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.ClassifierFile.Tensor;
import org.coop4j.method.PromptLayout.ClassName;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.Shape;
import org.coop4j.weights.pickle.Unpickler.OrderedDict;
import org.coop4j.weights.torch.TorchFile;
import org.coop4j.weights.torch.TorchSave;
import org.coop4j.weights.torch.TorchSave.DenseTensor;
import org.coop4j.weights.torch.TorchTensor;

/**
 * Learned prompts in the reference's form: {@code prompt_learner/model.pth.tar-EPOCH} beside a text file {@code
 * checkpoint} that names it (Dassl's {@code save_checkpoint}; CoOp's {@code load_model}).
 *
 * <p>Its {@code state_dict} holds {@code ctx} [M, width] or, class-specific, [classes, M, width], other learned
 * tensors, such as a meta-net, and the frozen embeddings around the context: {@code token_prefix} [classes, 1, width]
 * of the start token and {@code token_suffix} [classes, context length - 1 - M, width] of name, ".", end token and
 * padding. It records neither the method nor the class names nor their position.
 */
public final class ReferenceCheckpoint {

    private static final String FOLDER = "prompt_learner";
    private static final List<String> FOLDERS =
            List.of(FOLDER, "VLPromptLearner", "MultiModalPromptLearner", "MultiModalRepresentationLearner");
    private static final String POINTER = "checkpoint";
    private static final String FILE = "model.pth.tar-";
    private static final String PREFIX = "token_prefix";
    private static final String SUFFIX = "token_suffix";
    private static final String ALL_NAMES = "give all class names in the order of training";
    private static final int MOST_POINTER_BYTES = 1 << 20;

    /** Relative tolerance: half precision, in which the reference saves by default, keeps 11 bits. */
    private static final double HALF = 1.0 / 1024;

    private static final double HALF_SMALLEST = 1e-6;

    private ReferenceCheckpoint() {}

    /** Returns the names of the methods whose authors' checkpoints can be read. */
    public static List<String> methods() {
        return names(method -> hasPrompt(method) || (method instanceof TowerMethod tower && tower.hasCheckpoints()));
    }

    private static List<String> names(Predicate<Method> filter) {
        return Method.all().stream().filter(filter).map(Method::id).toList();
    }

    /** Returns true if the reference saves the method's tensors as {@code prompt_learner}. */
    private static boolean hasPrompt(Method method) {
        return method instanceof PromptMethod prompts
                && !prompts.checkpointTensors().isEmpty();
    }

    /**
     * Reads a checkpoint. A prompt's embeddings are compared with those of the model and the class names, which detects
     * another model, other classes or another order. One of a method that trains through the image tower has learned tensors
     * by the names of its code.
     *
     * @param place the file, its {@code prompt_learner} folder, or the folder above
     * @param method the method that it was trained by; the number of context vectors, and whether they are
     *     class-specific, come from the checkpoint
     * @param classNames the classes that it was trained for, in the order of training
     * @throws IllegalArgumentException if the method has no such checkpoints
     * @throws IOException if the file is not a checkpoint, is damaged, or belongs to another method or model or other
     *     classes
     */
    public static ClassifierFile read(Path place, Clip clip, Method method, List<String> classNames)
            throws IOException {
        if (method instanceof TowerMethod tower && tower.hasCheckpoints()) {
            return TowerCheckpoint.read(fileOf(place), clip, tower, classNames);
        }
        return read(place, clip, method, prompts -> Words.of(clip, prompts, classNames));
    }

    static ClassifierFile read(Path place, Clip clip, Method method, Function<PromptMethod, Words> wording)
            throws IOException {
        Path file = fileOf(place);
        try (TorchFile torch = TorchFile.open(file)) {
            Map<String, TorchTensor> state = torch.stateDict();
            for (String name : checkpointed(method).checkpointTensors()) {
                InputException.require(
                        state.containsKey(name),
                        "%s holds no %s but %s: not a checkpoint of %s",
                        file,
                        name,
                        state.keySet(),
                        method.id());
            }
            Shape ctx = state.get(PromptContext.CTX).shape();
            Method trained = trained(file, method, ctx, clip);
            PromptMethod prompts = checkpointed(trained);
            Words words = wording.apply(prompts);
            List<String> classNames =
                    words.tokenizedNames().stream().map(ClassName::name).toList();
            requireCount(file, state.get(PromptContext.CTX), classNames.size());
            requireCount(file, state.get(PREFIX), classNames.size());
            Embeddings expected = Embeddings.of(clip, words, (int) ctx.dim(ctx.rank() - 2));
            requireSame(file, state.get(PREFIX), expected.prefix(), "weights");
            requireSame(file, state.get(SUFFIX), expected.suffix(), "class names");
            ClassifierFile learned = ClassifierFile.of(trained, classNames, clip.modelSha256())
                    .withOrigin(Origin.NONE.with("imported_from", file.getFileName()));
            for (String name : prompts.checkpointTensors()) {
                TorchTensor tensor = state.get(name);
                learned = learned.with(name, tensor.shape(), ClassifierFile.finite(file, name, tensor.floats()));
            }
            prompts.require(clip, learned);
            return learned;
        }
    }

    private static PromptMethod checkpointed(Method method) {
        if (hasPrompt(method)) {
            return (PromptMethod) method;
        }
        throw new IllegalArgumentException("%s has no checkpoint in the reference's form: expected one of %s, or ONNX"
                .formatted(method.id(), String.join(", ", names(ReferenceCheckpoint::hasPrompt))));
    }

    /** Returns the method with the checkpoint's number of context vectors, class-specific or not. */
    private static Method trained(Path file, Method method, Shape ctx, Clip clip) throws IOException {
        int width = clip.architecture().text().width();
        int most = clip.architecture().text().contextLength();
        int rank = ctx.rank();
        InputException.require(
                rank >= 2
                        && rank <= 3
                        && ctx.dim(rank - 1) == width
                        && ctx.dim(rank - 2) >= 1
                        && ctx.dim(rank - 2) <= most,
                "%s: ctx of shape %s does not fit this model, whose text width is %d",
                file,
                ctx,
                width);
        Map<String, Object> settings = new LinkedHashMap<>();
        if (Settings.has(method.settings(), "words")) {
            settings.put("words", null);
        }
        settings.put("context_length", ctx.dim(rank - 2));
        if (Settings.has(method.settings(), "class_specific")) {
            settings.put("class_specific", rank == 3);
        } else if (rank == 3) {
            throw new IOException("%s: ctx of shape %s is class-specific, which %s does not support"
                    .formatted(file, ctx, method.id()));
        }
        return method.with(settings);
    }

    /** Compares the number of classes: a unified context does not have one, but the embeddings do. */
    private static void requireCount(Path file, TorchTensor ofClasses, int given) throws IOException {
        if (ofClasses != null && ofClasses.shape().rank() == 3) {
            long trained = ofClasses.shape().dim(0);
            InputException.require(
                    trained == given,
                    "%s was trained for %d classes, but %d class names are given: %s",
                    file,
                    trained,
                    given,
                    ALL_NAMES);
        }
    }

    /** Compares the embeddings of a checkpoint, absent in some, with the expected ones. */
    private static void requireSame(Path file, TorchTensor found, Tensor expected, String what) throws IOException {
        if (found == null) {
            return;
        }
        boolean same = found.shape().equals(expected.shape());
        if (same) {
            float[] actual = found.floats();
            for (int i = 0; i < actual.length && same; i++) {
                float value = expected.values()[i];
                double tolerance = HALF * Math.abs(value) + HALF_SMALLEST;
                same = Math.abs((double) actual[i] - value) <= tolerance;
            }
        }
        InputException.require(same, "%s was trained with other %s: use its model, and %s", file, what, ALL_NAMES);
    }

    private static Path fileOf(Path place) throws IOException {
        InputException.require(Files.exists(place), "no such file or folder: %s", place);
        if (!Files.isDirectory(place)) {
            return place;
        }
        Path folder = FOLDERS.stream()
                .map(place::resolve)
                .filter(Files::isDirectory)
                .findFirst()
                .orElse(place);
        Path pointer = folder.resolve(POINTER);
        InputException.require(
                Files.exists(pointer), "%s has no file \"%s\": give a file model.pth.tar-EPOCH", place, POINTER);
        String name = TextFile.read(pointer, MOST_POINTER_BYTES).strip();
        InputException.require(
                name.matches("model[A-Za-z0-9.-]*"), "%s does not name a checkpoint in its folder: %s", pointer, name);
        return folder.resolve(name);
    }

    /**
     * Writes a learned prompt so that the reference's {@code load_model(directory, epoch)} reads it. The optimizer's
     * state is empty: training cannot resume from it.
     *
     * @param folder parent of {@code prompt_learner/}
     * @param epoch number of epochs of the training, which names the file
     * @return the file
     * @throws IllegalArgumentException if the prompt belongs to another model, or its method has no such checkpoints
     */
    public static Path write(Path folder, Clip clip, ClassifierFile prompt, int epoch) throws IOException {
        prompt.requireModel(clip);
        PromptMethod prompts = checkpointed(prompt.method());
        return write(folder, clip, prompt, Words.of(clip, prompts, prompt.classNames()), epoch);
    }

    static Path write(Path folder, Clip clip, ClassifierFile prompt, Words words, int epoch) throws IOException {
        Require.that(epoch >= 1, "epoch: expected 1 or more, got %s", epoch);
        int length = PromptLayout.of(prompt).length();
        Embeddings around = Embeddings.of(clip, words, length);
        Map<Object, Object> state = new OrderedDict();
        for (String name : checkpointed(prompt.method()).checkpointTensors()) {
            state.put(name, saved(prompt.tensor(name)));
            if (name.equals(PromptContext.CTX)) { // parameter and buffers of the module itself
                state.put(PREFIX, saved(around.prefix()));
                state.put(SUFFIX, saved(around.suffix()));
            }
        }
        Path target = Files.createDirectories(folder.resolve(FOLDER));
        Path file = target.resolve(FILE + epoch);
        TorchSave.write(file, root(state, epoch));
        String line = file.getFileName() + "\n";
        AtomicFile.write(target.resolve(POINTER), line);
        return file;
    }

    private static DenseTensor saved(Tensor tensor) {
        return DenseTensor.ofFloats(tensor.shape(), tensor.values());
    }

    private static Map<String, Object> root(Map<Object, Object> state, int epoch) throws IOException {
        Training reference = Training.coop(1, 1);
        Map<String, Object> root = JsonTree.readObject(
                FILE,
                """
                {"state_dict": null,
                 "epoch": %1$d,
                 "optimizer": {
                   "state": {},
                   "param_groups": [{"lr": %3$s, "momentum": %4$s, "dampening": 0, "weight_decay": %5$s,
                     "nesterov": false, "initial_lr": %3$s, "params": [0]}]},
                 "scheduler": {"base_lrs": [%3$s], "last_epoch": %1$d, "_step_count": %2$d},
                 "val_result": null}
                """
                        .formatted(epoch, epoch + 1, reference.rate(), reference.momentum(), reference.weightDecay()));
        root.put("state_dict", state);
        return root;
    }

    /** The tokens around the context. */
    record Words(List<ClassName> tokenizedNames, Tokenizer.Frame frame) {

        static Words of(Clip clip, PromptMethod prompts, List<String> classNames) {
            return new Words(
                    prompts.tokenizedNames(clip, classNames), clip.tokenizer().frame());
        }
    }

    /** The frozen embeddings around the context. */
    private record Embeddings(Tensor prefix, Tensor suffix) {

        static Embeddings of(Clip clip, Words words, int vectors) {
            List<ClassName> names = words.tokenizedNames();
            int width = clip.architecture().text().width();
            int length = clip.architecture().text().contextLength() - 1 - vectors;
            int[] starts = new int[names.size()];
            Arrays.fill(
                    starts,
                    words.frame()
                            .start()
                            .orElseThrow(
                                    () -> new UnsupportedOperationException(
                                            "the reference's files begin with a start token, and this model has none: there is no such file")));
            int[] others = new int[Math.multiplyExact(names.size(), length)];
            for (int c = 0; c < names.size(); c++) {
                int[] tokens = names.get(c).tokens();
                Require.that(
                        tokens.length + 1 <= length,
                        "class \"%s\": its %d tokens do not fit after %d context vectors",
                        names.get(c).name(),
                        tokens.length + 1,
                        vectors);
                System.arraycopy(tokens, 0, others, c * length, tokens.length);
                others[c * length + tokens.length] = words.frame().end().orElseThrow();
            }
            return new Embeddings(
                    new Tensor(Shape.of(names.size(), 1, width), PromptContext.embeddings(clip, starts)),
                    new Tensor(Shape.of(names.size(), length, width), PromptContext.embeddings(clip, others)));
        }
    }
}
