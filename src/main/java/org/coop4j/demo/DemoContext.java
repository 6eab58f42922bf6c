package org.coop4j.demo;

/** The learned contexts that the demo compares. */
public enum DemoContext {
    /** One context that all classes share. */
    UNIFIED("CoOp, unified context", "unified"),
    /** A context of its own for each class. */
    CLASS_SPECIFIC("CoOp, class-specific context", "class-specific");

    /** The context whose gains, confusions and examples the demo shows. */
    public static final DemoContext FEATURED = CLASS_SPECIFIC;

    private final String title;
    private final String id;

    DemoContext(String title, String id) {
        this.title = title;
        this.id = id;
    }

    /** For charts and tables. */
    public String title() {
        return title;
    }

    /** For file names. */
    public String id() {
        return id;
    }
}
