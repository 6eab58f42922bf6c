package org.coop4j.report;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.coop4j.results.MethodLabel;

/** Gives each method one colour and sign, the same in all charts of a report. */
final class Series {

    private final Map<MethodLabel, Integer> indices = new HashMap<>();

    /** Curves come first, the learned contexts before others, so that their colours differ most. */
    Series(List<StudyView> views) {
        TreeSet<MethodLabel> methods = new TreeSet<>();
        views.forEach(view -> methods.addAll(view.fewShot().methods()));
        methods.stream()
                .filter(m -> m.kind() == MethodLabel.Kind.CONTEXT)
                .forEach(m -> indices.put(m, indices.size()));
        methods.stream()
                .filter(m -> !m.isWithoutTraining())
                .forEach(m -> indices.putIfAbsent(m, indices.size()));
        methods.forEach(m -> indices.putIfAbsent(m, indices.size()));
    }

    int of(MethodLabel method) {
        return indices.get(method);
    }
}
