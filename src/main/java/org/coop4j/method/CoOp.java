package org.coop4j.method;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.Require;
import org.coop4j.method.PromptContext.ContextStart;
import org.coop4j.method.PromptLayout.ClassPosition;

/**
 * Context Optimization (Zhou, Yang, Loy, Liu: "Learning to Prompt for Vision-Language Models", IJCV 2022; the
 * reference's {@code trainers/coop.py}): the words of a prompt are replaced by vectors learned by the cross-entropy of
 * the training images.
 *
 * @param context the context vectors
 */
public record CoOp(PromptContext context) implements PromptMethod {

    private static final Pattern SHORT = Pattern.compile("coop-(?:m([1-9]\\d?)-(end|middle|front)|words)(-csc)?");

    public CoOp {
        Require.present("context", context);
    }

    /** The reference's: 16 random vectors before the class name, shared by all classes. */
    public CoOp() {
        this(PromptContext.atEnd(new ContextStart(PromptContext.COOP_LENGTH)));
    }

    /** A context of this many random vectors. */
    public CoOp(int contextLength, ClassPosition position, boolean classSpecific) {
        this(new PromptContext(new ContextStart(contextLength), position, classSpecific));
    }

    @Override
    public About about() {
        return new About(
                "coop",
                "CoOp (" + context.describe() + ")",
                "Learns the context vectors of prompts by cross-entropy, with CLIP frozen; best from"
                        + " about 4 images per class (Zhou et al., IJCV 2022).");
    }

    @Override
    public Training trainingOnImageNet(int shots) {
        return Training.coop(50, 32);
    }

    @Override
    public List<String> shortNames() {
        return List.of(
                "coop-m16-end",
                "coop-m16-end-csc",
                "coop-m16-middle",
                "coop-m16-middle-csc",
                "coop-m4-end",
                "coop-words");
    }

    /** Parses names as in CoOp's tables: {@code coop-m16-middle-csc}, {@code coop-words}. */
    @Override
    public Optional<Method> shorthand(String name) {
        Matcher matcher = SHORT.matcher(name);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        boolean words = matcher.group(1) == null;
        return Optional.of(new CoOp(new PromptContext(
                words ? new ContextStart(PromptContext.PHOTO) : new ContextStart(Integer.parseInt(matcher.group(1))),
                words
                        ? ClassPosition.END
                        : ClassPosition.valueOf(matcher.group(2).toUpperCase(Locale.ROOT)),
                matcher.group(3) != null)));
    }
}
