package org.coop4j.analysis;

import java.util.List;
import org.coop4j.eval.McNemar;

/**
 * Classifiers compared on the same images.
 *
 * @param classNames the classes, by label
 * @param contenders hand-written prompts, the linear probe and the learned methods
 */
public record Comparison(List<String> classNames, List<Contender> contenders) {

    public Comparison {
        classNames = List.copyOf(classNames);
        contenders = List.copyOf(contenders);
    }

    /** The learned methods. */
    public List<Contender> methods() {
        return contenders.stream().filter(c -> c.kind() == Contender.Kind.METHOD).toList();
    }

    /** The method of this name. */
    public Contender method(String name) {
        return methods().stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
    }

    /**
     * What else could have been used, and is most accurate on the test images; of equals the first.
     */
    public Contender bestBaseline() {
        return contenders.stream()
                .filter(c -> c.kind().isBaseline())
                .reduce((a, b) -> b.accuracy() > a.accuracy() ? b : a)
                .orElseThrow();
    }

    /** The hand-written prompt that can be chosen without the test images. */
    public Contender prompt() {
        return contenders.stream()
                .filter(c -> c.kind() == Contender.Kind.PROMPT)
                .findFirst()
                .orElseThrow();
    }

    /** How a method compares with a baseline on the test images. */
    public static McNemar test(Contender method, Contender baseline) {
        return McNemar.of(method.test().correct(), baseline.test().correct());
    }
}
