package org.coop4j.clip;

/** The row of the image tower that represents an image. */
public enum FeatureKind {
    /** The image's embedding: the tower's last row after the visual projection. */
    EMBEDDED(""),
    /** The tower's last row, normalised by its last layer norm, before the visual projection. */
    BEFORE_PROJECTION("before-projection");

    private final String id;

    FeatureKind(String id) {
        this.id = id;
    }

    /** Returns the name in files; empty for {@link #EMBEDDED}. */
    public String id() {
        return id;
    }
}
