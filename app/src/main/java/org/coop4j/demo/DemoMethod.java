package org.coop4j.demo;

import org.coop4j.method.CoOp;
import org.coop4j.method.Gda;
import org.coop4j.method.LinearProbe;
import org.coop4j.method.Method;
import org.coop4j.method.PromptLayout.ClassPosition;

/** What learns in the demo. */
@SuppressWarnings("ImmutableEnumChecker") // a method is a record
public enum DemoMethod {
    /** One context that all classes share. */
    UNIFIED("CoOp, unified context", "unified", new CoOp(4, ClassPosition.END, false, DemoConfig.WORDS)),
    /** A context of its own for each class. */
    CLASS_SPECIFIC(
            "CoOp, class-specific context", "class-specific", new CoOp(4, ClassPosition.END, true, DemoConfig.WORDS)),
    /** Gaussians of the classes beside zero-shot CLIP, in closed form. */
    GDA("GDA", "gda", new Gda()),
    /** Logistic regression on the image features, which knows nothing of names. */
    PROBE("linear probe", "linear-probe", new LinearProbe(false));

    /** The method whose gains, confusions and examples the demo shows. */
    public static final DemoMethod FEATURED = CLASS_SPECIFIC;

    private final String title;
    private final String id;
    private final Method method;

    DemoMethod(String title, String id, Method method) {
        this.title = title;
        this.id = id;
        this.method = method;
    }

    /** For charts and tables. */
    public String title() {
        return title;
    }

    /** For file names. */
    public String id() {
        return id;
    }

    /** The method with its settings. */
    Method method() {
        return method;
    }

    /** Whether it learns a context, by many steps through the text tower. */
    boolean learnsContext() {
        return method instanceof CoOp;
    }
}
