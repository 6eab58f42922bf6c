package org.coop4j.cli;

import static org.coop4j.console.CommandFailure.unless;
import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.console.WrongUsage.require;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Progress.Task;
import org.coop4j.base.Progress.Unit;
import org.coop4j.cli.CheckCommand.Checked;
import org.coop4j.cli.Options.Format;
import org.coop4j.cli.Options.Into;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.findings.OpenPool;
import org.coop4j.findings.SortedPool;
import org.coop4j.findings.SortedPool.Sorted;
import org.coop4j.tags.LabelFolders;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop sort}: answers for all pictures of a pool together. */
@Command(name = "sort")
final class SortCommand extends PoolCommand {

    @Mixin
    Checked answers;

    @Option(names = "--accept", arity = "0..1", fallbackValue = "0.1", paramLabel = "ERROR")
    Double accept;

    @ArgGroup
    Into into;

    @ArgGroup
    Format format = new Format();

    @Override
    public Integer call() throws IOException {
        require(
                accept == null || (accept > 0 && accept < 1),
                "--accept: expected the share that may be wrong, more than 0 and less than 1, got %s",
                accept);
        require(
                accept == null || answers.file != null,
                "--accept needs answers to pictures drawn at random: coop check draws them, --checked reads them");
        return open(true, false, opened -> {
            require(
                    into == null || !opened.holdsFeatures(),
                    "--copy and --move are for pictures, and these are features");
            SortedPool sorted = SortedPool.of(opened, answers.read(opened), accept, console);
            Table<Sorted> table = table(sorted);
            boolean written = answers.write(table);
            if (format.json) {
                console.print(json(sorted, opened).set("answers", table.json()));
            } else if (!written || format.csv) {
                table.print(format.chosen(), console);
            } else {
                summary(sorted, opened).print(TABLE, console);
            }
            console.note(sorted.how());
            if (accept != null) {
                console.note(sorted.promise(accept));
            }
            if (into != null) {
                put(sorted);
            }
        });
    }

    /** Puts the pictures into a folder per class: all that have one, or those that are accepted. */
    private void put(SortedPool sorted) throws IOException {
        List<Sorted> chosen = sorted.rows().stream()
                .filter(row -> !row.label().isEmpty() && !Boolean.FALSE.equals(row.accepted()))
                .toList();
        LabelFolders folders = unless( // checks all names before the first picture is touched
                () -> into.folders(chosen.stream().map(Sorted::label).toList()));
        try (Task task = console.task(into.move != null ? "moving" : "copying", chosen.size(), Unit.IMAGES)) {
            for (Sorted one : chosen) {
                folders.put(Path.of(one.path()), one.label());
                task.advance(1);
            }
        }
        console.note(into.done(chosen.size()));
    }

    private static Table<Sorted> table(SortedPool sorted) {
        Table<Sorted> table = new Table<Sorted>()
                .text("path", Sorted::path)
                .text("label", Sorted::label)
                .number("confidence", 4, Sorted::confidence)
                .text("alone", Sorted::alone)
                .number("ownness", 4, Sorted::ownness);
        if (sorted.rows().stream().anyMatch(row -> !row.oneOf().isEmpty())) {
            table.text("one_of", row -> String.join(" or ", row.oneOf()));
        }
        if (sorted.acceptance() != null) {
            table.text("accepted", row -> row.accepted() ? "yes" : "no");
        }
        return table.rows(sorted.rows());
    }

    private static Table<String> summary(SortedPool sorted, OpenPool opened) {
        List<String> names = new ArrayList<>(opened.classNames());
        names.add("");
        names.removeIf(name -> name.isEmpty() && rows(sorted, name).isEmpty());
        Table<String> table = new Table<String>()
                .words("class", name -> name.isEmpty() ? "none of these" : name)
                .count("pictures", name -> rows(sorted, name).size());
        if (sorted.acceptance() != null) {
            table.count(
                    "accepted",
                    name -> rows(sorted, name).stream().filter(Sorted::accepted).count());
        }
        return table.rows(names);
    }

    private static List<Sorted> rows(SortedPool sorted, String label) {
        return sorted.rows().stream().filter(row -> row.label().equals(label)).toList();
    }

    private static ObjectNode json(SortedPool sorted, OpenPool opened) {
        ObjectNode json = Json.object()
                .put("pictures", opened.pool().size())
                .put("joint", sorted.answers().joint())
                .put("changed", sorted.answers().changed())
                .put("known", opened.known().size());
        if (sorted.acceptance() != null) {
            json.put("accepted", sorted.accepted());
            sorted.acceptance().lowest().ifPresent(least -> json.put("threshold", least));
        }
        return json;
    }
}
