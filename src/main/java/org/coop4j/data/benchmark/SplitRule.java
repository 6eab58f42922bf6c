package org.coop4j.data.benchmark;

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
