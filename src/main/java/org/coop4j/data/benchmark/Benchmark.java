package org.coop4j.data.benchmark;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A published dataset, as the CoOp benchmark uses it.
 *
 * @param name the reference's name, its {@code DATASET.NAME}
 * @param title the name that the papers' tables use
 * @param aliases further names that users may write
 * @param layout where its files lie
 * @param rule how its lists are made when there is no split file
 * @param template its hand-written prompt, "{}" standing for the class name
 * @param published the sizes that a complete copy has
 * @param skipped class folders that do not belong to it
 * @param renamed class names that differ from the folder's name
 * @param about who made it, on which terms, and how to prepare it
 */
public record Benchmark(
        String name,
        String title,
        List<String> aliases,
        Layout layout,
        SplitRule rule,
        String template,
        Sizes published,
        Set<String> skipped,
        Map<String, String> renamed,
        About about) {
    /**
     * Returns the names that users may write, the reference's first. Letter case, spaces, hyphens
     * and underscores do not matter, so of those that differ in them alone the first stands for
     * all.
     */
    public List<String> names() {
        Map<String, String> byBareName = new LinkedHashMap<>();
        Stream.concat(Stream.of(name, title, layout.directory()), aliases.stream())
                .forEach(written -> byBareName.putIfAbsent(Benchmarks.bare(written), written));
        return List.copyOf(byBareName.values());
    }

    /** Returns how many image files a complete copy has; ImageNet's val list is its test list. */
    public long publishedFiles() {
        long val = rule == SplitRule.IMAGENET ? 0 : published.val();
        return published.train() + val + published.test();
    }

    /** Returns true if the dataset has no images to train on. */
    public boolean testsOnly() {
        return published.train() == 0;
    }

    /**
     * Where a dataset's files lie, relative to the folder of all datasets.
     *
     * @param directory the dataset's folder
     * @param imageRoot the folder, in it, that a split file's paths are relative to
     * @param splitFile the split file's name, for the datasets that have one
     * @param folders folders of images, in it
     * @param lists official lists, in it, needed where there is no split file
     */
    public record Layout(
            String directory, String imageRoot, Optional<String> splitFile, List<String> folders, List<String> lists) {
        @JsonCreator
        static Layout ofJson(
                @JsonProperty("directory") String directory,
                @JsonProperty("imageRoot") String imageRoot,
                @JsonProperty("splitFile") String splitFile,
                @JsonProperty("folders") List<String> folders,
                @JsonProperty("lists") List<String> lists) {
            return new Layout(directory, imageRoot, Optional.ofNullable(splitFile), folders, lists);
        }
    }

    /**
     * Where a dataset is from.
     *
     * @param homepage its page, where it is or was offered
     * @param paper authors, title, venue and year
     * @param terms its licence or terms of use, as far as they are known
     * @param preparation what to do with the download to have the benchmark's layout
     */
    public record About(String homepage, String paper, String terms, String preparation) {}

    /**
     * Numbers of classes and images.
     *
     * @param classes classes
     * @param train training images
     * @param val validation images
     * @param test test images
     */
    public record Sizes(int classes, int train, int val, int test) {}

    /** How a dataset's lists are made when there is no split file. */
    public enum SplitRule {
        /** A folder a class, split 50/20/30 (Caltech101, Food101, DTD, EuroSAT). */
        CLASS_FOLDERS("50/20/30 of each class", true),
        /** Oxford-IIIT Pets' annotation lists. */
        OXFORD_PETS("test.txt, and a fifth of each class of trainval.txt as val", false),
        /** Stanford Cars' MATLAB annotations. */
        STANFORD_CARS("official test images, and a fifth of each class of the others as val", false),
        /** Oxford Flowers' MATLAB labels, split 50/20/30. */
        OXFORD_FLOWERS("50/20/30 of each class", false),
        /** FGVC Aircraft's official three lists. */
        FGVC_AIRCRAFT("official train, val and test lists", false),
        /** SUN397's first partition. */
        SUN397("Testing_01.txt, and a fifth of each class of Training_01.txt as val", false),
        /** UCF101's first split. */
        UCF101("testlist01.txt, and a fifth of each class of trainlist01.txt as val", false),
        /** ImageNet's training and validation folders. */
        IMAGENET("official training images; the validation images are val and test", true),
        /** Folders numbered as ImageNet's labels, to test on (ImageNetV2). */
        NUMBERED_FOLDERS("all images are test images", true),
        /** Folders named by WordNet id, to test on (ImageNet-Sketch, -A, -R). */
        WNID_FOLDERS("all images are test images", true);

        private final String description;
        private final boolean listsFolders;

        SplitRule(String description, boolean listsFolders) {
            this.description = description;
            this.listsFolders = listsFolders;
        }

        /** Returns a phrase that says which images go where. */
        public String description() {
            return description;
        }

        /**
         * Returns true if the images are what the folders hold, so that none of them can be missing.
         */
        boolean listsFolders() {
            return listsFolders;
        }
    }
}
