package org.coop4j.report;

import java.util.List;
import org.coop4j.report.html.HtmlTable.Cell;
import org.coop4j.results.MethodLabel;

/**
 * The first columns of a few-shot table on the page: dataset and method, or the method alone where
 * there is one dataset, which the page's title names.
 */
final class RowNames {

    private final boolean datasets;

    RowNames(StudyView view) {
        datasets = view.fewShot().datasets().size() > 1;
    }

    String[] columns() {
        return datasets ? new String[] {"dataset", "method"} : new String[] {"method"};
    }

    /** What a row is of, such as "Dataset × method". */
    String describe() {
        return datasets ? "Dataset × method" : "Method";
    }

    List<Cell> cells(String dataset, MethodLabel method) {
        Cell name = Cell.of(method.title());
        return datasets ? List.of(Cell.of(StudyView.title(dataset)), name) : List.of(name);
    }
}
