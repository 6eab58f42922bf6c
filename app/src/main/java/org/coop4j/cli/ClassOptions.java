package org.coop4j.cli;

import static org.coop4j.console.CommandFailure.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.TextFile;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ClassNames;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The class names. */
final class ClassOptions {

    @ArgGroup
    Names names;

    /** One way of giving class names. */
    private static final class Names {
        @Option(
                names = {"-c", "--classes"},
                paramLabel = "A,B,...")
        String list;

        @Option(names = "--classes-file", paramLabel = "FILE", converter = FileName.class)
        Path file;
    }

    /** Returns true if the command line names classes. */
    boolean areGiven() {
        return names != null;
    }

    /** Returns the class names of the command line, checked: two or more. */
    List<String> read() throws IOException {
        return read(2);
    }

    /** Returns the class names of the command line, checked. */
    List<String> read(int least) throws IOException {
        if (names.file != null) {
            List<String> lines = new ArrayList<>(TextFile.lines(names.file));
            lines.removeIf(String::isBlank);
            return checked(lines, names.file.toString(), least);
        }
        try {
            return checked(List.of(names.list.split(",", -1)), "--classes", least);
        } catch (CommandFailure e) {
            throw new WrongUsage(e.getMessage());
        }
    }

    /** Strips white space around class names and checks that they make a classifier. */
    static List<String> checked(List<String> given, String source, int least) {
        List<String> result = given.stream().map(String::strip).toList();
        require(
                !result.isEmpty() && !result.equals(List.of("")),
                "%s names no class: give %s or more",
                source,
                least == 1 ? "one" : "two");
        require(result.size() >= least, "%s names one class, '%s': give two or more", source, result.get(0));
        require(!result.contains(""), "%s has an empty class name", source);
        Map<String, String> byPrompt = new HashMap<>();
        for (String name : result) {
            String other = byPrompt.putIfAbsent(ClassNames.inPrompt(name), name);
            require(other == null, "%s: '%s' and '%s' make the same prompt, omit one", source, other, name);
        }
        return result;
    }
}
