package org.coop4j.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.Settings;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.Method;
import org.coop4j.method.train.Training;
import org.coop4j.run.RunConfig;
import org.coop4j.run.Sample;

/**
 * How a run was made, as far as it is the same for all data, shots and seeds.
 *
 * @param values its settings by name; null where a text is absent
 * @param decided settings that others decide, which are not among the values
 * @param byData settings that may be other ones for other data, or for other shots, by design
 */
public record RunSettings(Map<String, Object> values, Set<String> decided, Set<String> byData) {

    private static final String METHOD = "method";
    private static final String EPOCHS = "epochs";
    private static final String VIEWS = "views";
    private static final String PRECISION = "precision";
    private static final String BY_SHOTS = "by shots";

    /** The settings of the method, those of its training, and the views of its images. */
    static RunSettings of(RunConfig config) {
        Method method = config.method();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put(METHOD, method.id());
        values.putAll(Settings.chosen((Record) method));
        Set<String> decided = new LinkedHashSet<>(Settings.of((Record) method).keySet());
        decided.removeAll(values.keySet());
        Set<String> byData = new LinkedHashSet<>();
        Settings.describe((Record) method).stream()
                .filter(Settings.Description::isText)
                .forEach(setting -> byData.add(setting.name()));
        Training training = config.training();
        Sample sample = config.sample();
        if (training.trains()) {
            values.putAll(Settings.of(training));
            int byShots = method.training(sample.shots()).epochs();
            int onImageNet = method.trainingOnImageNet(sample.shots()).epochs();
            if (training.epochs() == byShots || training.epochs() == onImageNet) {
                values.put(EPOCHS, BY_SHOTS);
            }
            byData.add(EPOCHS);
            values.put(VIEWS, views(sample.views(), training.epochs()));
        }
        if (config.precision() != Precision.FLOAT32) {
            values.put(PRECISION, config.precision().id());
        }
        return new RunSettings(
                Collections.unmodifiableMap(values), Set.copyOf(decided), Set.copyOf(byData));
    }

    private static String views(int views, int epochs) {
        if (views == 0) {
            return "centre crop";
        }
        return views == epochs ? "a new crop each epoch" : views + " crops";
    }

    /** Whether a setting is one of the method's own. */
    boolean isOfMethod(String setting) {
        List<String> all = new ArrayList<>(Settings.of(Training.none()).keySet());
        all.add(VIEWS);
        all.add(PRECISION);
        return !all.contains(setting);
    }

    /** A setting for people, such as "context length 16" or "no words". */
    String describe(String setting) {
        Object value = values.get(setting);
        String name = setting.replace('_', ' ');
        if (value == null || value.equals(false)) {
            return "no " + name;
        }
        if (value.equals(true) || value.equals(List.of())) {
            return (value.equals(true) ? "" : "no ") + name;
        }
        if (setting.equals(VIEWS)) {
            return (String) value;
        }
        if (byData.contains(setting) && !setting.equals(EPOCHS)) {
            return name + " \"" + value + "\"";
        }
        return name + " " + value;
    }
}
