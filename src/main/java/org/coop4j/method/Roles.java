package org.coop4j.method;

import java.util.List;
import java.util.Set;

/**
 * Which methods play a part that nobody named them for: the one place to change when another one
 * should.
 */
public final class Roles {

    /** The name of {@link #standard}, for what needs a constant. */
    public static final String STANDARD = "coop";

    private Roles() {}

    /** The method that is taken where none is given. */
    public static Method standard() {
        return new CoOp();
    }

    /** The data's hand-written prompt without learning, which all others are compared with. */
    public static Method zeroShot() {
        return new ZeroShot();
    }

    /** Hand-written prompts with these templates. */
    public static Method handWritten(List<String> templates) {
        return new ZeroShot(templates, false);
    }

    /**
     * What learned classifiers are compared with beside prompts: what the images alone tell. It
     * learns from whatever images the others had.
     */
    public static Method baseline() {
        return new LinearProbe(false);
    }

    /** Learns in closed form: where many classifiers are needed, each without some images. */
    public static Method closedForm() {
        return new Gda();
    }

    /**
     * Methods that learn in seconds and differ in what they are good at, the simplest first: the
     * candidates where a user leaves the choice to the val images.
     */
    public static List<Method> quick() {
        return List.of(
                new ZeroShot(),
                new LinearProbe(),
                new Prototypes(),
                new Gda(),
                new TipAdapterF(),
                new Clap(),
                new CrossModal());
    }

    /**
     * The method that settings mean which come without one: hand-written prompts where there are
     * templates, else the standard.
     */
    public static Method ofSettings(Set<String> names) {
        return names.contains("templates") ? handWritten(List.of("{}")) : standard();
    }

}
