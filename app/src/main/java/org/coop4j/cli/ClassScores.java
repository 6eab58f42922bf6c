package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.eval.Evaluation.ClassResult;
import org.coop4j.eval.Evaluation;

/**
 * Accuracy and its like over all images and of each class, for the screen and for programs.
 *
 * @param evaluation what was measured
 * @param names class names by label
 */
record ClassScores(Evaluation evaluation, List<String> names) {

    /** A row a class. */
    Table<ClassResult> rows() {
        return new Table<ClassResult>()
                .text("class", c -> names.get(c.label()))
                .count("images", ClassResult::total)
                .count("correct", ClassResult::correct)
                .percent("accuracy", ClassResult::accuracy)
                .data("f1", ClassResult::f1);
    }

    /** A row a class. */
    AlignedLines table() {
        return rows().rows(evaluation.classes()).lines();
    }

    ObjectNode json() {
        ObjectNode json = Json.object();
        json.put("images", evaluation.total());
        json.put("correct", evaluation.correct());
        json.put("accuracy", evaluation.accuracy());
        json.put("error_rate", evaluation.errorRate());
        json.put("macro_f1", evaluation.macroF1());
        json.set("classes", rows().rows(evaluation.classes()).json());
        return json;
    }
}
