package org.coop4j.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.report.html.HtmlTable;
import org.coop4j.report.html.HtmlTable.Cell;
import org.coop4j.report.html.HtmlTable.Kind;
import org.coop4j.report.html.Section;
import org.coop4j.results.HandWritten;

/** Hand-written prompts that training runs tested, on the page. */
final class HandWrittenSection {

    private final StudyView view;
    private final String suffix;

    HandWrittenSection(StudyView view, String suffix) {
        this.view = view;
        this.suffix = suffix;
    }

    Section section() {
        Section section =
                new Section("Hand-written prompts" + suffix)
                        .paragraph(
                                "Tested by the training runs beside the learned prompt. The best"
                                        + " of them, in bold, was found on the test images and is"
                                        + " flattered by that.");
        for (HandWritten prompts : view.study().handWritten()) {
            HtmlTable table = new HtmlTable("Accuracy in %").words("prompt").numbers("accuracy");
            for (HandWritten.Prompt prompt : prompts.prompts()) {
                Cell name = Cell.of("\"" + prompt.text() + "\"");
                table.row(
                        List.of(
                                prompt.own() ? name.withNote("the dataset's own") : name,
                                Cell.of(
                                        Rounded.plusMinus(HandWrittenTable.accuracy(prompt)),
                                        prompt.equals(prompts.best()) ? Kind.BEST : Kind.PLAIN)));
            }
            Map<String, String> place = new LinkedHashMap<>();
            place.put(StudyPage.MODEL, view.model());
            place.put(StudyPage.DATASET, prompts.dataset());
            section.details(
                    HandWrittenTable.place(prompts)
                            + ": best "
                            + Rounded.number(prompts.best().accuracies().accuracy())
                            + " %, \""
                            + prompts.best().text()
                            + "\"",
                    place,
                    table);
        }
        return section;
    }
}
