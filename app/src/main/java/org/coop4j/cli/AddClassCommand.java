package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.percent;
import static org.coop4j.console.CommandFailure.require;
import static org.coop4j.console.CommandFailure.unless;
import static org.coop4j.console.Table.Kind.NUMBERS;
import static org.coop4j.console.Table.Kind.WORDS;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.cli.Options.Bank;
import org.coop4j.clip.Clip;
import org.coop4j.console.AlignedLines;
import org.coop4j.findings.AddedClass;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.UnknownWords;
import org.coop4j.run.OpenRun;
import org.coop4j.run.Run;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop add-class}: adds a class to a learned classifier. */
@Command(name = "add-class")
final class AddClassCommand extends ConsoleCommand {

    @Mixin
    PromptOptions promptOptions;

    @Option(names = "--name", required = true, paramLabel = "NAME")
    String name;

    @Option(
            names = {"-d", "--data"},
            paramLabel = "DIR")
    Path data;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FILE")
    Path out;

    @Mixin
    Bank bankOptions;

    @Override
    public Integer call() throws IOException {
        require(!Files.exists(out), out + " exists: choose another --out");
        LearnedClassifier learned = promptOptions.read();
        ClassifierFile file = learned.file();
        require(!file.classNames().contains(name), '"' + name + "\" is a class already");
        OpenRun run = Run.open(learned.folder());
        Method method = file.method();
        boolean byName = method.namesNewClasses();
        require(
                byName || (method.learns() && !run.config().training().trains()),
                method.title() + " cannot add a class: run coop train again, with it or with a method that can name"
                        + " classes (coop methods) or trains without epochs");
        require(byName || data != null, method.title() + " needs images of the class: give their folder with --data");
        try (Clip clip = learned.open()) {
            List<String> names =
                    Stream.concat(file.classNames().stream(), Stream.of(name)).toList();
            UnknownWords.warning(clip, file, names).ifPresent(console::warn);
            List<Path> images = data == null ? List.of() : ImageInputs.all(List.of(data));
            AddedClass added = unless(() -> AddedClass.of(bankOptions.images(clip), run, file, name, images, console));
            added.classifier().write(out);
            print(added, file.classNames().size());
        }
        return 0;
    }

    private void print(AddedClass added, int earlier) {
        AlignedLines table = new AlignedLines(WORDS, NUMBERS, NUMBERS, NUMBERS)
                .row("TESTED ON", "IMAGES", "BEFORE", "AFTER")
                .row(
                        count(earlier, "earlier class", "earlier classes"),
                        count(added.before().size()),
                        percent(added.before().value()),
                        percent(added.after().value()));
        if (added.added().size() > 0) {
            table.row(name, count(added.added().size()), "", percent(added.found()));
        }
        table.print(console);
        console.print("learned: " + out);
    }
}
