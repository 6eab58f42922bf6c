package org.coop4j.findings;

import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction.IoSupplier;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.SplitRules.SplitShares;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.ClassifierFile;
import org.coop4j.run.Images;
import org.coop4j.run.Images.Pictures;
import org.coop4j.run.OpenRun;
import org.coop4j.run.Provenance;
import org.coop4j.run.RunImages;

/**
 * Images to test a learned classifier on again, without the ones that it learned from.
 *
 * @param learnedClasses the classifier's classes
 * @param run the run that it belongs to, if that is known
 * @param images the images that the run used, read on another thread; {@link RunImages#NONE} if it did not record them
 * @param notes receives differences from the run
 */
public record EvaluationData(
        List<String> learnedClasses, Optional<OpenRun> run, IoSupplier<RunImages> images, Progress notes) {

    private static final int NAMED = 5;

    /**
     * Images with their classes.
     *
     * @param classNames name of each label
     */
    public record Tested(List<String> classNames, List<LabelledImage> images) {}

    /**
     * Reads what is recorded of a classifier's run.
     *
     * @param folder the classifier's folder, which may be that of its run
     * @param notes receives differences from the run
     * @throws IOException if the records of the run are damaged but for its images
     */
    public static EvaluationData of(ClassifierFile learned, Path folder, Progress notes) throws IOException {
        Optional<OpenRun> run = OpenRun.of(learned, folder);
        IoSupplier<RunImages> images = run.isEmpty()
                ? () -> RunImages.NONE
                : IoSupplier.begun(() -> run.get().images());
        return new EvaluationData(learned.classNames(), run, images, notes);
    }

    /**
     * Returns the run that lists the images that the classifier was tested on.
     *
     * @throws IOException if none is recorded
     */
    public OpenRun ownRun() throws IOException {
        InputException.require(
                !images.get().test().isEmpty(), "no run beside the classifier lists its test images: name the data");
        return run.orElseThrow();
    }

    /**
     * Returns the images that the run was tested on.
     *
     * @param exif treatment of their EXIF orientations
     * @throws IOException if they are not recorded, missing or changed
     */
    public Tested own(Images all, ExifOrientation exif) throws IOException {
        OpenRun own = ownRun();
        return new Tested(
                images.get().testedClasses(),
                own.find(all, Split.TEST, exif)
                        .required("test images", "restore them, or name the data of the current images"));
    }

    /**
     * Returns the data that the run was tested on, at its recorded place.
     *
     * @throws IOException if it is not recorded
     */
    public DataSpec source() throws IOException {
        return run.orElseThrow(
                        () -> new InputException("no run beside the classifier records its test data: name the data"))
                .config()
                .testedOn()
                .source();
    }

    /**
     * A choice among the images of a dataset.
     *
     * @param seed seed of the split if the data has none; null for the run's
     * @param half null for the run's half of the run's data, and for all classes of other data
     * @param split null for the test images, which are all images of other data without a split
     * @param onlyTheseClasses true to distinguish the data's classes alone where the classifier has more
     */
    public record Choice(Long seed, ClassHalf half, Split split, boolean onlyTheseClasses) {

        private Split part() {
            return split == null ? Split.TEST : split;
        }
    }

    private long seed(Choice choice) throws IOException {
        long runSeed = run.isEmpty()
                ? 1
                : source().seedOfSplit(run.get().config().sample().seed());
        return choice.seed == null ? runSeed : choice.seed;
    }

    /** Returns images of a dataset. The run's own data has the run's split and classes. */
    public Tested of(DataSpec given, Choice choice) throws IOException {
        DataSpec data = asTested(given);
        Optional<ImageDataset> own = own(data, seed(choice), choice.half);
        if (own.isPresent()) {
            List<String> names = runsNames(own.get().classNames());
            noteClasses(names);
            return new Tested(names, own.get().someImages(choice.part()));
        }
        return ofOthers(data, choice);
    }

    /** Returns images of a dataset that is not the run's: all of them if it has no split and the choice names none. */
    public Tested ofOthers(DataSpec given, Choice choice) throws IOException {
        DataSpec data = asTested(given);
        boolean whole = choice.split == null && choice.seed == null && data.split() == null;
        ImageDataset lists = (whole
                        ? data.with().split(SplitShares.WHOLE.toString()).build()
                        : data)
                .load(seed(choice), notes::note)
                .half(choice.half == null ? ClassHalf.ALL : choice.half);
        List<LabelledImage> tested = lists.someImages(choice.part());
        if (whole && lists.train().isEmpty()) {
            notes.note(
                    "the data has no split: all %s are test images".formatted(Numbers.count(tested.size(), "image")));
        }
        List<String> names = lists.classNames();
        boolean some = names.size() < learnedClasses.size()
                && learnedClasses.containsAll(names)
                && lists.repeatedClassNames().isEmpty();
        if (!some || choice.onlyTheseClasses || choice.half != null || data.benchmark() != null) {
            noteClasses(names);
            return new Tested(names, tested);
        }
        notes.note(
                "the data has %d of the %d classes; all of them are distinguished, unless only these classes are asked for"
                        .formatted(names.size(), learnedClasses.size()));
        return new Tested(
                learnedClasses,
                tested.stream()
                        .map(image ->
                                image.renumbered(label -> learnedClasses.indexOf(names.get(label)), learnedClasses))
                        .toList());
    }

    /** Returns the data if its test images are those of the run. */
    private Optional<ImageDataset> own(DataSpec data, long seed, ClassHalf half) throws IOException {
        Optional<Provenance> provenance = run.flatMap(OpenRun::provenance);
        if (provenance.isEmpty()) {
            return Optional.empty();
        }
        try {
            ImageDataset own = data.load(seed)
                    .half(half == null ? run.get().config().testedOn().classes() : half);
            return Optional.of(own).filter(lists -> ImageDataset.sha256(lists.test())
                    .equals(provenance.get().testHash()));
        } catch (InputException | IllegalArgumentException e) {
            return Optional.empty(); // too few images or classes to be divided like the run's
        }
    }

    /** Returns the data with the run's split and treatment of EXIF orientations, unless it has its own. */
    private DataSpec asTested(DataSpec data) throws IOException {
        if (run.isEmpty()) {
            return data;
        }
        DataSpec told = source();
        boolean sameSplit = data.split() == null && absolute(data).equals(absolute(told));
        return data.with()
                .split(sameSplit ? told.split() : data.split())
                .exif(data.exif() == null ? told.exif() : data.exif())
                .build();
    }

    private static Path absolute(DataSpec data) {
        return Path.of(data.path()).toAbsolutePath().normalize();
    }

    private List<String> runsNames(List<String> names) throws IOException {
        RunImages own = images.get();
        List<String> known = own.equals(RunImages.NONE) ? learnedClasses : own.testedClasses();
        if (known.size() != names.size() || known.equals(names)) {
            return names;
        }
        notes.note("using the run's class names, %s, instead of the data's, %s"
                .formatted(Numbers.first(known, NAMED), Numbers.first(names, NAMED)));
        return known;
    }

    private void noteClasses(List<String> names) {
        List<String> others =
                names.stream().filter(name -> !learnedClasses.contains(name)).toList();
        int distinct = new HashSet<>(names).size();
        if (!others.isEmpty()) {
            notes.note("%d of %d classes were not learned: %s"
                    .formatted(others.size(), names.size(), Numbers.first(others, NAMED)));
        } else if (distinct < new HashSet<>(learnedClasses).size()) {
            notes.note("the data has %d of the %d classes; only these are scored: %s"
                    .formatted(distinct, learnedClasses.size(), Numbers.first(names, NAMED)));
        }
    }

    /** Returns the positions of the images whose contents were learned from. */
    public Set<Integer> learned(List<LabelledImage> tested) throws IOException {
        return among(tested, images.get().train());
    }

    /** Returns the positions of the images whose contents were learned from, or were val images. */
    public Set<Integer> known(List<LabelledImage> tested) throws IOException {
        Set<Integer> known = learned(tested);
        known.addAll(among(tested, images.get().val()));
        return known;
    }

    private static Set<Integer> among(List<LabelledImage> tested, List<LabelledImage> used) {
        Set<String> contents = RunImages.contents(used);
        return IntStream.range(0, tested.size())
                .filter(i -> contents.contains(tested.get(i).sha256()))
                .boxed()
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /**
     * Returns the images without those that were learned from, unless they are to be counted.
     *
     * @throws InputException if no other is left
     */
    public Pictures unseen(Pictures all, boolean countLearned) throws IOException {
        if (images.get().equals(RunImages.NONE)) {
            notes.note("the images that it learned from are not recorded: any among these inflate the accuracy");
        }
        Set<Integer> learned = learned(all.images());
        if (learned.isEmpty()) {
            return all;
        }
        List<String> paths =
                learned.stream().map(i -> all.images().get(i).path().toString()).toList();
        String which = "%d of %d images were learned from, by content (%s)"
                .formatted(learned.size(), all.size(), Numbers.first(paths, NAMED));
        if (countLearned) {
            notes.warn(which + ": they are counted and inflate the accuracy");
            return all;
        }
        require(learned.size() != all.size(), "%s: no other is left, unless the overlap is allowed", which);
        notes.warn(which + " and are left out, unless the overlap is allowed");
        return all.without(learned);
    }
}
