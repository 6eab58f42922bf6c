package org.coop4j.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.StoredFeatures;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.run.Images.Pictures;

/**
 * A run that is read back from its folder. Its images are the recorded ones, even if the folder of the data has changed; those
 * that are missing or replaced are named.
 */
public final class OpenRun {

    private static final int NAMED = 3;

    private final Path folder;
    private final RunConfig config;
    private final Optional<Provenance> provenance;
    private final Optional<RunResult> result;
    private final Optional<String> failure;

    private OpenRun(Path folder) throws IOException {
        this.folder = folder;
        this.config = RunConfig.read(folder.resolve(RunFolder.CONFIG));
        this.provenance = read(folder, RunFolder.PROVENANCE, Provenance.class);
        this.result = result(folder);
        this.failure = failure(folder);
    }

    /**
     * A part of a run's images as it is today.
     *
     * @param unchanged images that are what they were
     * @param missing paths of images whose files are not there
     * @param replaced paths of images whose files have another content
     */
    public record Found(List<LabelledImage> unchanged, List<String> missing, List<String> replaced) {

        /**
         * Returns all images of the part.
         *
         * @param what a phrase for the part, such as "test images"
         * @param remedy what to do about a difference
         * @throws InputException if some are missing or replaced, with the first files
         */
        public List<LabelledImage> required(String what, String remedy) throws InputException {
            require(missing, what, "is missing", "are missing", remedy);
            require(replaced, what, "has changed", "have changed", remedy);
            return unchanged;
        }

        private void require(List<String> paths, String what, String one, String several, String remedy)
                throws InputException {
            InputException.require(
                    paths.isEmpty(),
                    "%d of the run's %d %s %s (%s): %s",
                    paths.size(),
                    unchanged.size() + missing.size() + replaced.size(),
                    what,
                    paths.size() == 1 ? one : several,
                    Numbers.first(paths, NAMED),
                    remedy);
        }
    }

    /** Reads all records but the lists of images. */
    static OpenRun of(Path folder) throws IOException {
        InputException.require(RunFolder.holdsRun(folder), "%s holds no run: it has no %s", folder, RunFolder.CONFIG);
        OpenRun run = new OpenRun(folder);
        String used = run.provenance.map(Provenance::modelSha256).orElse(run.config.modelSha256());
        InputException.require(
                used.equals(run.config.modelSha256()),
                "%s names the model %.12s…, %s the model %.12s…: they are from different runs",
                RunFolder.CONFIG,
                run.config.modelSha256(),
                RunFolder.PROVENANCE,
                used);
        return run;
    }

    /**
     * Returns the run in a folder, if there is one; {@code config.json} may be another program's.
     *
     * @throws IOException if a file of a run is damaged, or its configuration is missing
     */
    public static Optional<OpenRun> find(Path folder) throws IOException {
        if (RunFolder.holdsRun(folder)
                && (RunFolder.hasResult(folder)
                        || RunFolder.read(folder.resolve(RunFolder.CONFIG), ObjectNode.class)
                                .has("modelSha256"))) {
            return Optional.of(of(folder));
        }
        InputException.require(
                !RunFolder.hasResult(folder),
                "%s without %s: its settings are lost",
                RunFolder.RESULT,
                RunFolder.CONFIG);
        return Optional.empty();
    }

    /** Returns the reason that the run in a folder has no result, if it failed. */
    public static Optional<String> failure(Path folder) throws IOException {
        return read(folder, RunFolder.FAILURE, ObjectNode.class)
                .map(said ->
                        said.path("message").asText("no reason is recorded").strip());
    }

    /** Returns the result in the folder of a run or of a copied classifier, if there is one. */
    public static Optional<RunResult> result(Path folder) throws IOException {
        return read(folder, RunFolder.RESULT, RunResult.class);
    }

    private static <T> Optional<T> read(Path folder, String name, Class<T> type) throws IOException {
        Path file = folder.resolve(name);
        return Files.exists(file) ? Optional.of(RunFolder.read(file, type)) : Optional.empty();
    }

    /** Returns the run that a classifier in a folder belongs to, if the folder is that of its run. */
    public static Optional<OpenRun> of(ClassifierFile learned, Path folder) throws IOException {
        if (!RunFolder.holdsRun(folder)) {
            return Optional.empty();
        }
        return Optional.of(of(folder))
                .filter(run -> run.config.modelSha256().equals(learned.modelSha256())
                        && run.config.method().id().equals(learned.method().id())); // it may have chosen settings
    }

    /** Returns its folder. */
    public Path folder() {
        return folder;
    }

    /** Returns its configuration. */
    public RunConfig config() {
        return config;
    }

    /** Returns its origin; empty if it is not finished. */
    public Optional<Provenance> provenance() {
        return provenance;
    }

    /** Returns its result, if it has one. */
    public Optional<RunResult> result() {
        return result;
    }

    /** Returns why it has no result, if it failed. */
    public Optional<String> failure() {
        return failure;
    }

    /** Reads the images that it learned from and was tested on; none if it recorded none. */
    public RunImages images() throws IOException {
        return RunImages.of(folder).orElse(RunImages.NONE);
    }

    /** Returns true if everything of it was written. */
    public boolean isFinished() {
        return provenance.isPresent();
    }

    /** Reads what it learned. */
    public ClassifierFile classifier() throws IOException {
        return ClassifierFile.read(RunFolder.classifier(folder)
                .orElseThrow(() -> new IOException(folder + " has no classifier: its run is not finished")));
    }

    /** Returns the features that it was tested on; empty for images. */
    public Optional<StoredFeatures> stored() throws IOException {
        DataSpec source = config.testedOn().source();
        return source.holdsFeatures() ? source.load(config.sample().seed()).stored() : Optional.empty();
    }

    private List<LabelledImage> recorded(Split part) throws IOException {
        RunImages images = images();
        return switch (part) {
            case TRAIN -> images.train();
            case VAL -> images.val();
            case TEST -> images.test();
        };
    }

    /**
     * Looks for the images of a part of the run, by their paths and contents; for features, by the file of features.
     *
     * @param exif treatment of their EXIF orientations
     */
    public Found find(Images all, Split part, ExifOrientation exif) throws IOException {
        DataSpec source = source(part);
        return source.holdsFeatures() ? rows(all, source, part) : files(all, part, exif);
    }

    /** Looks for the images of a part of the run as the run saw them. */
    public Found find(Images all, Split part) throws IOException {
        return find(all, part, orientation(part));
    }

    private DataSpec source(Split part) {
        return (part == Split.TEST ? config.testedOn() : config.data()).source();
    }

    /** Returns the treatment of EXIF orientations; a list that has disappeared cannot tell it, but the classifier can. */
    public ExifOrientation orientation(Split part) throws IOException {
        DataSpec source = source(part);
        return Files.exists(Path.of(source.path()))
                ? source.orientation()
                : classifier().origin().exif();
    }

    private Found files(Images all, Split part, ExifOrientation exif) throws IOException {
        List<LabelledImage> there = new ArrayList<>();
        List<String> sha256 = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        List<String> replaced = new ArrayList<>();
        for (LabelledImage image : recorded(part)) {
            if (Files.exists(image.path())) {
                there.add(image.with(exif));
                sha256.add(image.sha256());
            } else {
                missing.add(image.path().toString());
            }
        }
        List<String> now = all.contents(there);
        List<LabelledImage> unchanged = new ArrayList<>();
        for (int i = 0; i < there.size(); i++) {
            if (now.get(i).equals(sha256.get(i))) {
                unchanged.add(there.get(i));
            } else {
                replaced.add(there.get(i).path().toString());
            }
        }
        return new Found(unchanged, missing, replaced);
    }

    /** Returns the rows of the file of features that the run recorded. */
    private Found rows(Images all, DataSpec source, Split part) throws IOException {
        ImageDataset lists = all.dataset(source, config.sample().seed());
        String now = lists.stored().orElseThrow().sha256();
        String then = provenance.map(Provenance::featuresSha256).orElse(now);
        InputException.require(
                now.equals(then),
                "%s has changed since the run used it: put back the file with SHA-256 %s",
                source.path(),
                then);
        Map<String, LabelledImage> byPlace = new HashMap<>();
        for (Split split : Split.values()) {
            lists.half((part == Split.TEST ? config.testedOn() : config.data()).classes())
                    .images(split)
                    .forEach(row -> byPlace.put(row.stored().sha256() + row.place(), row));
        }
        List<LabelledImage> unchanged = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (LabelledImage image : recorded(part)) {
            LabelledImage row = byPlace.get(image.sha256() + image.path());
            if (row == null) {
                missing.add(image.path().toString());
            } else {
                unchanged.add(row);
            }
        }
        return new Found(unchanged, missing, List.of());
    }

    /** Returns the images that have other contents than the run recorded, in brackets; empty if there are none. */
    String replaced(Images all) throws IOException {
        List<String> paths = new ArrayList<>();
        for (Split part : Split.values()) {
            paths.addAll(find(all, part).replaced);
        }
        return paths.isEmpty() ? "" : " (" + Numbers.first(paths, NAMED) + ")";
    }

    /**
     * Returns the test images that the data has today and the run did not have; none if the data is not there or cannot be
     * split any more: the recorded images are found by their paths.
     */
    public List<LabelledImage> added(Images all) throws IOException {
        Set<String> known =
                images().test().stream().map(image -> image.path().toString()).collect(Collectors.toSet());
        try {
            return all
                    .dataset(config.testedOn().source(), config.sample().seed())
                    .half(config.testedOn().classes())
                    .test()
                    .stream()
                    .filter(image -> !known.contains(image.place()))
                    .toList();
        } catch (InputException | NoSuchFileException | IllegalArgumentException e) {
            return List.of();
        }
    }

    /**
     * Returns the images that it learned from and may have chosen by.
     *
     * @param remedy what to do if they are not what they were
     * @throws InputException if its descriptions, features or images are not what they were
     */
    public Support support(Images all, String remedy, Progress progress) throws IOException {
        return all.support(
                config.data().source(),
                classifier().classNames(),
                config.sample().seed(),
                find(all, Split.TRAIN).required("training images", remedy),
                find(all, Split.VAL).required("val images", remedy),
                progress);
    }

    /**
     * Returns the images that it was tested on.
     *
     * @param remedy what to do if they are not what they were
     * @throws InputException if its features or images are not what they were
     */
    public Pictures test(Images all, String remedy, Progress progress) throws IOException {
        return all.test(config, find(all, Split.TEST).required("test images", remedy), progress);
    }

    /**
     * Returns the run as it ended, from the images that it recorded; the caller closes it.
     *
     * @throws InputException if its model, descriptions, features or images are not what they were
     */
    public Learned learned(Images all, Progress progress) throws IOException {
        InputException.require(
                all.space().modelSha256().equals(config.modelSha256()),
                "the run in %s used another model (SHA-256 %.12s…, not %.12s…)",
                folder,
                config.modelSha256(),
                all.space().modelSha256());
        RunResult measured = result.orElseThrow(() -> new InputException("the run in " + folder + " is not finished"));
        String remedy = "put them back, or learn again";
        Support support = support(all, remedy, progress);
        Pictures tested = test(all, remedy, progress);
        ClassifierFile file = classifier();
        Classifier classifier = file.open(all.space());
        try {
            Learned.Test test = all.tested(config, images().testedClasses(), tested, classifier);
            return new Learned(
                    config,
                    support,
                    classifier,
                    file,
                    Confidence.of(file),
                    measured.warnings(),
                    Optional.of(test),
                    result);
        } catch (IOException | RuntimeException | Error e) {
            classifier.close();
            throw e;
        }
    }
}
