package org.coop4j.data.benchmark;

/** How a dataset's lists are made when there is no published split file. */
public enum SplitRule {
    /** A folder a class, split 50/20/30 (Caltech101, Food101, DTD, EuroSAT). */
    CLASS_FOLDERS,
    /** Oxford-IIIT Pets' annotation lists. */
    OXFORD_PETS,
    /** Stanford Cars' MATLAB annotations. */
    STANFORD_CARS,
    /** Oxford Flowers' MATLAB labels, split 50/20/30. */
    OXFORD_FLOWERS,
    /** FGVC Aircraft's official three lists. */
    FGVC_AIRCRAFT,
    /** SUN397's first partition. */
    SUN397,
    /** UCF101's first split. */
    UCF101,
    /** ImageNet's training and validation folders. */
    IMAGENET,
    /** Folders numbered as ImageNet's labels, to test on (ImageNetV2). */
    NUMBERED_FOLDERS,
    /** Folders named by WordNet id, to test on (ImageNet-Sketch, -A, -R). */
    WNID_FOLDERS
}
