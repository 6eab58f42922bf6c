package org.coop4j.method;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.benchmark.PromptTemplates;
import org.coop4j.eval.Temperature;
import org.coop4j.train.Setting;
import org.coop4j.train.Training;
import org.coop4j.weights.Shape;

/**
 * Zero-shot CLIP (Radford et al., 2021, section 3.1; the reference's {@code zsclip.py}): the
 * features of hand-written prompts are the class weights, those of several averaged.
 *
 * @param templates prompts in which {@code {}} stands for the class name
 * @param own whether the prompt that suits the images is among them, as the last
 */
public record ZeroShot(
        @Setting("hand-written prompts, {} standing for the class name, separated by |")
                List<String> templates,
        @Setting("whether the data's own prompt is among them") boolean own)
        implements Method {

    private static final String TEXT = "text";

    public ZeroShot {
        templates = List.copyOf(templates);
        if (templates.isEmpty() && !own) {
            throw new IllegalArgumentException(
                    "templates: expected a prompt such as \"a photo of a {}.\", got none");
        }
        if (!templates.isEmpty()) {
            new PromptEnsemble(templates);
        }
    }

    /** The data's own prompt. */
    public ZeroShot() {
        this(List.of(), true);
    }

    @Override
    public String id() {
        return "zero-shot";
    }

    @Override
    public String title() {
        int count = templates.size() + (own ? 1 : 0);
        if (count > 1) {
            return "zero-shot CLIP (" + count + " templates)";
        }
        return own ? "zero-shot CLIP" : "zero-shot CLIP (\"" + templates.get(0) + "\")";
    }

    @Override
    public String summary() {
        return "The text features of hand-written prompts are the class weights; those of several"
                + " templates are averaged. Learns nothing and needs no image. It is what every"
                + " other method has to beat. Radford et al., ICML 2021.";
    }

    @Override
    public boolean learns() {
        return false;
    }

    @Override
    public boolean namesNewClasses() {
        return true;
    }

    /** Ensembles of CLIP's templates: {@code ensemble-7}, {@code -8} and {@code -80}. */
    @Override
    public Optional<Method> shorthand(String name) {
        return switch (name) {
            case "ensemble-7" -> Optional.of(new ZeroShot(PromptTemplates.selected(), false));
            case "ensemble-8" -> Optional.of(new ZeroShot(PromptTemplates.selected(), true));
            case "ensemble-80" -> Optional.of(new ZeroShot(PromptTemplates.imageNet(), false));
            default -> Optional.empty();
        };
    }

    @Override
    public List<String> shortNames() {
        return List.of("ensemble-7", "ensemble-8", "ensemble-80");
    }

    /** All templates, for data whose own is this. */
    private PromptEnsemble prompts(String ownTemplate) {
        List<String> all = new ArrayList<>(templates);
        if (own) {
            all.add(ownTemplate);
        }
        return new PromptEnsemble(all);
    }

    @Override
    public Learner learner(Clip clip, Task task) {
        PromptEnsemble prompts = prompts(task.template());
        prompts.requireFit(clip, task.classNames());
        return new Learner() {
            @Override
            public Classifier fit(FewShotFeatures data, Fit fit) throws IOException {
                return classifier(clip, task.classNames(), prompts);
            }

            @Override
            public double work(int images, Training training) {
                double rows = 10.0 * task.classNames().size(); // of a hand-written prompt, about
                return Prompts.rowWork(clip) * rows * prompts.templates().size();
            }
        };
    }

    /**
     * The classifier of the photographs of some classes, by "a photo of a CLASS.".
     *
     * @throws org.coop4j.text.TextTooLongException if a class name is too long
     */
    public static Classifier classifier(Clip clip, List<String> classNames) throws IOException {
        return PromptEnsemble.of(PromptTemplates.PHOTO).classifier(clip, classNames);
    }

    /** The classifier by some prompts, without a run. */
    static Classifier classifier(Clip clip, List<String> classNames, PromptEnsemble prompts)
            throws IOException {
        return classifier(clip, clip.model().sha256(), prompts, classNames, Temperature.NONE);
    }

    private static Classifier classifier(
            Clip clip,
            String modelSha256,
            PromptEnsemble prompts,
            List<String> classNames,
            double temperature) {
        FeatureMatrix text = prompts.classWeights(clip, classNames);
        // The templates as they were used: a file has no data whose own prompt could be meant.
        ZeroShot used = new ZeroShot(prompts.templates(), false);
        ClassifierFile file =
                ClassifierFile.of(used, classNames, modelSha256)
                        .with(TEXT, Shape.of(text.rows(), text.width()), text.toArray())
                        .withTemperature(temperature);
        return used.classifier(clip, file, text);
    }

    private Classifier classifier(Clip clip, ClassifierFile file, FeatureMatrix text) {
        return new CosineClassifier(
                file,
                text,
                clip.logitScale(),
                names ->
                        classifier(
                                clip,
                                file.modelSha256(),
                                new PromptEnsemble(templates),
                                names,
                                file.temperature()));
    }

    @Override
    public Classifier read(Clip clip, ClassifierFile file) throws IOException {
        int classes = file.classNames().size();
        int width = clip.architecture().embedDim();
        file.require(TEXT, Shape.of(classes, width));
        return classifier(clip, file, FeatureMatrix.of(classes, width, file.tensor(TEXT).values()));
    }
}
