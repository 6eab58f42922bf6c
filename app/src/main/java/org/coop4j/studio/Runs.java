package org.coop4j.studio;

import static org.eclipse.jetty.http.HttpStatus.CONFLICT_409;
import static org.eclipse.jetty.http.HttpStatus.NOT_FOUND_404;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.coop4j.base.CheckedJson;
import org.coop4j.base.Log;
import org.coop4j.base.Resource;
import org.coop4j.base.WatchedProgress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.SplitFile;
import org.coop4j.findings.TestNumbers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Method;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Prediction;
import org.coop4j.run.Images;
import org.coop4j.run.Learned;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.MethodChoice.Score;
import org.coop4j.run.Recipe;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.studio.Learning.Fit;
import org.coop4j.studio.Studio.Parts;
import org.coop4j.studio.Studio.Picture;
import org.coop4j.studio.Studio.Snapshot;
import org.slf4j.Logger;

/** Runs on a studio's pictures, each like that of {@code coop train}, in {@code .coop4j/learned}. */
final class Runs implements Closeable {

    private static final Logger LOG = Log.of(Runs.class);

    private static final Pattern NAME = Pattern.compile("run-(\\d{1,9})");

    /** File of a run's numbers. */
    private static final String NUMBERS = "studio.json";

    private final Studio studio;
    private final Clip clip;
    private final Features features;
    private final Run.Options options;
    private final Runnable listener;
    private final Path learned;
    private volatile Work running;
    private volatile String failure;
    private volatile Thread learner = new Thread(); // at first one that is never started
    private final Object trying = new Object();
    private Loaded loaded; // null until a picture is tried

    /**
     * @param listener called when there is something new
     */
    Runs(Studio studio, Clip clip, Features features, Path bank, Runnable listener) {
        this.studio = studio;
        this.clip = clip;
        this.features = features;
        this.options = new Run.Options(bank, false, MemoryLimit.none());
        this.listener = listener;
        this.learned = studio.own().resolve("learned");
    }

    /**
     * An answer about a picture.
     *
     * @param method the method of the run that learned the classifier; null for the quick one of the board
     * @param classes the classes, the most probable first
     */
    record Answer(String method, List<Prediction> classes) {

        static Answer of(String method, ImageClassifier classifier, byte[] content) {
            try {
                return new Answer(method, classifier.classify(content));
            } catch (IOException e) {
                throw new StudioProblem(400, "This is not a picture that can be read.");
            }
        }
    }

    /** The classifier of a run, opened to answer about pictures. */
    private record Loaded(Path folder, String method, ImageClassifier classifier) {}

    /**
     * A method among which one is chosen.
     *
     * @param score share of the training pictures that it has right if it did not learn from them; null before
     */
    record Tried(String method, Double score) {}

    /** Progress of a run, with the methods among which it chooses. */
    static final class Work extends WatchedProgress {

        volatile List<Tried> scores = List.of();

        Work(Runnable listener) {
            super(listener);
            begin("Learning");
        }
    }

    /** Returns the run at work; null if there is none. */
    Work running() {
        return running;
    }

    /** Returns why the latest run failed, or null. */
    String failure() {
        return failure;
    }

    /** Begins a run; "auto" chooses among the quick methods. */
    synchronized void learn(String name) throws IOException {
        studio.requireWritable();
        if (learner.isAlive()) {
            throw new StudioProblem(CONFLICT_409, "A run is at work: wait for it, or cancel it.");
        }
        List<Method> methods;
        try {
            methods = name.equals("auto") ? Method.quick() : List.of(Method.of(name));
        } catch (IllegalArgumentException e) {
            throw StudioProblem.of(e);
        }
        ImageDataset pictures = dataset(studio.snapshot());
        Work work = new Work(listener);
        failure = null;
        running = work;
        learner = new Thread(() -> learn(pictures, methods, work), "coop4j-learn");
        learner.setDaemon(true);
        learner.start();
    }

    void cancel() {
        Work work = running;
        if (work != null) {
            work.cancel();
        }
    }

    private void learn(ImageDataset pictures, List<Method> methods, Work work) {
        try {
            run(pictures, methods, work);
        } catch (CancellationException e) {
            LOG.info("the run was cancelled");
        } catch (IOException | RuntimeException e) {
            LOG.warn("the run failed", e);
            failure = "Learning failed: %s. Press Learn to try again.".formatted(e.getMessage());
        } finally {
            running = null;
            listener.run();
        }
    }

    /** Learns as {@code coop train -d split.json --images FOLDER --exif apply} does, into a new folder. */
    private void run(ImageDataset pictures, List<Method> methods, Work work) throws IOException {
        Files.createDirectories(learned);
        int n = 1;
        while (Files.exists(learned.resolve("run-" + n))) {
            n++;
        }
        Path split = learned.resolve("run-%d.split.json".formatted(n));
        SplitFile.write(pictures, split, studio.root(), Optional.empty());
        DataSpec data = DataSpec.of(split)
                .with()
                .images(studio.root())
                .exif(ExifOrientation.APPLY)
                .build();
        Images images = new Images(clip, options);
        try {
            ImageDataset lists = images.dataset(data, 1);
            RunData all = RunData.of(data, lists, ClassHalf.ALL);
            Recipe.Lists counts = Recipe.Lists.of(data, lists);
            List<Recipe> candidates = methods.stream()
                    .map(method -> Recipe.of(method, Map.of(), counts, clip))
                    .toList();
            Recipe chosen = candidates.size() == 1 ? candidates.get(0) : choose(images, all, candidates, work);
            Path folder = learned.resolve("run-" + n);
            work.begin("Learning by " + chosen.name());
            try (Learned made =
                    new Run(images, chosen.named(chosen.method().title()), all, work).learn(folder, false)) {
                CheckedJson.write(folder.resolve(NUMBERS), TestNumbers.of(made, latest(), Fit.SURE));
            }
        } finally {
            images.forget();
        }
    }

    /** Chooses a method as {@code --method auto} does, and says what each is worth. */
    private static Recipe choose(Images images, RunData data, List<Recipe> candidates, Work work) throws IOException {
        List<Tried> tried = new ArrayList<>();
        candidates.forEach(one -> tried.add(new Tried(one.name(), null)));
        work.begin("Comparing methods");
        for (int i = 0; i < candidates.size(); i++) {
            work.scores = List.copyOf(tried);
            work.proceed((double) i / candidates.size());
            Recipe one = candidates.get(i);
            Score score =
                    MethodChoice.best(images, data, List.of(one), work).scores().get(0);
            tried.set(i, new Tried(one.name(), score.accuracy() / 100));
        }
        work.scores = List.copyOf(tried);
        return MethodChoice.best(images, data, candidates, work).chosen().get(0); // their scores are known
    }

    /** Returns the numbers of the latest finished run. */
    Optional<TestNumbers> latest() throws IOException {
        Path last =
                last().map(run -> run.resolve(NUMBERS)).filter(Files::exists).orElse(null);
        return last == null
                ? Optional.empty()
                : Optional.of(CheckedJson.read(last, last.toString(), TestNumbers.class, 64L << 20));
    }

    /** Answers by what the latest finished run learned; empty if there is none. */
    Optional<Answer> predict(byte[] content) throws IOException {
        Optional<Path> folder = last();
        if (folder.isEmpty()) {
            return Optional.empty();
        }
        synchronized (trying) {
            if (loaded == null || !loaded.folder.equals(folder.get())) {
                String method = Run.open(folder.get()).result().orElseThrow().methodTitle();
                Loaded next = new Loaded(folder.get(), method, ImageClassifier.load(folder.get(), clip));
                closeLoaded();
                loaded = next;
            }
            return Optional.of(Answer.of(loaded.method, loaded.classifier, content));
        }
    }

    private void closeLoaded() throws IOException {
        if (loaded != null) {
            loaded.classifier.close();
        }
    }

    /** Returns texts to copy that use the latest run. */
    Map<String, String> use() throws IOException {
        String run = latestFolder().toString();
        Map<String, String> texts =
                new ObjectMapper().readValue(Resource.bytes(Runs.class, "use.json"), new TypeReference<>() {});
        texts.replaceAll((name, text) -> text.replace("RUN", name.equals("java") ? run.replace("\\", "\\\\") : run));
        return texts;
    }

    /** Returns the folder of the latest finished run. */
    Path latestFolder() throws IOException {
        return last().orElseThrow(() -> new StudioProblem(NOT_FOUND_404, "Nothing is learned yet: press Learn."));
    }

    private ImageDataset dataset(Snapshot now) throws IOException {
        Parts parts = now.parts(one -> !features.isUnreadable(one));
        StudioProblem.require(parts.names().size() > 1, "Learning needs two classes or more: add pictures.");
        StudioProblem.require(!parts.test().isEmpty(), "Add pictures: a class needs 8 or more to be tested.");
        return ImageDataset.fromImages(
                studio.root().getFileName().toString(),
                images(parts, parts.train()),
                List.of(),
                images(parts, parts.test()));
    }

    private List<LabelledImage> images(Parts parts, List<Picture> some) {
        return some.stream()
                .map(one -> features.image(one, parts.names().indexOf(one.className())))
                .toList();
    }

    /** Returns the number of a run's folder; empty for other folders. */
    private static OptionalInt number(Path folder) {
        Matcher name = NAME.matcher(folder.getFileName().toString());
        return name.matches() ? OptionalInt.of(Integer.parseInt(name.group(1))) : OptionalInt.empty();
    }

    private Optional<Path> last() throws IOException {
        if (!Files.isDirectory(learned)) {
            return Optional.empty();
        }
        try (Stream<Path> folders = Files.list(learned)) {
            return folders.filter(one -> number(one).isPresent() && RunFolder.isFinished(one))
                    .max(Comparator.comparingInt(one -> number(one).getAsInt()));
        }
    }

    @Override
    public void close() throws IOException {
        cancel();
        Learning.end(learner);
        synchronized (trying) {
            closeLoaded();
        }
    }
}
