package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.clip.Step;
import org.coop4j.clip.TinyModel;
import org.coop4j.clip.VisualProjection;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.FeatureMethod.ClassTexts;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.model.ClipConfig;

/** The golden few-shot problem of the feature methods, and training on it. */
public final class GoldenProblem implements AutoCloseable {

    private final GoldenMethods values;
    private final Clip clip;

    private GoldenProblem(GoldenMethods values, Clip clip) {
        this.values = values;
        this.clip = clip;
    }

    /** With a model of the values' widths and logit scale. */
    public static GoldenProblem open(Path folder) throws IOException {
        GoldenMethods values = GoldenMethods.open("problem");
        ClipConfig.Vit tiny = (ClipConfig.Vit) TinyModel.ARCHITECTURE.vision();
        int before = values.json().get("pre_projection_dim").asInt();
        ClipConfig architecture = new ClipConfig(
                values.json().get("dim").asInt(),
                new ClipConfig.Vit(tiny.imageSize(), tiny.patchSize(), before, 1, 1, before),
                TinyModel.ARCHITECTURE.text());
        Path model = folder.resolve("tiny.safetensors");
        Clip clip = TinyModel.open(TinyModel.write(architecture, model, 1), 1);
        assertThat((double) clip.logitScale())
                .isCloseTo(values.json().get("logit_scale").asDouble(), within(1e-4));
        return new GoldenProblem(values, clip);
    }

    /** The classifier of a model as it is now. */
    public Classifier classifier(Method method, FeatureMethod.Head model) throws IOException {
        return file(method, model).open(clip);
    }

    /** The same of an image tower that ends in another layer than the model's. */
    public Classifier classifier(Method method, FeatureMethod.Head model, VisualProjection layer) throws IOException {
        return file(method, model).open(withProjection(layer));
    }

    /** The head of a method before training, and whatever it does in closed form. */
    public FeatureMethod.Head head(Method method, FeatureMatrix text, FeatureSet train, FeatureSet val)
            throws IOException {
        return head(method, text, train, val, clip, new Trainer(method.training(1), 1));
    }

    /**
     * The same in another space.
     *
     * @param text features that are not normalised, [templates · classes, embed]
     */
    public FeatureMethod.Head head(
            Method method, FeatureMatrix text, FeatureSet train, FeatureSet val, FeatureSpace other, Trainer trainer)
            throws IOException {
        List<String> templates = IntStream.range(0, text.rows() / classes())
                .mapToObj(i -> "prompt " + i + " of {}")
                .toList();
        List<String> prompts = templates.stream()
                .flatMap(template -> PromptEnsemble.texts(template, classNames()).stream())
                .toList();
        FeatureSpace known =
                FeatureTable.of(Precision.FLOAT32, "", clip.logLogitScale(), prompts, text, clip.workers());
        ClassTexts texts =
                new ClassTexts(new PromptEnsemble(templates), but(other, "encodeTexts", known), classNames());
        return ((FeatureMethod) method).start(texts, new FewShotFeatures(train, val), trainer);
    }

    /** A space, but that a method is called on something else. */
    public static FeatureSpace but(FeatureSpace space, String name, FeatureSpace other) {
        return (FeatureSpace) Proxy.newProxyInstance(
                FeatureSpace.class.getClassLoader(),
                new Class<?>[] {FeatureSpace.class},
                (proxy, called, arguments) -> called.invoke(
                        called.getName().equals(name) || called.getName().equals("requireText") ? other : space,
                        arguments));
    }

    /** The model's space, but for its visual projection. */
    public FeatureSpace withProjection(VisualProjection layer) {
        return (FeatureSpace) Proxy.newProxyInstance(
                FeatureSpace.class.getClassLoader(),
                new Class<?>[] {FeatureSpace.class},
                (proxy, called, arguments) ->
                        called.getName().equals("requireVisualProjection") ? layer : called.invoke(clip, arguments));
    }

    private ClassifierFile file(Method method, FeatureMethod.Head model) throws IOException {
        Method used = Settings.has(method.settings(), "templates")
                ? method.with(Map.of("templates", "{}", "own", false))
                : method;
        ClassifierFile file = ClassifierFile.of(used, classNames(), clip.model().sha256());
        return model.addTo(file);
    }

    public Clip clip() {
        return clip;
    }

    public int classes() {
        return values.json().get("classes").asInt();
    }

    public List<String> classNames() {
        return IntStream.range(0, classes()).mapToObj(i -> "class " + i).toList();
    }

    /** Returns the first images of each class, in all or some of their views. */
    public FeatureSet support(String rowsOf, int shots, int... some) throws IOException {
        int all = values.json().get("shots").asInt();
        int allViews = values.json().get("views").asInt();
        int[] views = some.length == 0 ? IntStream.range(0, allViews).toArray() : some;
        int width = Math.toIntExact(values.shape(rowsOf).dim(2));
        float[] train = values.floats(rowsOf);
        int[] trainLabels = values.ints("train_labels");
        float[] rows = new float[classes() * shots * views.length * width];
        int[] labels = new int[classes() * shots];
        for (int i = 0; i < labels.length; i++) {
            int image = i / shots * all + i % shots;
            labels[i] = trainLabels[image];
            for (int v = 0; v < views.length; v++) {
                System.arraycopy(
                        train, (image * allViews + views[v]) * width, rows, (i * views.length + v) * width, width);
            }
        }
        return new DenseFeatures(width, views.length, rows, labels);
    }

    /** The first shots of each class with the first views, as a case says. */
    public FeatureSet support(String rowsOf, JsonNode c) throws IOException {
        int views = c.get("views").asInt();
        return support(rowsOf, c.get("shots").asInt(), IntStream.range(0, views).toArray());
    }

    public FeatureSet val() throws IOException {
        return values.features("val", "val_labels");
    }

    public FeatureMatrix test() throws IOException {
        return values.matrix("test");
    }

    public FeatureMatrix matrix(String name) throws IOException {
        return values.matrix(name);
    }

    /** The problem's visual projection. */
    public VisualProjection projection(FeatureMatrix bias) throws IOException {
        return new VisualProjection("visual.proj", values.matrix("proj").transposed(), bias);
    }

    /** Raw features of all templates, template after template. */
    public FeatureMatrix templates() throws IOException {
        float[] all = values.floats("text_templates");
        int width = values.json().get("dim").asInt();
        return FeatureMatrix.of(all.length / width, width, all);
    }

    /** Percentage of the test images that these logits classify correctly. */
    public double accuracy(FeatureMatrix logits) throws IOException {
        return values.accuracy(logits);
    }

    /** Within one image. */
    public void assertAccuracy(FeatureMatrix logits, double expected) throws IOException {
        values.assertAccuracy(logits, expected);
    }

    /**
     * The first logits and gradients, the losses, and the tensors after ten steps and after the last.
     *
     * @param batches the samples of each step
     * @param tensors learned tensors by their names in the file; that of TaskRes is checked elsewhere
     * @param form values or gradients as the file has them
     */
    public void assertSteps(
            GoldenMethods golden,
            String key,
            FeatureMethod.Head model,
            FeatureSet samples,
            int steps,
            IntFunction<int[]> batches,
            Optimizer optimizer,
            IntToDoubleFunction rate,
            Map<String, LearnedTensor> tensors,
            UnaryOperator<float[]> form)
            throws IOException {
        JsonNode c = golden.of(key);
        String losses = c.has("losses10") ? "losses10" : "losses";
        if (golden.has(key + ".logits.init")) {
            assertFirstLogits(golden, key, model, samples, batches.apply(0));
        }
        try (BatchStep trainable = model.step(clip, samples, classes())) {
            for (int step = 0; step < steps; step++) {
                double loss = trainable.run(step, batches.apply(step));
                if (step < c.get(losses).size()) {
                    golden.assertLoss(key, losses, step, loss);
                }
                if (step == 0) {
                    for (Map.Entry<String, LearnedTensor> tensor : tensors.entrySet()) {
                        float[] gradient = form.apply(tensor.getValue().gradient());
                        golden.assertClose(key, tensor.getKey() + ".grad", gradient);
                    }
                }
                optimizer.step(model.learned(), rate.applyAsDouble(step), step + 1L);
                if (step + 1 == 10 || step + 1 == steps) {
                    for (Map.Entry<String, LearnedTensor> tensor : tensors.entrySet()) {
                        if (!tensor.getKey().equals("x")) {
                            float[] values = form.apply(tensor.getValue().values());
                            golden.assertClose(key, tensor.getKey() + ".step" + (step + 1), values);
                        }
                    }
                }
            }
        }
    }

    /** The same with steps on all samples at once. */
    public void assertFullBatches(
            GoldenMethods golden,
            String key,
            FeatureMethod.Head model,
            FeatureSet samples,
            Optimizer optimizer,
            IntToDoubleFunction rate,
            int steps,
            Map<String, LearnedTensor> tensors,
            UnaryOperator<float[]> form)
            throws IOException {
        int[] all = IntStream.range(0, samples.size()).toArray();
        assertSteps(golden, key, model, samples, steps, step -> all, optimizer, rate, tensors, form);
    }

    /** Takes steps on all samples at once. */
    public void steps(
            FeatureMethod.Head model,
            FeatureSet samples,
            Optimizer optimizer,
            IntToDoubleFunction rate,
            int from,
            int end)
            throws IOException {
        int[] all = IntStream.range(0, samples.size()).toArray();
        try (BatchStep trainable = model.step(clip, samples, classes())) {
            for (int step = from; step < end; step++) {
                trainable.run(step, all);
                optimizer.step(model.learned(), rate.applyAsDouble(step), step + 1L);
            }
        }
    }

    /** Trains a head as its method does. */
    public void train(FeatureMethod.Head head, FewShotFeatures data, Trainer trainer) throws IOException {
        head.train(clip, data, classes(), trainer);
    }

    /** Checks the logits of the first batch before training. */
    public void assertFirstLogits(
            GoldenMethods golden, String key, FeatureMethod.Head model, FeatureSet samples, int[] batch)
            throws IOException {
        try (Step step = clip.step(model.learned(), batch.length, samples.width(), classes(), model::loss)) {
            golden.assertClose(
                    key, "logits.init", GoldenPrompts.logits(step, samples, model.normalized(), batch, classes()));
        }
    }

    @Override
    public void close() throws IOException {
        clip.close();
        values.close();
    }
}
