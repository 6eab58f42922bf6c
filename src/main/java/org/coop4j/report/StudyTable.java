package org.coop4j.report;

import java.util.List;

/** One kind of results as tables. */
interface StudyTable {

    /** Names its files. */
    String name();

    /** All numbers of some models, a row each: for other programs, and in part for the page. */
    ResultTable records(List<StudyView> views);

    /** A model's tables as papers have them; empty ones are left out. */
    List<ResultTable> tables(StudyView view);
}
