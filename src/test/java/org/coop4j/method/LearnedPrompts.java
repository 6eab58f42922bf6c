package org.coop4j.method;

import java.util.List;

/** Files of learned context vectors, for tests. */
public final class LearnedPrompts {

    private LearnedPrompts() {}

    public static ClassifierFile file(
            float[] context, int width, PromptLayout layout, List<String> classNames, String modelSha256) {
        CoOp method = new CoOp(layout.length(), layout.position(), layout.classSpecific());
        return ClassifierFile.of(method, classNames, modelSha256)
                .with("ctx", layout.shape(classNames.size(), width), context);
    }
}
