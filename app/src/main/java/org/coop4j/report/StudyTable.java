package org.coop4j.report;

import java.util.List;

/** One kind of results as tables. */
interface StudyTable {

    /**
     * All numbers of some models, a row each: for other programs, and in part for the page. The
     * table's name is that of its files.
     */
    ResultTable records(List<StudyView> views);

    /** A model's tables as papers have them; empty ones are left out. */
    default List<ResultTable> tables(StudyView view) {
        return List.of(records(List.of(view)));
    }
}
