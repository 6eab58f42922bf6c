package org.coop4j.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.coop4j.study.Findings;
import org.coop4j.study.Findings.Failure;
import org.coop4j.study.HandWritten;
import org.coop4j.study.Outcome;
import org.coop4j.study.Robustness;

/** The report as JSON; what is unknown is left out. */
public final class StudyJson {

    private StudyJson() {}

    /**
     * The document.
     *
     * @param files what was written into the folder
     */
    public static ObjectNode of(
            Findings findings, StudyReport report, Path folder, List<Path> files) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("folder", findings.root().toString());
        json.put("finished", findings.finished().size());
        failures(json.putArray("failed"), findings.failed());
        failures(json.putArray("damaged"), findings.damaged());
        ArrayNode unfinished = json.putArray("unfinished");
        findings.unfinished().forEach(run -> unfinished.add(run.toString()));
        ArrayNode notes = json.putArray("notes");
        report.notes().forEach(notes::add);
        ArrayNode models = json.putArray("models");
        report.views().forEach(view -> add(models.addObject(), view));
        ArrayNode written = json.putArray("files");
        files.forEach(file -> written.add(folder.resolve(file).toString()));
        return json;
    }

    private static void failures(ArrayNode array, List<Failure> failures) {
        failures.forEach(
                f -> array.addObject().put("run", f.folder().toString()).put("reason", f.reason()));
    }

    private static void add(ObjectNode json, StudyView view) {
        json.put("model", view.study().model().name());
        json.put("sha256", view.study().model().sha256());
        view.study().model().backbone().ifPresent(backbone -> json.put("backbone", backbone));
        json.put("runs", view.study().entries().size());
        json.set("few_shot", JsonFormat.rows(new FewShotTable().records(List.of(view))));
        ArrayNode averages = JsonFormat.rows(new AverageTable().records(List.of(view)));
        averages.forEach(a -> ((ObjectNode) a).set("datasets", a.get("n_datasets")));
        json.set("averages", averages);
        ArrayNode baseNew = json.putArray("base_to_new");
        ArrayNode baseNewAverages = json.putArray("base_to_new_averages");
        JsonFormat.rows(new BaseNewTable().records(List.of(view)))
                .forEach(row -> (row.has("datasets") ? baseNewAverages : baseNew).add(row));
        ArrayNode robustness = json.putArray("robustness");
        view.robustness().forEach(table -> robustness(robustness.addObject(), view, table));
        handWritten(json.putArray("hand_written"), view.study().handWritten());
    }

    private static void robustness(ObjectNode json, StudyView view, Robustness table) {
        json.put("source", table.source());
        ArrayNode rows = json.putArray("rows");
        for (Robustness.Row row : table.rows()) {
            ObjectNode node = rows.addObject();
            node.put("method", row.method().id()).put("shots", row.shots().label());
            row.onSource().ifPresent(outcome -> node.set("on_source", outcome(view, outcome)));
            ArrayNode targets = node.putArray("on_targets");
            row.onTargets().values().forEach(outcome -> targets.add(outcome(view, outcome)));
            row.average(table.targets()).ifPresent(a -> node.put("average_of_targets", a));
        }
    }

    private static JsonNode outcome(StudyView view, Outcome outcome) {
        return JsonFormat.rows(FewShotTable.of(view, outcome)).get(0);
    }

    private static void handWritten(ArrayNode array, List<HandWritten> all) {
        for (HandWritten prompts : all) {
            ObjectNode node = array.addObject().put("dataset", prompts.dataset());
            node.put("classes", prompts.half().name().toLowerCase(Locale.ROOT));
            ArrayNode list = node.putArray("prompts");
            for (HandWritten.Prompt prompt : prompts.prompts()) {
                list.addObject()
                        .put("prompt", prompt.text())
                        .put("own", prompt.own())
                        .put("accuracy", prompt.accuracies().accuracy());
            }
        }
    }
}
