package org.coop4j.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.coop4j.data.ClassHalf;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.HandWritten;
import org.coop4j.study.HandWritten.Prompt;

/** The hand-written prompts that training runs test beside the learned one. */
final class HandWrittenTable implements StudyTable {

    @Override
    public ResultTable records(List<StudyView> views) {
        ResultTable table = empty();
        for (StudyView view : views) {
            view.study().handWritten().forEach(prompts -> add(table, view, prompts));
        }
        return table;
    }

    private static ResultTable empty() {
        return new ResultTable("hand-written", "Accuracy of hand-written prompts in %", "")
                .grouped()
                .hidden("model")
                .words("dataset", "dataset")
                .hidden("classes")
                .words("prompt", "prompt")
                .hidden("is_the_datasets_own")
                .means("accuracy", "accuracy");
    }

    private static void add(ResultTable table, StudyView view, HandWritten prompts) {
        for (Prompt prompt : prompts.prompts()) {
            Cell text = Cell.words(prompt.text(), "“" + prompt.text() + "”");
            table.row(
                    Cell.words(view.model()),
                    Cell.words(prompts.dataset(), place(prompts)),
                    Cell.words(half(prompts.half())),
                    prompt.own() ? text.withNote("the dataset's own") : text,
                    Cell.words(String.valueOf(prompt.own())),
                    FewShotTable.accuracy(Optional.of(prompt.accuracies()))
                            .best(prompt.equals(prompts.best())));
        }
    }

    /** The prompts of one place. */
    static ResultTable table(StudyView view, HandWritten prompts) {
        ResultTable table = empty();
        add(table, view, prompts);
        return table.keeping("prompt", "accuracy");
    }

    static String half(ClassHalf half) {
        return half.name().toLowerCase(Locale.ROOT);
    }

    /** The dataset, and which of its classes. */
    static String place(HandWritten prompts) {
        String title = DatasetNames.title(prompts.dataset());
        return prompts.half() == ClassHalf.ALL
                ? title
                : title + ", " + half(prompts.half()) + " classes";
    }
}
