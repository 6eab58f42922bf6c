package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.coop4j.base.Settings;
import org.coop4j.cli.options.Options;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.method.Method;
import org.coop4j.method.train.Training;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code coop methods}: the methods, and one method with its settings. */
@Command(
        name = "methods",
        description = {
            "List the methods that coop train --method takes, or explain one of them with its"
                    + " settings, their defaults and its source.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  coop methods",
            "  coop methods kgcoop",
            "  coop train -m clip.safetensors -d pictures/ --method kgcoop -o run"
        })
final class MethodsCommand implements Callable<Integer> {

    /** Of the settings of the training, those of this number of shots are shown. */
    private static final int SHOTS = 16;

    private static final int LINE = 100;

    private final Console console;

    @ArgGroup
    private Options.Format format = new Options.Format();

    @Parameters(arity = "0..1", paramLabel = "NAME", description = "A method to explain.")
    private String name;

    MethodsCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (name == null) {
            Table.Format chosen = format.chosen();
            methods().rows(Method.all()).print(chosen, console);
        } else {
            explain(WrongUsage.unless(() -> Method.of(name)));
        }
        return 0;
    }

    private static Table<Method> methods() {
        return new Table<Method>()
                .text("method", Method::id)
                .text("title", Method::title)
                .text("new classes", method -> method.namesNewClasses() ? "yes" : "")
                .data("settings", method -> Settings.of((Record) method))
                .in(Table.Format.JSON, Table.Format.JSON_LINES)
                .data("summary", method -> method.about().summary())
                .in(Table.Format.JSON, Table.Format.JSON_LINES, Table.Format.CSV);
    }

    private void explain(Method method) {
        List<Settings.Description> settings = settings(method);
        switch (format.chosen()) {
            case JSON, JSON_LINES -> {
                ObjectNode json = Json.object();
                json.put("method", method.id()).put("title", method.title()).put("summary", method.about().summary());
                json.set("settings", rows().rows(settings).json());
                console.print(json);
            }
            case CSV -> rows().rows(settings).print(Table.Format.CSV, console);
            default -> print(method, settings, console.out());
        }
    }

    private static void print(Method method, List<Settings.Description> settings, PrintStream out) {
        out.println(method.title());
        out.println();
        AlignedLines.wrapped(method.about().summary(), LINE).forEach(out::println);
        out.println();
        if (settings.isEmpty()) {
            out.println("There is nothing to set.");
            return;
        }
        out.println("Settings (--set NAME=VALUE):");
        rows().rows(settings).lines().print(out);
    }

    private static Table<Settings.Description> rows() {
        return new Table<Settings.Description>()
                .text("name", Settings.Description::name)
                .text("default", setting -> value(setting.value()))
                .text("meaning", MethodsCommand::meaning);
    }

    private static String value(Object value) {
        return value == null ? "" : value.equals(List.of()) ? "none" : String.valueOf(value);
    }

    private static String meaning(Settings.Description setting) {
        return setting.choices().isEmpty()
                ? setting.meaning()
                : setting.meaning() + ": " + String.join(", ", setting.choices());
    }

    /** The method's own, and where it is trained by steps, those of its training. */
    private static List<Settings.Description> settings(Method method) {
        List<Settings.Description> settings = new ArrayList<>(Settings.describe((Record) method));
        Training training = method.training(SHOTS);
        if (training.trains()) {
            settings.addAll(Settings.describe(training));
        }
        return settings;
    }
}
