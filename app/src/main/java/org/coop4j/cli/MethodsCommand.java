package org.coop4j.cli;

import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.console.Table.Kind.WORDS;
import static org.coop4j.console.WrongUsage.unless;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Settings;
import org.coop4j.base.Settings.Description;
import org.coop4j.cli.Options.Format;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.method.Method;
import org.coop4j.method.Training;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code coop methods}: all methods, or one method with its settings. */
@Command(name = "methods")
final class MethodsCommand extends ConsoleCommand {

    /** The reference's largest number of shots, for which the settings of the training are shown. */
    static final int SHOTS = 16;

    @ArgGroup
    Format format = new Format();

    @Parameters(arity = "0..1", paramLabel = "NAME")
    String name;

    @Override
    public Integer call() {
        if (name == null) {
            methods().rows(Method.all()).print(format.chosen(), console);
        } else if (name.equals(MethodOptions.AUTO)) {
            console.paragraph("auto chooses the best of these methods by the validation images,"
                    + " or by cross-validation on the training images if there are few:");
            methods().rows(Method.quick()).print(format.chosen(), console);
        } else {
            explain(unless(() -> Method.of(name)));
        }
        return 0;
    }

    private static Table<Method> methods() {
        return new Table<Method>()
                .text("method", Method::id)
                .text("title", Method::title)
                .text("can_add_classes_by_name", method -> method.namesNewClasses() ? "yes" : "")
                .shown("summary", WORDS, Method::summary, MethodsCommand::inShort)
                .nested("settings", method -> Settings.of(method.settings()));
    }

    /** Returns the first clause of the summary. */
    private static String inShort(Method method) {
        return method.summary().replaceFirst("[.;:] .*", "");
    }

    private void explain(Method method) {
        List<Description> settings = new ArrayList<>(Settings.describe(method.settings()));
        Training training = method.training(SHOTS);
        if (training.trains()) {
            settings.addAll(Settings.describe(training));
        }
        Table<Description> rows = new Table<Description>()
                .text("name", Description::name)
                .text("default", MethodsCommand::value)
                .text("meaning", MethodsCommand::meaning)
                .rows(settings);
        if (format.json) {
            console.print(Json.object()
                    .put("method", method.id())
                    .put("title", method.title())
                    .put("summary", method.summary())
                    .<ObjectNode>set("settings", rows.json()));
            return;
        }
        if (format.chosen() == TABLE) {
            console.out().println(method.title() + "\n");
            console.paragraph(method.summary());
            console.out().println(settings.isEmpty() ? "\nThere is nothing to set." : "\nSettings (--set NAME=VALUE):");
        }
        if (format.csv || !settings.isEmpty()) {
            rows.print(format.chosen(), console);
        }
    }

    private static String value(Description setting) {
        Object value = setting.value();
        return value == null ? "" : value.equals(List.of()) ? "none" : String.valueOf(value);
    }

    private static String meaning(Description setting) {
        String choices = String.join(", ", setting.choices());
        return choices.isEmpty() ? setting.meaning() : setting.meaning() + ": " + choices;
    }
}
