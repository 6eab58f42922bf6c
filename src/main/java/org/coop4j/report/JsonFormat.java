package org.coop4j.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.coop4j.report.ResultTable.Row;

/**
 * A table's rows as JSON objects, named by the keys of the columns; what is unknown is left out.
 */
public final class JsonFormat {

    private JsonFormat() {}

    /** Adds an object for each row that was measured here. */
    public static void addRows(ResultTable table, ArrayNode array) {
        for (Row row : table.rows()) {
            if (row.origin() != ResultTable.Origin.PUBLISHED) {
                fill(array.addObject(), table, row);
            }
        }
    }

    private static void fill(ObjectNode object, ResultTable table, Row row) {
        for (int i = 0; i < row.cells().size(); i++) {
            List<String> keys = table.columns().get(i).keys();
            List<?> data = row.cells().get(i).value().data();
            for (int k = 0; k < Math.min(keys.size(), data.size()); k++) {
                if (data.get(k) != null) {
                    object.putPOJO(keys.get(k), data.get(k));
                }
            }
        }
    }
}
