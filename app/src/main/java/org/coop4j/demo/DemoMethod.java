package org.coop4j.demo;

import java.util.Locale;

/** The methods of the demo's plan that learn. */
public enum DemoMethod {
    /** One context that all classes share. */
    UNIFIED("CoOp, unified context"),
    /** A context of its own for each class. */
    CLASS_SPECIFIC("CoOp, class-specific context"),
    /** Gaussians of the classes added to zero-shot CLIP, in closed form. */
    GDA("GDA"),
    /** Logistic regression on the image features, without the class names. */
    LINEAR_PROBE("linear probe");

    /** The method whose gains, confusions and examples the demo shows. */
    public static final DemoMethod FEATURED = CLASS_SPECIFIC;

    private final String title;

    DemoMethod(String title) {
        this.title = title;
    }

    /** Returns the title in charts and tables. */
    public String title() {
        return title;
    }

    /** Its name in the plan and in folders. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
