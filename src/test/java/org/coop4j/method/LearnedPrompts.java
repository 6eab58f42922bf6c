package org.coop4j.method;

import java.util.List;
import java.util.Map;

/** Files of learned context vectors, for tests. */
public final class LearnedPrompts {

    private LearnedPrompts() {}

    public static ClassifierFile file(
            float[] context,
            int width,
            PromptLayout layout,
            List<String> classNames,
            String modelSha256,
            Map<String, String> training) {
        CoOp method = new CoOp(layout.length(), layout.position(), layout.classSpecific());
        return ClassifierFile.of(method, classNames, modelSha256)
                .withTraining(training)
                .with("ctx", layout.shape(classNames.size(), width), context);
    }
}
