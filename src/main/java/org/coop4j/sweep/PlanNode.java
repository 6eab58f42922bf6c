package org.coop4j.sweep;

import java.util.List;
import java.util.Map;

/** A part of a plan's YAML, with the line that it begins in, counted from 1. */
sealed interface PlanNode {

    int line();

    /**
     * Keys with values, in their order.
     *
     * @param keyLines the line of each key
     */
    record Mapping(int line, Map<String, PlanNode> values, Map<String, Integer> keyLines)
            implements PlanNode {}

    /** A list. */
    record Sequence(int line, List<PlanNode> items) implements PlanNode {}

    /** A text or a number as it was written; empty where there is nothing. */
    record Scalar(int line, String text) implements PlanNode {}
}
