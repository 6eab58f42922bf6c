package org.coop4j.pretraindata;

/** Where a picture comes from, under which licence, and who drew it. */
public enum Source {
    OPEN_CLIP_ART("openclipart", "Open Clip Art 0.18", "public domain", "", "drawing", "clip art"),
    NOTO("noto", "Noto Emoji", "Apache-2.0", "Google", "emoji", "drawing"),
    NOTO_V1("noto-v1", "Noto Emoji, first design", "Apache-2.0", "Google", "emoji", "cartoon"),
    FLUENT_3D("fluent-3d", "Fluent Emoji 3D", "MIT", "Microsoft", "emoji", "rendered picture"),
    FLUENT_FLAT("fluent-flat", "Fluent Emoji Flat", "MIT", "Microsoft", "emoji", "flat drawing"),
    EMOJI_ONE("emojione", "Emoji One 2", "CC BY 4.0", "Emoji One", "emoji", "drawing"),
    FX_EMOJI("fxemoji", "Firefox OS Emoji", "Apache-2.0", "Mozilla", "emoji", "drawing"),
    /** The artist no table has: the demo's pictures of another domain. */
    TWEMOJI(
            "twemoji",
            "Twemoji",
            "CC BY 4.0",
            "Twitter, Inc. and other contributors",
            "emoji",
            "drawing");

    private final String folder;
    private final String title;
    private final String licence;
    private final String artist;
    private final String medium;
    private final String otherMedium;

    Source(
            String folder,
            String title,
            String licence,
            String artist,
            String medium,
            String otherMedium) {
        this.folder = folder;
        this.title = title;
        this.licence = licence;
        this.artist = artist;
        this.medium = medium;
        this.otherMedium = otherMedium;
    }

    /** The first part of the ids of its pictures, and of an emoji set's folder of sources. */
    public String folder() {
        return folder;
    }

    /** The set's name. */
    public String title() {
        return title;
    }

    /** The licence's usual short name. */
    public String licence() {
        return licence;
    }

    /** The artist of the whole set; empty for Open Clip Art, where each drawing names its own. */
    public String artist() {
        return artist;
    }

    /** What its pictures are, as a caption says it. */
    public String medium() {
        return medium;
    }

    /** A second word for what its pictures are. */
    public String otherMedium() {
        return otherMedium;
    }
}
