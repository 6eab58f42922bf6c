package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.coop4j.cli.console.Json;
import org.coop4j.eval.BaseToNew;
import org.coop4j.eval.SeedSummary;
import org.coop4j.report.StudyReport;
import org.coop4j.results.Average;
import org.coop4j.results.BaseNew;
import org.coop4j.results.FewShot;
import org.coop4j.results.Findings;
import org.coop4j.results.Findings.Failure;
import org.coop4j.results.HandWritten;
import org.coop4j.results.Measure;
import org.coop4j.results.MethodLabel;
import org.coop4j.results.Outcome;
import org.coop4j.results.Robustness;
import org.coop4j.results.Shots;
import org.coop4j.results.Study;

/** The report as JSON; what is unknown is left out. */
final class ReportJson {

    private final Findings findings;
    private final StudyReport report;
    private final Path folder;
    private final List<Path> files;

    ReportJson(Findings findings, StudyReport report, Path folder, List<Path> files) {
        this.findings = findings;
        this.report = report;
        this.folder = folder;
        this.files = files;
    }

    ObjectNode of(List<Study> studies) {
        ObjectNode json = Json.object();
        json.put("folder", findings.root().toString());
        json.put("finished", findings.finished().size());
        failures(json.putArray("failed"), findings.failed());
        failures(json.putArray("damaged"), findings.damaged());
        ArrayNode unfinished = json.putArray("unfinished");
        findings.unfinished().forEach(run -> unfinished.add(run.toString()));
        ArrayNode notes = json.putArray("notes");
        report.notes().forEach(notes::add);
        ArrayNode models = json.putArray("models");
        studies.forEach(study -> add(models.addObject(), study));
        ArrayNode written = json.putArray("files");
        files.forEach(file -> written.add(folder.resolve(file).toString()));
        return json;
    }

    private static void failures(ArrayNode array, List<Failure> failures) {
        failures.forEach(
                f -> array.addObject().put("run", f.folder().toString()).put("reason", f.reason()));
    }

    private static void add(ObjectNode json, Study study) {
        json.put("model", study.model().name());
        json.put("sha256", study.model().sha256());
        study.model().backbone().ifPresent(backbone -> json.put("backbone", backbone));
        json.put("runs", study.entries().size());
        FewShot fewShot = study.fewShot();
        ArrayNode cells = json.putArray("few_shot");
        for (Outcome outcome : fewShot.cells()) {
            ObjectNode node = outcome(cells.addObject(), outcome);
            if (outcome.method().kind() != MethodLabel.Kind.ZERO_SHOT) {
                fewShot.zeroShot(outcome.dataset())
                        .flatMap(outcome::gainOver)
                        .ifPresent(gain -> gain(node, gain, "p_paired_over_seeds"));
            }
        }
        averages(json.putArray("averages"), fewShot);
        baseNew(json.putArray("base_to_new"), json.putArray("base_to_new_averages"), study);
        ArrayNode robustness = json.putArray("robustness");
        study.robustness().forEach(table -> robustness(robustness.addObject(), table));
        handWritten(json.putArray("hand_written"), study.handWritten());
    }

    private static ObjectNode setup(ObjectNode node, MethodLabel method, Shots shots) {
        return node.put("method", method.id()).put("shots", shots.label());
    }

    private static ObjectNode outcome(ObjectNode node, Outcome outcome) {
        node.put("dataset", outcome.dataset());
        setup(node, outcome.method(), outcome.shots());
        ArrayNode seeds = node.putArray("seeds");
        outcome.seeds().forEach(seeds::add);
        summary(node, "accuracy", outcome.summary(Measure.ACCURACY));
        summary(node, "macro_f1", outcome.summary(Measure.MACRO_F1));
        summary(node, "ece_percent", outcome.summary(Measure.CALIBRATION_ERROR));
        return node;
    }

    private static void summary(ObjectNode node, String name, Optional<SeedSummary> summary) {
        summary.ifPresent(
                s -> {
                    node.put(name, s.mean());
                    if (s.count() > 1) {
                        node.put(name + "_sd", s.sampleSd());
                        node.put(name + "_ci95", s.studentCi95());
                    }
                });
    }

    private static void gain(ObjectNode node, Outcome.Gain gain, String probability) {
        node.put("gain_over_zero_shot", gain.difference());
        gain.test().ifPresent(test -> node.put(probability, test.pValue()));
    }

    private static void averages(ArrayNode array, FewShot fewShot) {
        for (Average average : fewShot.averages()) {
            ObjectNode node = setup(array.addObject(), average.method(), average.shots());
            node.put("datasets", average.cells().size());
            node.put("accuracy", average.accuracy());
            average.overSeeds(Measure.ACCURACY)
                    .filter(s -> s.count() > 1)
                    .ifPresent(s -> node.put("accuracy_sd_over_seeds", s.sampleSd()));
            put(node, "macro_f1", average.mean(Measure.MACRO_F1));
            put(node, "ece_percent", average.mean(Measure.CALIBRATION_ERROR));
            if (average.method().kind() != MethodLabel.Kind.ZERO_SHOT) {
                fewShot.averageZeroShot()
                        .map(average::gainOver)
                        .ifPresent(gain -> gain(node, gain, "p_paired_over_datasets"));
            }
        }
    }

    private static void put(ObjectNode node, String name, OptionalDouble value) {
        if (value.isPresent()) {
            node.put(name, value.getAsDouble());
        }
    }

    private static void baseNew(ArrayNode rows, ArrayNode averages, Study study) {
        BaseNew results = study.baseNew();
        for (BaseNew.Row row : results.rows()) {
            ObjectNode node = rows.addObject().put("dataset", row.dataset());
            setup(node, row.method(), row.shots());
            summary(node, "base", row.base().flatMap(o -> o.summary(Measure.ACCURACY)));
            summary(node, "new", row.unseen().flatMap(o -> o.summary(Measure.ACCURACY)));
            row.means().ifPresent(m -> node.put("harmonic_mean", m.harmonicMean()));
        }
        for (BaseNew.AverageRow row : results.averages()) {
            BaseToNew means = row.means();
            setup(averages.addObject(), row.method(), row.shots())
                    .put("datasets", row.rows().size())
                    .put("base", means.baseAccuracy())
                    .put("new", means.newAccuracy())
                    .put("harmonic_mean", means.harmonicMean());
        }
    }

    private static void robustness(ObjectNode json, Robustness table) {
        json.put("source", table.source());
        ArrayNode rows = json.putArray("rows");
        for (Robustness.Row row : table.rows()) {
            ObjectNode node = setup(rows.addObject(), row.method(), row.shots());
            row.onSource().ifPresent(o -> outcome(node.putObject("on_source"), o));
            ArrayNode targets = node.putArray("on_targets");
            row.onTargets().values().forEach(o -> outcome(targets.addObject(), o));
            put(node, "average_of_targets", row.average(table.targets()));
        }
    }

    private static void handWritten(ArrayNode array, List<HandWritten> all) {
        for (HandWritten prompts : all) {
            ObjectNode node = array.addObject().put("dataset", prompts.dataset());
            node.put("classes", prompts.half().name().toLowerCase(java.util.Locale.ROOT));
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
