package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.base.Settings;
import org.coop4j.base.Spelling;
import org.coop4j.clip.FeatureKind;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FewShotSampler;
import org.coop4j.data.ImageDataset;
import org.coop4j.method.train.Training;

/**
 * A way to adapt CLIP to a task: a record whose components are its settings, with the reference's
 * values as defaults in a constructor without arguments.
 *
 * <p>A method says what it learns, how it makes logits, what its loss is and which settings it has.
 * Everything else (few-shot sample, feature bank, training loop, checkpoints, command line, sweeps,
 * reports) knows this interface alone. To add one, write its file and name it in {@link #all}.
 */
public sealed interface Method permits PromptMethod, FeatureMethod, LinearProbe {

    /** Its name on the command line, in plans and in files, such as {@code coop}. */
    String id();

    /** Its name in reports, with the settings that tell it from others of its kind. */
    String title();

    /** What it does, what it costs and when to take it, with its source; a paragraph. */
    String summary();

    /** How its tensors are trained, by the reference, with so many images a class (0: all). */
    default Training training(int shots) {
        return Training.none();
    }

    /** The same on ImageNet, for which some references say something of its own. */
    default Training trainingOnImageNet(int shots) {
        return training(shots);
    }

    /** What methods have in common with others. */
    enum Group {
        /** Nothing is learned. */
        HAND_WRITTEN("hand-written prompts"),
        /** Learned from image features; the text tower runs once. */
        FEATURES("image features"),
        /** Prompts are learned; the text tower runs in every step. */
        PROMPTS("learned prompts");

        private final String title;

        Group(String title) {
            this.title = title;
        }

        /** For people. */
        public String title() {
            return title;
        }
    }

    /** Which methods it is compared with first. */
    default Group group() {
        return learns() ? Group.FEATURES : Group.HAND_WRITTEN;
    }

    /** Whether it learns from images; otherwise it needs none. */
    default boolean learns() {
        return true;
    }

    /** Whether it looks at val images, to choose settings of its own. */
    default boolean usesVal() {
        return false;
    }

    /** Which row of the image tower it learns from and its classifiers take. */
    default FeatureKind features() {
        return FeatureKind.EMBEDDED;
    }

    /**
     * Whether its classifiers can name classes that they did not learn, as those can that are made
     * of the classes' texts.
     */
    default boolean namesNewClasses() {
        return true;
    }

    /** The images that it learns from: by default, the sample of CoOp's experiments. */
    default ImageDataset sample(ImageDataset whole, int shots, long seed) {
        return new FewShotSampler(shots, seed).sample(whole);
    }

    /**
     * Checks names and prompts, before any image is encoded.
     *
     * @throws IllegalArgumentException if a prompt does not fit, naming its class
     */
    Learner learner(FeatureSpace space, Task task);

    /**
     * The classifier that was saved.
     *
     * @throws IOException if the file lacks something or does not fit the model, saying what
     */
    Classifier read(FeatureSpace space, ClassifierFile file) throws IOException;

    /** The method that a name with settings in it means, such as {@code coop-m4-end}. */
    default Optional<Method> shorthand(String name) {
        return Optional.empty();
    }

    /** Some names that {@link #shorthand} understands, for help and messages. */
    default List<String> shortNames() {
        return List.of();
    }

    /** All methods with their defaults. */
    static List<Method> all() {
        return List.of(
                new ZeroShot(),
                new LinearProbe(),
                new CoOp(),
                new KgCoOp(),
                new Prototypes(),
                new TipAdapter(),
                new TipAdapterF(),
                new TaskRes(),
                new ClipAdapter(),
                new CrossModal(),
                new ZsLp(),
                new Clap(),
                new Gda(),
                new ProGrad(),
                new DeepLanguage(),
                new Tcp(),
                new CoCoOp(),
                new LpPlusPlus(),
                new ProLip());
    }

    /**
     * The method of this name, or of this short name, with the settings that the name implies.
     *
     * @throws IllegalArgumentException if there is none, listing those that there are
     */
    static Method of(String name) {
        for (Method method : all()) {
            if (method.id().equals(name)) {
                return method;
            }
        }
        for (Method method : all()) {
            Optional<Method> meant = method.shorthand(name);
            if (meant.isPresent()) {
                return meant.get();
            }
        }
        List<String> ids = all().stream().map(Method::id).toList();
        throw new IllegalArgumentException("method \"%s\": expected one of %s%s"
                .formatted(name, String.join(", ", ids), Spelling.hint(name, ids)));
    }

    /** The same method with its reference's settings. */
    default Method defaults() {
        return of(id());
    }

    /**
     * The same method with some settings changed.
     *
     * @param settings by name, texts or plain values, as {@link Settings#with} takes them
     * @throws IllegalArgumentException if one is unknown or not allowed, saying what is
     */
    default Method with(Map<String, ?> settings) {
        return (Method) Settings.with((Record) this, settings);
    }

    /** The name of {@link #standard}, for what needs a constant. */
    String STANDARD = "coop";

    /** The method that is taken where none is given. */
    static Method standard() {
        return new CoOp();
    }

    /** The data's hand-written prompt without learning, which all others are compared with. */
    static Method zeroShot() {
        return new ZeroShot();
    }

    /** Hand-written prompts with these templates. */
    static Method handWritten(List<String> templates) {
        return new ZeroShot(templates, false);
    }

    /**
     * What learned classifiers are compared with beside prompts: what the images alone tell. It
     * learns from whatever images the others had.
     */
    static Method baseline() {
        return new LinearProbe(false);
    }

    /** Learns in closed form: where many classifiers are needed, each without some images. */
    static Method closedForm() {
        return new Gda();
    }

    /**
     * Methods that learn in seconds and differ in what they are good at, the simplest first: the
     * candidates where a user leaves the choice to the val images.
     */
    static List<Method> quick() {
        return List.of(
                new ZeroShot(),
                new LinearProbe(),
                new Prototypes(),
                new Gda(),
                new TipAdapterF(),
                new Clap(),
                new CrossModal());
    }

    /**
     * The method that settings mean which come without one: hand-written prompts where there are
     * templates, else the standard.
     */
    static Method ofSettings(Set<String> names) {
        return names.contains("templates") ? handWritten(List.of("{}")) : standard();
    }
}
