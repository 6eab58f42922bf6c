package org.coop4j.report;

import static org.coop4j.console.Table.Format.TABLE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.coop4j.console.Console;
import org.coop4j.console.Table;
import org.coop4j.console.Table.Format;
import org.coop4j.eval.Evaluation;
import org.coop4j.eval.Evaluation.ClassResult;

/**
 * The accuracies of each class and of all images.
 *
 * @param names of the classes, by label
 * @param calibrationError null if it is unknown
 */
public record Accuracies(Evaluation evaluation, List<String> names, Double calibrationError) {

    private Table<Evaluation> all() {
        return new Table<Evaluation>()
                .count("images", Evaluation::total)
                .count("correct", Evaluation::correct)
                .percent("accuracy", Evaluation::accuracy)
                .percent("error_rate", Evaluation::errorRate)
                .percent("macro_f1", Evaluation::macroF1)
                .share("calibration_error", one -> calibrationError)
                .row(evaluation);
    }

    private Table<ClassResult> classes() {
        return new Table<ClassResult>()
                .text("class", c -> names.get(c.label()))
                .count("images", ClassResult::total)
                .count("correct", ClassResult::correct)
                .percent("accuracy", ClassResult::accuracy)
                .data("f1", ClassResult::f1)
                .rows(evaluation.classes());
    }

    /** Prints the table of the classes, and for people the numbers of all images. */
    public void print(Format format, Console console) {
        classes().print(format, console);
        if (format == TABLE) {
            console.print("");
            all().printFacts(console);
        }
    }

    /** Returns both as an object. */
    public ObjectNode json() {
        return ((ObjectNode) all().json().get(0)).set("classes", classes().json());
    }
}
