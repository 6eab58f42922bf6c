package org.coop4j.graph;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Plans and SameDiff's own sessions, by the names of variables. */
final class Sessions {

    private Sessions() {}

    /** A plan of some variables of a graph. */
    static ExecutionPlan plan(Graph graph, Collection<String> names, Workers workers) {
        Map<String, SDVariable> outputs = new LinkedHashMap<>();
        names.forEach(name -> outputs.put(name, graph.sameDiff().getVariable(name)));
        return graph.plan(outputs, workers);
    }

    /** The values of some variables of a graph. */
    static Map<String, INDArray> output(Graph graph, Map<String, INDArray> inputs, Collection<String> names) {
        return graph.sameDiff().output(inputs, List.copyOf(names));
    }
}
