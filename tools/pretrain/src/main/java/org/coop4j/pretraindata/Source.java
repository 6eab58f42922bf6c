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
    STREAMLINE_EMOJI("streamline-emojis", "Streamline Emojis", "CC BY 4.0", "Streamline", "emoji", "drawing"),
    GAME_ICONS(
            "game-icons",
            "Game-icons.net",
            "CC BY 3.0",
            "Lorc, Delapouite and contributors",
            "icon",
            "black and white drawing"),
    STREAMLINE_ULTIMATE(
            "streamline-ultimate-color", "Streamline Ultimate Colors", "CC BY 4.0", "Streamline", "icon", "drawing"),
    STREAMLINE_PLUMP("streamline-plump-color", "Streamline Plump Colors", "CC BY 4.0", "Streamline", "icon", "drawing"),
    STREAMLINE_FLEX("streamline-flex-color", "Streamline Flex Colors", "CC BY 4.0", "Streamline", "icon", "drawing"),
    STREAMLINE_CORE("streamline-color", "Streamline Core Colors", "CC BY 4.0", "Streamline", "icon", "drawing"),
    STREAMLINE_FREEHAND(
            "streamline-freehand-color", "Streamline Freehand Colors", "CC BY 4.0", "Streamline", "icon", "sketch"),
    STREAMLINE_KAMELEON(
            "streamline-kameleon-color",
            "Streamline Kameleon Colors",
            "CC BY 4.0",
            "Streamline",
            "icon",
            "flat drawing"),
    STREAMLINE_STICKIES(
            "streamline-stickies-color", "Streamline Stickies Colors", "CC BY 4.0", "Streamline", "icon", "drawing"),
    STREAMLINE_CYBER("streamline-cyber-color", "Streamline Cyber Colors", "CC BY 4.0", "Streamline", "icon", "drawing"),
    ICON_PARK("icon-park", "IconPark", "Apache-2.0", "ByteDance", "icon", "drawing"),
    FLAT_COLOR_ICONS("flat-color-icons", "Flat Color Icons", "MIT", "Icons8", "icon", "flat drawing"),
    MAKI("maki", "Maki", "CC0", "Mapbox", "icon", "symbol"),
    TEMAKI("temaki", "Temaki", "CC0", "Bryan Housel", "icon", "symbol"),
    FONT_AWESOME("fa6-solid", "Font Awesome Solid", "CC BY 4.0", "Dave Gandy", "icon", "symbol"),
    PHOSPHOR("ph", "Phosphor", "MIT", "Phosphor Icons", "icon", "drawing"),
    MATERIAL_DESIGN("mdi", "Material Design Icons", "Apache-2.0", "Pictogrammers", "icon", "symbol"),
    /** The artist no table has: the demo's pictures of another domain. */
    TWEMOJI("twemoji", "Twemoji", "CC BY 4.0", "Twitter, Inc. and other contributors", "emoji", "drawing");

    private final String folder;
    private final String title;
    private final String licence;
    private final String artist;
    private final String medium;
    private final String otherMedium;

    Source(String folder, String title, String licence, String artist, String medium, String otherMedium) {
        this.folder = folder;
        this.title = title;
        this.licence = licence;
        this.artist = artist;
        this.medium = medium;
        this.otherMedium = otherMedium;
    }

    /** Returns the first part of the ids of its pictures, and of an emoji set's folder of sources. */
    public String folder() {
        return folder;
    }

    /** Returns the set's name. */
    public String title() {
        return title;
    }

    /** Returns the licence's usual short name. */
    public String licence() {
        return licence;
    }

    /** Returns the artist of the whole set; empty for Open Clip Art, where each drawing names its own. */
    public String artist() {
        return artist;
    }

    /** Returns the kind of its pictures, as a caption says it. */
    public String medium() {
        return medium;
    }

    /** Returns a second word for what its pictures are. */
    public String otherMedium() {
        return otherMedium;
    }
}
