package org.coop4j.run;

import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.method.Method;
import org.coop4j.method.Method.Fast;
import org.coop4j.method.PromptMethod;
import org.coop4j.method.Training;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.Sample.Negatives;
import org.coop4j.run.Sample.Thresholds;
import org.coop4j.run.Sample.Val;

/**
 * A method with its training and the sample that it learns from. This is the one place that decides them: the command
 * line, sweeps, the studio, Java and Spark only give settings.
 *
 * @param name its name in tables
 * @param checkpointEvery epochs between checkpoints, without effect on the result
 */
public record Recipe(String name, Method method, Training training, Sample sample, int checkpointEvery) {

    /** The value of the setting {@code views} for a new random crop in each epoch. */
    public static final String EPOCHS = "epochs";

    /** Fewest epochs of prompts that learn from many images. */
    private static final int FEWEST_EPOCHS = 10;

    private static final String IMAGENET = "ImageNet";

    /**
     * The images that there are to learn from.
     *
     * @param images number of training images
     * @param classes number of classes
     * @param isImageNet true for ImageNet, for which the reference has a training of its own
     */
    public record Lists(int images, int classes, boolean isImageNet) {

        /** Counts the images of some classes of a dataset. */
        public static Lists of(DataSpec source, ImageDataset lists) {
            return new Lists(lists.train().size(), lists.classCount(), IMAGENET.equals(source.benchmark()));
        }

        /** Returns the training images per class, on average. */
        public int each() {
            return images / classes;
        }
    }

    /** Settings of a run that belong neither to its method nor to its training. */
    private record Own(
            @Setting("settings for few cores, where the method has some") boolean fast,
            @Setting("training images per class, or all") String shots,
            @Setting("seed of every random draw") long seed,
            @Setting("random crops of each training image, or epochs for a new one in each") String views,
            @Setting("draw pictures without labels as well") boolean unlabelled,
            @Setting("a threshold for each class") boolean ownThresholds,
            @Setting("epochs between checkpoints") int checkpointEvery) {

        static final String ALL = "all";
        static final Own USUAL = new Own(false, ALL, 1, null, false, false, RunConfig.CHECKPOINT_EVERY);

        Own {
            Require.that(
                    String.valueOf(shots).matches(ALL + "|\\d{1,9}"),
                    "shots: expected a number, or all, got \"%s\"",
                    shots);
            Require.that(
                    views == null || views.matches(EPOCHS + "|\\d{1,6}"),
                    "views: expected %s or a whole number, 0 or more, got \"%s\"",
                    EPOCHS,
                    views);
            Require.positive("checkpoint_every", checkpointEvery);
        }

        int sampled() {
            return shots.equals(ALL) ? 0 : Integer.parseInt(shots);
        }

        Sample sample(Training training, int usualViews) {
            int count = views == null || !training.trains()
                    ? usualViews
                    : views.equals(EPOCHS) ? training.epochs() : Integer.parseInt(views);
            return new Sample(
                    sampled(),
                    seed,
                    count,
                    unlabelled ? Negatives.DRAWN : Negatives.UNUSED,
                    ownThresholds ? Thresholds.OWN : Thresholds.SHARED,
                    Val.CALIBRATES);
        }
    }

    /**
     * Returns a method with settings of its own, of its training and of the run: {@code fast}, {@code shots} (a number, 0 or
     * {@code all}), {@code seed}, {@code views}, {@code unlabelled}, {@code own_thresholds} and {@code checkpoint_every}.
     * What is not given is the reference's, adapted to the model's logit scale and, for prompts that learn from all images,
     * to their number.
     *
     * @throws IllegalArgumentException if a setting is unknown, or a value is not allowed
     */
    public static Recipe of(Method method, Map<String, ?> settings, Lists lists, FeatureSpace space) {
        return of(method, settings, lists, space.logitScale(), images -> method.fast(space, images, lists.classes));
    }

    /**
     * Returns the recipe of images that have one view each, since they are in another program's memory.
     *
     * @throws IllegalArgumentException as for others, and if there are views
     */
    public static Recipe ofOneView(Method method, Map<String, ?> settings, Lists lists, FeatureSpace space) {
        Object views = settings.get("views");
        Require.that(views == null || String.valueOf(views).equals("0"), "views: expected 0 in memory, got %s", views);
        Recipe recipe = of(method, settings, lists, space);
        return recipe.with(recipe.sample.withViews(0));
    }

    /**
     * Checks settings before there is a model.
     *
     * @throws IllegalArgumentException if one is unknown, or a value is not allowed
     */
    public static Recipe checked(Method method, Map<String, ?> settings) {
        return of(method, settings, new Lists(0, 1, false), FeatureSpace.USUAL_LOGIT_SCALE, images -> Optional.empty());
    }

    private static Recipe of(
            Method method,
            Map<String, ?> settings,
            Lists lists,
            double logitScale,
            Function<Integer, Optional<Fast>> fastOf) {
        Map<String, Object> left = new LinkedHashMap<>(settings);
        Map<String, Object> ofRun = new LinkedHashMap<>();
        for (String name : settings.keySet()) {
            if (Settings.has(Own.USUAL, name)) {
                ofRun.put(name, left.remove(name));
            }
        }
        Own own = Settings.with(Own.USUAL, ofRun);
        int shots = own.sampled();
        int images = shots == 0 ? lists.images : Math.min(lists.images, shots * lists.classes);
        Fast start = (own.fast ? fastOf.apply(images) : Optional.<Fast>empty())
                .orElseGet(() -> new Fast(method, reference(method, shots, lists), 0));
        Method.Configured given = Method.Configured.of(start, left, logitScale);
        Method configured = given.method();
        return new Recipe(
                configured.title(),
                configured,
                given.training(),
                own.sample(given.training(), start.views()),
                own.checkpointEvery);
    }

    /** Returns true if a setting of this name is one of a method, of its training or of its run. */
    public static boolean has(Method method, String setting) {
        return Settings.has(method.settings(), setting)
                || (method.learns() && Settings.has(Own.USUAL, setting))
                || (method.training(1).trains() && Settings.has(Training.none(), setting));
    }

    /**
     * Returns the reference's training. The steps of prompts, each with all class names, do not grow with the folder once it
     * has many images per class.
     */
    private static Training reference(Method method, int shots, Lists lists) {
        Training reference = lists.isImageNet ? method.trainingOnImageNet(shots) : method.training(shots);
        if (shots > 0 || !reference.trains() || !method.group().runsTower()) {
            return reference;
        }
        int same =
                Math.round((float) reference.epochs() * PromptMethod.MANY / Math.max(PromptMethod.MANY, lists.each()));
        int epochs = Math.min(reference.epochs(), Math.max(FEWEST_EPOCHS, same));
        return Settings.with(reference, Map.of("epochs", epochs));
    }

    /** Returns sentences about the epochs and the rate, where they were adapted to the images and to the model. */
    public List<String> adaptations(Lists lists, double logitScale) {
        List<String> notes = new ArrayList<>();
        Training published = method.training(shots());
        int epochs = reference(method, shots(), lists).epochs();
        if (epochs < published.epochs() && epochs == training.epochs()) {
            notes.add("%d epochs of all images: the reference's %d, adapted to %d images per class"
                    .formatted(epochs, published.epochs(), lists.each()));
        }
        Training adapted = method.adapted(published, logitScale);
        if (adapted.rate() != published.rate() && adapted.rate() == training.rate()) {
            notes.add("rate %s: the reference's %s, adapted to a logit scale of %.0f"
                    .formatted(decimal(adapted), decimal(published), logitScale));
        }
        return notes;
    }

    private static String decimal(Training training) {
        return BigDecimal.valueOf(training.rate()).stripTrailingZeros().toPlainString();
    }

    /** Returns the number of training images per class; 0 for all. */
    public int shots() {
        return sample.shots();
    }

    /** Returns the recipe under another name. */
    public Recipe named(String other) {
        return new Recipe(other, method, training, sample, checkpointEvery);
    }

    /** Returns the recipe with another seed. */
    public Recipe withSeed(long seed) {
        return with(new Sample(
                sample.shots(), seed, sample.views(), sample.negatives(), sample.thresholds(), sample.val()));
    }

    Recipe with(Sample other) {
        return new Recipe(name, method, training, other, checkpointEvery);
    }

    /** Returns the configuration of the run on data in a space, which learns from and is tested on the same classes. */
    public RunConfig on(RunData data, FeatureSpace space) throws IOException {
        return RunConfig.of(space.modelSha256(), data, method, training, sample)
                .in(space)
                .withCheckpointEvery(checkpointEvery);
    }
}
