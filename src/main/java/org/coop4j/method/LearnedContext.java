package org.coop4j.method;

import org.coop4j.base.Settings;
import org.coop4j.weights.Shape;

/**
 * The context vectors of a learned classifier, of whatever method.
 *
 * @param layout how they make prompts
 * @param width width of a vector
 * @param vectors row after row: [M, width] or, class-specific, [classes, M, width]
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record LearnedContext(PromptLayout layout, int width, float[] vectors) {

    /**
     * The context vectors of a file.
     *
     * @throws IllegalArgumentException if its method learns none
     */
    public static LearnedContext of(ClassifierFile file) {
        if (!file.tensorNames().contains(PromptContext.CTX)) {
            throw new IllegalArgumentException(
                    file.method().title() + " learns no context vectors: give a learned prompt");
        }
        ClassifierFile.Tensor ctx = file.tensor(PromptContext.CTX);
        Shape shape = ctx.shape();
        Object position = Settings.of((Record) file.method()).get("position");
        return new LearnedContext(
                new PromptLayout(
                        Math.toIntExact(shape.dim(shape.rank() - 2)),
                        position == null
                                ? ClassPosition.END
                                : ClassPosition.named(String.valueOf(position)),
                        shape.rank() == 3),
                Math.toIntExact(shape.dim(shape.rank() - 1)),
                ctx.values());
    }
}
