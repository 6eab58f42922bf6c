package org.coop4j.baseline;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;

/**
 * Class weights from hand-written prompts (CLIP, section 3.1.4; the reference's {@code zsclip.py}).
 *
 * @param templates prompts in which {@code {}} stands for the class name; several make an ensemble
 */
public record ZeroShot(List<String> templates) {

    public ZeroShot {
        if (templates.isEmpty()) {
            throw new IllegalArgumentException(
                    "no template: give one such as \"a photo of a {}.\"");
        }
        for (String template : templates) {
            if (!template.contains("{}")) {
                throw new IllegalArgumentException(
                        "template \""
                                + template
                                + "\" has no {}: put {} where the class name belongs");
            }
        }
        templates = List.copyOf(templates);
    }

    /** One template. */
    public static ZeroShot of(String template) {
        return new ZeroShot(List.of(template));
    }

    /** The texts of a template; underscores in class names become spaces. */
    static List<String> texts(String template, List<String> classNames) {
        return classNames.stream()
                .map(name -> template.replace("{}", name.replace('_', ' ')))
                .toList();
    }

    /**
     * Normalised class weights, one row a class: the text features normalised, their mean over the
     * templates, normalised again.
     */
    public FeatureMatrix classWeights(Clip clip, List<String> classNames) {
        List<String> texts = new ArrayList<>();
        for (String template : templates) {
            texts.addAll(texts(template, classNames));
        }
        FeatureMatrix features = clip.encodeTexts(texts).normalized();
        if (templates.size() == 1) {
            return features;
        }
        int width = features.width();
        float[] mean = new float[classNames.size() * width];
        float[] row = new float[width];
        for (int t = 0; t < templates.size(); t++) {
            for (int c = 0; c < classNames.size(); c++) {
                features.copyRow(t * classNames.size() + c, row, 0);
                for (int i = 0; i < width; i++) {
                    mean[c * width + i] += row[i] / templates.size();
                }
            }
        }
        return FeatureMatrix.of(classNames.size(), width, mean).normalized();
    }

    /** The template, or how many the ensemble has. */
    public String describe() {
        return templates.size() == 1
                ? templates.get(0)
                : String.format(Locale.ROOT, "ensemble of %d templates", templates.size());
    }
}
