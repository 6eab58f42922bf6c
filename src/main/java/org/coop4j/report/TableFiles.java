package org.coop4j.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A table of a report as files: one CSV of all models, and LaTeX of each. */
interface TableFiles {

    /** The table's name, which its files have. */
    String name();

    /** All models' numbers, a row each. */
    CsvTable csv(List<StudyView> views);

    /** A model's tables, as papers have them; empty if there is nothing. */
    List<Latex> latex(StudyView view);

    /** The files by name; none if the table is empty. */
    default Map<String, String> files(List<StudyView> views) {
        Map<String, String> files = new LinkedHashMap<>();
        CsvTable csv = csv(views);
        if (csv.isEmpty()) {
            return files;
        }
        files.put("tables/" + name() + ".csv", csv.text());
        for (StudyView view : views) {
            List<Latex> tables = latex(view);
            if (!tables.isEmpty()) {
                files.put(
                        "tables/" + view.folder() + name() + ".tex",
                        String.join("\n", tables.stream().map(Latex::text).toList()));
            }
        }
        return files;
    }
}
