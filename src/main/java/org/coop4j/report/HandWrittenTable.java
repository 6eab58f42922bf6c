package org.coop4j.report;

import java.util.List;
import java.util.Optional;
import org.coop4j.data.ClassHalf;
import org.coop4j.eval.SeedSummary;
import org.coop4j.results.HandWritten;
import org.coop4j.results.Measure;

/** The hand-written prompts that training runs test beside the learned one. */
final class HandWrittenTable implements TableFiles {

    @Override
    public String name() {
        return "hand-written";
    }

    @Override
    public CsvTable csv(List<StudyView> views) {
        CsvTable csv =
                new CsvTable(
                        "model",
                        "dataset",
                        "classes",
                        "prompt",
                        "is_the_datasets_own",
                        "accuracy",
                        "accuracy_sd");
        for (StudyView view : views) {
            for (HandWritten prompts : view.study().handWritten()) {
                for (HandWritten.Prompt prompt : prompts.prompts()) {
                    csv.row()
                            .add(view.model(), prompts.dataset(), half(prompts.half()))
                            .add(prompt.text(), String.valueOf(prompt.own()))
                            .number(prompt.accuracies().accuracy())
                            .number(accuracy(prompt).map(SeedSummary::sampleSd))
                            .end();
                }
            }
        }
        return csv;
    }

    static String half(ClassHalf half) {
        return switch (half) {
            case ALL -> "all";
            case BASE -> "base";
            case NEW -> "new";
        };
    }

    /** The dataset, and which of its classes. */
    static String place(HandWritten prompts) {
        String title = StudyView.title(prompts.dataset());
        return prompts.half() == ClassHalf.ALL
                ? title
                : title + ", " + half(prompts.half()) + " classes";
    }

    static Optional<SeedSummary> accuracy(HandWritten.Prompt prompt) {
        return prompt.accuracies().summary(Measure.ACCURACY);
    }

    @Override
    public List<Latex> latex(StudyView view) {
        if (view.study().handWritten().isEmpty()) {
            return List.of();
        }
        Latex table =
                new Latex(
                        "Accuracy (%) of hand-written prompts with " + view.model() + ".",
                        "hand-written");
        table.header(2, List.of("Dataset", "Prompt", "Accuracy"));
        boolean begun = false;
        for (HandWritten prompts : view.study().handWritten()) {
            if (begun) {
                table.rule();
            }
            begun = true;
            for (HandWritten.Prompt prompt : prompts.prompts()) {
                SeedSummary summary = accuracy(prompt).orElseThrow();
                table.add(
                        List.of(
                                Latex.escape(place(prompts)),
                                Latex.escape(prompt.text()),
                                Latex.plusMinus(
                                        summary.mean(),
                                        summary.sampleSd(),
                                        prompt.equals(prompts.best()))));
            }
        }
        return List.of(table);
    }
}
