package org.coop4j.data.benchmark;

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
 * @param aliases other names that users may write
 * @param layout places of its files
 * @param rule rule that makes its lists without a split file
 * @param template its hand-written prompt, with "{}" for the class name
 * @param published sizes of a complete copy
 * @param skipped class folders that do not belong to it
 * @param renamed class names that differ from the folder's name
 * @param about its origin, terms and preparation
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
     * Returns the names that users may write, the reference's first. Letter case, spaces, hyphens and underscores do not
     * matter; of names that differ only in these, the first is returned.
     */
    public List<String> names() {
        Map<String, String> byBareName = new LinkedHashMap<>();
        Stream.concat(Stream.of(name, title, layout.directory()), aliases.stream())
                .forEach(written -> byBareName.putIfAbsent(Benchmarks.bare(written), written));
        return List.copyOf(byBareName.values());
    }

    /** Returns the {@link #names} except the first. */
    public List<String> otherNames() {
        return names().subList(1, names().size());
    }

    /** Returns the number of image files of a complete copy; ImageNet's val list is its test list. */
    public long publishedFiles() {
        long val = rule == SplitRule.IMAGENET ? 0 : published.val();
        return published.train() + val + published.test();
    }

    /**
     * Places of a dataset's files, relative to the folder of all datasets.
     *
     * @param directory the dataset's folder
     * @param imageRoot the folder in it that a split file's paths are relative to
     * @param split the split file's name; null for datasets without one
     * @param folders folders of images in it
     * @param lists official lists in it, needed without a split file
     */
    public record Layout(
            String directory,
            String imageRoot,
            @JsonProperty("splitFile") String split,
            List<String> folders,
            List<String> lists) {

        /** Returns the published split, relative to the directory; empty if there is none. */
        public Optional<String> splitFile() {
            return Optional.ofNullable(split);
        }

        /** Returns the files and folders of a dataset, with the condition under which each is needed. */
        public Map<String, Need> needs() {
            Map<String, Need> needs = new LinkedHashMap<>();
            folders.forEach(folder -> needs.put(folder, Need.ALWAYS));
            splitFile().ifPresent(file -> needs.put(file, Need.FOR_PUBLISHED_SPLIT));
            Need ofLists = split == null ? Need.ALWAYS : Need.WITHOUT_SPLIT_FILE;
            lists.forEach(list -> needs.put(list, ofLists));
            return needs;
        }

        /** Returns the files and folders of a copy with the published split. */
        public List<String> expected() {
            Map<String, Need> needs = needs();
            needs.values().removeIf(need -> need == Need.WITHOUT_SPLIT_FILE);
            return List.copyOf(needs.keySet());
        }
    }

    /** Condition under which a file or folder is needed. */
    public enum Need {
        /** Needed in any case. */
        ALWAYS,
        /** Needed for the published split; without it a split is made. */
        FOR_PUBLISHED_SPLIT,
        /** Needed without a split file. */
        WITHOUT_SPLIT_FILE
    }

    /**
     * Origin of a dataset.
     *
     * @param homepage its page, where it is or was offered
     * @param paper authors, title, venue and year
     * @param terms its licence or terms of use, as far as they are known
     * @param preparation steps from the download to the benchmark's layout
     */
    public record About(String homepage, String paper, String terms, String preparation) {}

    /** Numbers of classes and images. */
    public record Sizes(int classes, int train, int val, int test) {}

    /** Rule that makes a dataset's lists without a split file. */
    public enum SplitRule {
        /** One folder per class, split 50/20/30 (Caltech101, Food101, DTD, EuroSAT). */
        CLASS_FOLDERS("50/20/30 of each class"),
        /** Oxford-IIIT Pets' annotation lists. */
        OXFORD_PETS("test.txt, and a fifth of each class of trainval.txt as val"),
        /** Stanford Cars' MATLAB annotations. */
        STANFORD_CARS("official test images, and a fifth of each class of the others as val"),
        /** Oxford Flowers' MATLAB labels, split 50/20/30. */
        OXFORD_FLOWERS("50/20/30 of each class"),
        /** FGVC Aircraft's official three lists. */
        FGVC_AIRCRAFT("official train, val and test lists"),
        /** SUN397's first partition. */
        SUN397("Testing_01.txt, and a fifth of each class of Training_01.txt as val"),
        /** UCF101's first split. */
        UCF101("testlist01.txt, and a fifth of each class of trainlist01.txt as val"),
        /** ImageNet's training and validation folders. */
        IMAGENET("official training images; the validation images are val and test"),
        /** Folders numbered as ImageNet's labels, to test on (ImageNetV2). */
        NUMBERED_FOLDERS("all images are test images"),
        /** Folders named by WordNet id, to test on (ImageNet-Sketch, -A, -R). */
        WNID_FOLDERS("all images are test images");

        private final String description;

        SplitRule(String description) {
            this.description = description;
        }

        /** Returns a phrase that describes the split. */
        public String description() {
            return description;
        }

        /** Returns true if the images are listed from folders, so that none can be missing. */
        boolean listsFolders() {
            return Set.of(CLASS_FOLDERS, IMAGENET, NUMBERED_FOLDERS, WNID_FOLDERS)
                    .contains(this);
        }
    }
}
