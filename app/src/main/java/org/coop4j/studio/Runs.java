package org.coop4j.studio;

import static org.coop4j.studio.StudioProblem.UNNAMED;
import static org.coop4j.studio.StudioProblem.found;
import static org.coop4j.studio.StudioProblem.require;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.coop4j.base.CheckedJson;
import org.coop4j.base.Resource;
import org.coop4j.base.WatchedProgress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.SplitFile;
import org.coop4j.findings.TestNumbers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.method.Method;
import org.coop4j.page.HeatPicture;
import org.coop4j.predict.HeatMap;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Prediction;
import org.coop4j.run.Images;
import org.coop4j.run.Learned;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.Recipe;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.studio.Model.Fit;
import org.coop4j.studio.Snapshot.Photo;

/** Runs on a studio's pictures, each like that of {@code coop train}, in {@code .coop4j/learned}. */
final class Runs implements Closeable {

    private static final Pattern NAME = Pattern.compile("run-(\\d{1,9})");

    /** File of a run's numbers. */
    private static final String NUMBERS = "studio.json";

    private final Studio studio;
    private final Clip clip;
    private final EncodedPhotos encoded;
    private final Path bank;
    private final Path learned;
    private final Background learning;
    private volatile List<Tried> scores = List.of();
    private final Object trying = new Object();
    private Path tried; // folder of the run whose classifier is open, or null
    private ImageClassifier classifier;
    private String method;

    /**
     * @param listener called when there is something new
     */
    Runs(Studio studio, Clip clip, EncodedPhotos encoded, Path bank, Runnable listener) {
        this.studio = studio;
        this.clip = clip;
        this.encoded = encoded;
        this.bank = bank;
        this.learned = studio.own("learned");
        this.learning = new Background("Learning failed: %s. Press Learn to try again.", listener);
    }

    /** A method among which one is chosen, and the share of unseen training pictures that it has right. */
    record Tried(String method, double score) {}

    /** Returns the run at work. */
    Background learning() {
        return learning;
    }

    /** Returns the methods among which the latest run has chosen. */
    List<Tried> scores() {
        return scores;
    }

    /** Begins a run; "auto" chooses among the quick methods. */
    void learn(String name) throws IOException {
        studio.requireWritable();
        List<Method> methods;
        Snapshot now = studio.snapshot();
        try {
            methods = name.equals("auto")
                    ? Method.quick(now.isSeveral()).stream()
                            .filter(one ->
                                    one.learns() || !now.isSeveral()) // without a threshold it gives the best labels
                            .toList()
                    : List.of(Method.of(name));
            methods.forEach(method -> method.requireSuits(now.isSeveral()));
        } catch (IllegalArgumentException e) {
            throw StudioProblem.of(e);
        }
        Optional<ImageDataset> found = now.lists(one -> !encoded.isUnreadable(one));
        require(found.isPresent(), "Learning needs two classes or more: add pictures.");
        ImageDataset pictures = found.get();
        require(!pictures.test().isEmpty(), "Add pictures: a class needs 8 or more to be tested.");
        learning.begin("Learning", "A run is at work: wait for it, or cancel it.", work -> {
            scores = List.of();
            Images images = new Images(clip, Run.Options.of(bank));
            try {
                run(images, pictures, methods, work);
            } finally {
                images.forget();
            }
        });
    }

    /** Learns as {@code coop train -d split.json --images FOLDER --exif apply} does, into a new folder. */
    private void run(Images images, ImageDataset pictures, List<Method> methods, WatchedProgress work)
            throws IOException {
        Files.createDirectories(learned);
        int n = 1;
        while (Files.exists(learned.resolve("run-" + n))) {
            n++;
        }
        Path split = learned.resolve("run-%d.%s".formatted(n, pictures.hasSets() ? "csv" : "split.json"));
        if (pictures.hasSets()) {
            LabelTable.write(pictures, studio.root(), split);
        } else {
            SplitFile.write(pictures, split, studio.root(), Optional.empty());
        }
        DataSpec data = DataSpec.of(split)
                .with()
                .images(studio.root())
                .exif(ExifOrientation.APPLY)
                .build();
        ImageDataset lists = images.dataset(data, 1);
        RunData all = images.data(data, 1, ClassHalf.ALL);
        Recipe.Lists counts = Recipe.Lists.of(data, lists);
        List<Recipe> candidates = methods.stream()
                .map(method -> Recipe.of(method, Map.of(), counts, clip))
                .toList();
        if (candidates.size() > 1) {
            work.begin("Comparing methods");
            MethodChoice choice = MethodChoice.best(images, all, candidates, work);
            scores = choice.scores().stream()
                    .map(one -> new Tried(one.candidate().name(), one.accuracy() / 100))
                    .toList();
            candidates = choice.chosen();
        }
        Recipe chosen = candidates.get(0);
        work.begin("Learning by " + chosen.name());
        Path folder = learned.resolve("run-" + n);
        try (Learned made = new Run(images, chosen.named(chosen.method().title()), all, work).learn(folder, false)) {
            CheckedJson.write(folder.resolve(NUMBERS), TestNumbers.of(made, latest(), Fit.SURE));
        }
    }

    /** Returns the numbers of the latest finished run. */
    Optional<TestNumbers> latest() throws IOException {
        Optional<Path> last = last().filter(Runs::hasNumbers);
        return last.isEmpty() ? Optional.empty() : Optional.of(numbers(last.get()));
    }

    private static boolean hasNumbers(Path run) {
        return Files.exists(run.resolve(NUMBERS));
    }

    private static TestNumbers numbers(Path run) throws IOException {
        Path file = run.resolve(NUMBERS);
        return CheckedJson.read(file, file.toString(), TestNumbers.class, 64L << 20);
    }

    /** A finished press of Learn: its run's number, and its test. */
    record Press(int run, String when, String method, int right, int tested) {}

    /** Returns the finished presses of Learn that were tested. */
    List<Press> presses() throws IOException {
        List<Press> presses = new ArrayList<>();
        for (Path run : finished()) {
            if (hasNumbers(run)) {
                TestNumbers test = numbers(run);
                String when = Run.open(run).provenance().orElseThrow().finished();
                presses.add(new Press(number(run), when, test.method(), test.right(), test.tested()));
            }
        }
        return presses;
    }

    /**
     * Two learned classifiers on the test pictures of both.
     *
     * @param both number of these pictures
     * @param better those that the later one alone has right
     * @param worse those that the earlier one alone has right
     * @param p probability of such a difference by chance
     */
    record Compared(int both, List<String> better, List<String> worse, double p) {}

    /** Compares what was learned by two presses of Learn, picture by picture. */
    Compared compare(int from, int to) throws IOException {
        List<TestNumbers> both = new ArrayList<>();
        for (int n : new int[] {from, to}) {
            Path run = learned.resolve("run-" + n);
            require(finished().contains(run) && hasNumbers(run), "There is no run %d.", n);
            both.add(numbers(run));
        }
        TestNumbers.Changes all = both.get(0).changes(both.get(1));
        return new Compared(all.both(), ids(all.better()), ids(all.worse()), all.p());
    }

    private static List<String> ids(List<String> contents) {
        return contents.stream()
                .filter(one -> one.matches("[0-9a-f]{64}")) // the file may be a stranger's
                .map(Photo::id)
                .toList();
    }

    /**
     * An answer about a picture.
     *
     * @param method the method of the run that learned the classifier; null for the quick one of the board
     * @param classes the classes, the most probable first
     */
    record Answer(String method, List<Prediction> classes) {}

    private interface Question<T> {
        T ask(String by, ImageClassifier asked, InputImage image) throws IOException;
    }

    private <T> T answer(String by, ImageClassifier asked, byte[] content, Question<T> question) {
        try {
            return question.ask(by, asked, InputImage.of(content, UNNAMED));
        } catch (IOException e) {
            throw studio.unreadable(content, e);
        } catch (IllegalArgumentException e) { // an unknown class
            throw StudioProblem.of(e);
        }
    }

    /** Answers by what the latest finished run learned, or else by the quick classifier, which may be null. */
    Answer predict(byte[] content, boolean quick, Fit fit) throws IOException {
        return ask(content, quick, fit, (by, asked, image) -> new Answer(by, asked.classify(image)));
    }

    /** Draws where a picture speaks for a class, with what is said of it; a check covers that part. */
    ObjectNode why(byte[] content, boolean quick, Fit fit, String label, boolean checks) throws IOException {
        return ask(content, quick, fit, (by, asked, image) -> {
            HeatMap map = asked.why(image, label);
            byte[] drawn = new ImageDecoder()
                    .decode(content, UNNAMED, asked.exif(), one -> HeatPicture.of(one, map, HeatPicture.SIDE, "jpg"));
            ObjectNode why = HeatPicture.json(map)
                    .put(
                            "picture",
                            "data:image/jpeg;base64," + Base64.getEncoder().encodeToString(drawn))
                    .put("title", HeatPicture.title(map))
                    .putPOJO("legend", HeatPicture.legend(map))
                    .put("scale", HeatPicture.scale(map))
                    .put("meaning", HeatPicture.MEANING);
            if (checks) {
                HeatMap.Check check = asked.check(image, map);
                why.putPOJO("check", check)
                        .put("square", check.square())
                        .put("verdict", HeatPicture.verdict(check))
                        .put("sentence", HeatPicture.sentence(check));
            }
            return why;
        });
    }

    private <T> T ask(byte[] content, boolean quick, Fit fit, Question<T> question) throws IOException {
        Optional<Path> folder = quick ? Optional.empty() : last();
        if (folder.isEmpty()) {
            require(fit != null, "Nothing is learned yet: put pictures into two classes.");
            try (ImageClassifier once = ImageClassifier.of(clip, fit.classifier())) {
                return answer(null, once, content, question);
            }
        }
        synchronized (trying) {
            if (!folder.get().equals(tried)) {
                closeTried();
                classifier = ImageClassifier.load(folder.get(), clip);
                method = Run.open(folder.get()).result().orElseThrow().methodTitle();
                tried = folder.get();
            }
            return answer(method, classifier, content, question);
        }
    }

    private void closeTried() throws IOException {
        tried = null;
        if (classifier != null) {
            classifier.close();
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
        return found(last().orElse(null), "Nothing is learned yet: press Learn.");
    }

    /** Returns the number of a run's folder; 0 for other folders. */
    private static int number(Path folder) {
        Matcher name = NAME.matcher(folder.getFileName().toString());
        return name.matches() ? Integer.parseInt(name.group(1)) : 0;
    }

    private Optional<Path> last() throws IOException {
        return finished().stream().max(Comparator.comparingInt(Runs::number));
    }

    private List<Path> finished() throws IOException {
        if (!Files.isDirectory(learned)) {
            return List.of();
        }
        try (Stream<Path> folders = Files.list(learned)) {
            return folders.filter(one -> number(one) > 0 && RunFolder.isFinished(one))
                    .toList();
        }
    }

    @Override
    public void close() throws IOException {
        learning.close();
        synchronized (trying) {
            closeTried();
        }
    }
}
