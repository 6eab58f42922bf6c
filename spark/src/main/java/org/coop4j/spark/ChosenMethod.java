package org.coop4j.spark;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Settings;
import org.coop4j.method.Method;
import org.coop4j.method.train.Training;

/**
 * A method and its training with what is set of them.
 *
 * @param method the method with its settings
 * @param training how its tensors are trained
 */
record ChosenMethod(Method method, Training training) {

    /**
     * Reads settings.
     *
     * @param name the method's
     * @param settings of the method or of its training: {@code name=value}
     * @param shots images a class
     * @throws IllegalArgumentException if something is unknown or not allowed, saying what is
     */
    static ChosenMethod of(String name, List<String> settings, int shots) {
        Method named = Method.of(name);
        Map<String, String> ofMethod = new LinkedHashMap<>();
        Map<String, String> ofTraining = new LinkedHashMap<>();
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("settings: expected name=value, got \"" + setting + "\"");
            }
            String key = setting.substring(0, equals).strip();
            boolean trained = !Settings.has((Record) named, key) && Settings.has(Training.none(), key);
            (trained ? ofTraining : ofMethod).put(key, setting.substring(equals + 1));
        }
        Method method = named.with(ofMethod);
        Training reference = method.training(shots);
        if (!reference.trains() && !ofTraining.isEmpty()) {
            throw new IllegalArgumentException(
                    method.title() + " is not trained by steps: leave out " + String.join(", ", ofTraining.keySet()));
        }
        return new ChosenMethod(method, Settings.with(reference, ofTraining));
    }
}
