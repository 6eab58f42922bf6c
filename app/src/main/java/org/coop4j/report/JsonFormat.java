package org.coop4j.report;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.coop4j.report.ResultTable.Row;

/**
 * A table's rows as JSON objects, named by the keys of the columns; what is unknown is left out.
 */
public final class JsonFormat {

    private static final JsonMapper MAPPER = new JsonMapper();

    private JsonFormat() {}

    /** An object for each row that was measured here. */
    public static ArrayNode rows(ResultTable table) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (Row row : table.rows()) {
            if (row.origin() != ResultTable.Origin.PUBLISHED) {
                fill(array.addObject(), table, row);
            }
        }
        return array;
    }

    private static void fill(ObjectNode object, ResultTable table, Row row) {
        for (int i = 0; i < row.cells().size(); i++) {
            List<String> keys = table.columns().get(i).keys();
            List<?> data = row.cells().get(i).data();
            for (int k = 0; k < Math.min(keys.size(), data.size()); k++) {
                if (data.get(k) != null) {
                    object.set(keys.get(k), MAPPER.valueToTree(data.get(k)));
                }
            }
        }
    }
}
