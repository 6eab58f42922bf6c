package org.coop4j.method;

import java.io.IOException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.base.RefusedException;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.base.Spelling;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FewShotSampler;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.Moments;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.method.PromptLayout.ClassName;

/**
 * A way to adapt CLIP to a task: usually a record whose components are its {@link #settings}, with the reference's values as
 * defaults in a constructor without arguments.
 *
 * <p>A method defines its learned tensors, logits, loss and settings. Everything else (few-shot sample, feature bank,
 * training loop, checkpoints, command line, sweeps, reports) knows this interface alone. To add a method here, write its
 * file and add it to the list of its package: {@link BuiltIn}, or another {@link Source}. A method in a jar of its own is a
 * public class that the jar names in {@code META-INF/services/org.coop4j.method.Method}.
 */
public interface Method {

    /** Returns the method's names and purpose. */
    About about();

    /**
     * Names and purpose of a method.
     *
     * @param id name on the command line, in plans and in files, such as {@code coop}
     * @param title name in reports, with the settings that distinguish it from others of its kind
     * @param summary purpose and source in one line
     */
    record About(String id, String title, String summary) {}

    /** Returns {@link About#id}. */
    default String id() {
        return about().id();
    }

    /** Returns {@link About#title}. */
    default String title() {
        return about().title();
    }

    /** Returns {@link About#summary}. */
    default String summary() {
        return about().summary();
    }

    /** Returns the reference's training for a number of images per class (0: all). */
    default Training training(int shots) {
        return Training.none();
    }

    /** Returns the reference's training on ImageNet, if it differs. */
    default Training trainingOnImageNet(int shots) {
        return training(shots);
    }

    /**
     * Settings that learn in a fraction of the reference's steps.
     *
     * @param training as it suits a logit scale of 100
     * @param views random crops of each training image, used in turn; 0 for the centre crop
     */
    record Fast(Method method, Training training, int views) {}

    /** Returns settings for a machine with few cores, if the method needs some. */
    default Optional<Fast> fast(FeatureSpace space, int images, int classes) {
        return Optional.empty();
    }

    /**
     * Returns a reference's training as it suits a model: by default, {@linkplain Training#adaptedTo adapted} to its logit
     * scale.
     */
    default Training adapted(Training reference, double logitScale) {
        return reference.adaptedTo(logitScale);
    }

    /** A group of methods that are compared first. */
    enum Group {
        /** Nothing is learned. */
        HAND_WRITTEN("hand-written prompts"),
        /** Learned from image features; the text tower runs once. */
        FEATURES("image features"),
        /** Prompts are learned; the text tower runs in every step. */
        PROMPTS("learned prompts"),
        /** Learned through the image tower; both towers may run in every step. */
        TOWERS("tuned image tower");

        private final String title;

        Group(String title) {
            this.title = title;
        }

        /** Returns the name in reports. */
        public String title() {
            return title;
        }

        /** Returns true if a tower runs in every step, which takes minutes. */
        public boolean runsTower() {
            return this == PROMPTS || this == TOWERS;
        }
    }

    /** Returns the methods that it is compared with first. */
    default Group group() {
        return learns() ? Group.FEATURES : Group.HAND_WRITTEN;
    }

    /** Returns the approximate number of multiplications of learning from image features, which tells if it takes long. */
    default double work(int images, int classes, int width, Training training) {
        return 2.0 * Math.max(1, training.epochs()) * images * width * (classes + width);
    }

    /**
     * Returns the weights of both towers that a classifier has in place of the model's, by OpenAI's names.
     *
     * @throws UnsupportedOperationException if it has none, or they do not make a plain model, with the reason
     */
    default Map<String, float[]> changedWeights(Clip clip, ClassifierFile learned) {
        throw new UnsupportedOperationException("it leaves the weights of the model as they are");
    }

    /** Returns the number of prompts that run through the text tower while it learns: by default none. */
    default double prompts(int images, int classes, Training training) {
        return 0;
    }

    /** Returns true if it learns from images; otherwise it needs none. */
    default boolean learns() {
        return true;
    }

    /** Returns true if it learns from images with sets of labels, or from those with single labels. */
    default boolean suits(boolean sets) {
        return !sets;
    }

    /**
     * Checks that it learns from images with sets of labels, or from those with single labels.
     *
     * @throws IllegalArgumentException if not, naming the methods that do
     */
    default void requireSuits(boolean sets) {
        Require.that(
                suits(sets),
                "%s: the images have %s, expected one of %s",
                id(),
                sets ? "sets of labels" : "single labels",
                all().stream()
                        .filter(method -> method.suits(sets))
                        .map(Method::id)
                        .collect(Collectors.joining(", ")));
    }

    /** Returns what it needs and a space lacks, in words; null if it works there. */
    default String lacks(FeatureSpace space) {
        return null;
    }

    /**
     * Checks that it works in a space.
     *
     * @throws RefusedException if not, naming the methods that do
     */
    default void requireFits(FeatureSpace space) {
        String lacks = lacks(space);
        if (lacks != null) {
            throw new RefusedException("%s needs %s: give %s, or use one of %s"
                    .formatted(
                            id(),
                            lacks,
                            space.towers().isEmpty() ? "the model itself" : "another model",
                            all().stream()
                                    .filter(m -> m.suits(suits(true)) && m.lacks(space) == null)
                                    .map(Method::id)
                                    .collect(Collectors.joining(", "))));
        }
    }

    /** Returns true if it learns from {@link FewShotFeatures#sums} where training images are too many to be held. */
    default boolean learnsFromSums() {
        return false;
    }

    /** Returns true if it chooses settings of its own on val images. */
    default boolean usesVal() {
        return false;
    }

    /** Returns what it learns from: an output of the image tower, or its input. */
    default FeatureKind features() {
        return FeatureKind.EMBEDDED;
    }

    /** Returns the output of the image tower that a classifier takes. */
    default FeatureKind features(ClassifierFile learned) {
        return features();
    }

    /** Returns true if its classifiers accept classes that they did not learn, by the classes' texts. */
    default boolean namesNewClasses() {
        return true;
    }

    /** Returns the images that it learns from: the sample of CoOp's experiments, unless a setting says otherwise. */
    default ImageDataset sample(ImageDataset whole, int shots, long seed) {
        return new FewShotSampler(shots, seed).sample(whole);
    }

    /** Returns the same method with the settings that a model decides. */
    default Method in(FeatureSpace space) {
        return this;
    }

    /**
     * Checks names and prompts before any image is encoded.
     *
     * @throws IllegalArgumentException if a prompt does not fit, naming its class
     */
    Learner learner(FeatureSpace space, Task task);

    /**
     * Returns the classifier that was saved.
     *
     * @throws IOException if the file lacks a tensor or does not fit the model
     */
    Classifier read(FeatureSpace space, ClassifierFile file) throws IOException;

    /** Returns the method with the settings that a short name implies, such as {@code coop-m4-end}. */
    default Optional<Method> shorthand(String name) {
        return Optional.empty();
    }

    /** Returns examples of names for {@link #shorthand}, for help and messages. */
    default List<String> shortNames() {
        return List.of();
    }

    /**
     * Returns all methods with their defaults: those of this library, then those of other jars, found by the class loader of
     * the thread or of this library, which differ in application servers.
     */
    static List<Method> all() {
        Stream<Method> others = Stream.of(Thread.currentThread().getContextClassLoader(), Method.class.getClassLoader())
                .flatMap(loader -> ServiceLoader.load(Method.class, loader).stream())
                .collect(Collectors.toMap(
                        ServiceLoader.Provider::type, provider -> provider, (one, same) -> one, LinkedHashMap::new))
                .values()
                .stream()
                .map(ServiceLoader.Provider::get);
        return Stream.concat(builtIn().stream(), others).toList();
    }

    /** Returns the methods of this library with their defaults. */
    static List<Method> builtIn() {
        return BuiltIn.METHODS;
    }

    /** The methods of another package of this library, which names it in {@code META-INF/services}. */
    interface Source {
        /** Returns the methods with their defaults. */
        List<Method> methods();
    }

    /**
     * Returns the method of this name or short name, with the settings that it implies.
     *
     * @throws IllegalArgumentException if there is none, listing all methods
     */
    static Method of(String name) {
        return find(name).orElseThrow(() -> {
            List<String> ids = all().stream().map(Method::id).toList();
            return new IllegalArgumentException("method \"%s\": expected one of %s%s"
                    .formatted(name, String.join(", ", ids), Spelling.hint(name, ids)));
        });
    }

    /** Returns the name of the jar or folder that a method comes from; empty for those of this library. */
    static Optional<String> jar(Method method) {
        boolean own = builtIn().stream().anyMatch(one -> one.getClass().equals(method.getClass()));
        CodeSource source = own ? null : method.getClass().getProtectionDomain().getCodeSource();
        return Optional.ofNullable(source)
                .map(CodeSource::getLocation)
                .map(place -> Path.of(place.getPath()).getFileName())
                .map(Path::toString);
    }

    /** Returns the method of this name or short name, if there is one. */
    static Optional<Method> find(String name) {
        return named(name, builtIn()).or(() -> named(name, all()));
    }

    private static Optional<Method> named(String name, List<Method> methods) {
        return methods.stream()
                .filter(method -> method.id().equals(name))
                .findFirst()
                .or(() -> methods.stream()
                        .flatMap(method -> method.shorthand(name).stream())
                        .findFirst());
    }

    /** Returns the same method with its reference's settings. */
    default Method defaults() {
        return of(id());
    }

    /**
     * Returns the same method with some settings changed.
     *
     * @param settings strings or plain values by name, as {@link Settings#with} takes them
     * @throws IllegalArgumentException if a setting is unknown or its value not allowed, naming what is
     */
    default Method with(Map<String, ?> settings) {
        return with(Settings.with(settings(), settings));
    }

    /**
     * Returns the record whose components are its settings: by default itself, if it is a record, otherwise one without
     * components. A method that is not a record and has settings overrides this and {@link #with(Record)}.
     */
    default Record settings() {
        return this instanceof Record own ? own : new NoSettings();
    }

    /** Returns the same method with other settings, a record of the class of {@link #settings}. */
    default Method with(Record changed) {
        return changed instanceof Method own ? own : this;
    }

    /** Returns true if another method has the same name and settings, but for those that other settings decide. */
    default boolean isSame(Method other) {
        return id().equals(other.id()) && Settings.chosen(settings()).equals(Settings.chosen(other.settings()));
    }

    /** The name of {@link #standard}, as a constant. */
    String STANDARD = "coop";

    /** Returns the default method for images with single labels, or with sets of labels. */
    static Method standard(boolean sets) {
        return sets ? of("linear-head") : standard();
    }

    /** Returns the default method. */
    static Method standard() {
        return new CoOp();
    }

    /** Returns the data's hand-written prompt without learning: the baseline of all methods. */
    static Method zeroShot() {
        return new ZeroShot();
    }

    /** Returns hand-written prompts with these templates. */
    static Method handWritten(List<String> templates) {
        return new ZeroShot(templates, false);
    }

    /** Returns the baseline without class names: a linear probe on the images that the other methods learn from. */
    static Method baseline() {
        return of("linear-probe");
    }

    /**
     * Returns the methods that judge labels: the one that ranks wrong ones best (docs/measurements/learning.md), and one for
     * names that do not fit into the text tower.
     */
    static List<Method> judges() {
        return List.of(of("zs-lp"), of("prototypes"));
    }

    /** Returns a method in closed form, for cross-validation with many classifiers. */
    static Method closedForm() {
        return of("gda");
    }

    /** Returns a method in closed form for a few pictures; it judges a class without one by its text. */
    static Method fewShot() {
        return of("proker");
    }

    /**
     * Returns different methods that learn in seconds, the simplest first: the candidates of a choice on val images.
     */
    static List<Method> quick() {
        return Stream.of(
                        "zero-shot",
                        "linear-probe",
                        "prototypes",
                        "gda",
                        "timo",
                        "proker",
                        "tip-adapter-f",
                        "clap",
                        "rla",
                        "cross-modal")
                .map(Method::of)
                .toList();
    }

    /** Returns a method that trains the image tower, for a choice that has minutes for it. */
    static Method slow() {
        return of("two-stage");
    }

    /** Returns the candidates of a choice for images with single labels, or with sets of labels. */
    static List<Method> quick(boolean sets) {
        return sets
                ? all().stream()
                        .filter(method -> method.suits(true) && !method.group().runsTower())
                        .toList()
                : quick();
    }

    /**
     * Returns the method for settings given without a name: hand-written prompts if there are templates, else the
     * standard.
     */
    static Method ofSettings(Set<?> names) {
        return names.contains("templates") ? handWritten(List.of("{}")) : standard();
    }

    /**
     * A classification task.
     *
     * @param classNames class names in the order of the labels
     * @param template hand-written prompt for these images, with {@code {}} for the class name
     * @param seed seed of a learner's random draws
     * @param descriptions sentences about classes
     */
    record Task(List<String> classNames, String template, long seed, ClassDescriptions descriptions) {

        public Task {
            classNames = ClassName.checked(classNames);
        }

        /** A task without descriptions of its classes. */
        public Task(List<String> classNames, String template, long seed) {
            this(classNames, template, seed, ClassDescriptions.NONE);
        }

        /** Returns the same task with other classes. */
        public Task withClasses(List<String> names) {
            return new Task(names, template, seed, descriptions);
        }
    }

    /**
     * Features of the images that a method learns from.
     *
     * @param train the training images, or a sample of them
     * @param val the images to choose settings on, possibly none
     * @param sums over all training images where {@code train} is a sample, for methods that {@linkplain #learnsFromSums
     *     learn from sums}; otherwise null
     */
    record FewShotFeatures(FeatureSet train, FeatureSet val, Moments sums) {

        /** Features of all training images. */
        public FewShotFeatures(FeatureSet train, FeatureSet val) {
            this(train, val, null);
        }
    }

    /** A method that is ready to learn a task: class names and prompts have been checked. */
    interface Learner {

        /**
         * Learns a classifier.
         *
         * @param data features of the images to learn from
         * @param trainer the training loop with its checkpoints and limits
         */
        Classifier fit(FewShotFeatures data, Trainer trainer) throws IOException;

        /**
         * Returns a learner with the settings that this one chose for a classifier, so that learning again from part of
         * its images searches for nothing.
         */
        default Learner settled(ClassifierFile learned) {
            return this;
        }

        /** Returns the approximate seconds of learning, by a measured step; 0 if it takes few. */
        default double seconds(FewShotFeatures data, Trainer trainer) {
            return 0;
        }
    }

    /** A method and its training, whose settings are given together. */
    record Configured(Method method, Training training) {

        /**
         * Returns a method and its training with settings of either.
         *
         * @param logitScale the model's, to which the rate is adapted
         * @throws IllegalArgumentException if a setting is unknown, or a value is not allowed
         */
        public static Configured of(Fast start, Map<String, ?> settings, double logitScale) {
            Method method = start.method;
            Training reference = method.adapted(start.training, logitScale);
            if (!reference.trains()) {
                return new Configured(method.with(settings), reference);
            }
            Both given = Settings.with(new Both(method.settings(), reference), settings);
            Require.that(
                    given.training().trains(),
                    "epochs: expected 1 or more, got %s",
                    given.training().epochs());
            return new Configured(method.with(given.method()), given.training());
        }
    }
}

/** The settings of a method that has none. */
record NoSettings() {}

/** Settings of a method and of its training. */
record Both(Record method, Training training) {}

/** The methods of this library, in the order in which they are listed. */
final class BuiltIn {

    /** Names in the order of lists; other methods follow. */
    private static final List<String> ORDER = List.of(
            "zero-shot",
            "linear-probe",
            "coop",
            "kgcoop",
            "prototypes",
            "tip-adapter",
            "tip-adapter-f",
            "taskres",
            "clip-adapter",
            "cross-modal",
            "zs-lp",
            "clap",
            "gda",
            "prograd",
            "deep-language",
            "tcp",
            "cocoop",
            "lpp",
            "prolip",
            "rla",
            "timo",
            "proker");

    static final List<Method> METHODS = Stream.concat(
                    Stream.of(
                            new ZeroShot(),
                            new CoOp(),
                            new KgCoOp(),
                            new ProGrad(),
                            new DeepLanguage(),
                            new Tcp(),
                            new CoCoOp(),
                            new ClipLora(),
                            new TwoStage(),
                            new Mmrl(),
                            new PromptSrc(),
                            new Ivlp(),
                            new Vpt(),
                            new Maple(),
                            new DualCoOp()),
                    ServiceLoader.load(Method.Source.class, BuiltIn.class.getClassLoader()).stream()
                            .flatMap(source -> source.get().methods().stream()))
            .sorted(Comparator.comparingInt(method -> Math.floorMod(ORDER.indexOf(method.id()), ORDER.size() + 1)))
            .toList();

    private BuiltIn() {}
}
