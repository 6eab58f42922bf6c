package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.coop4j.cli.options.Options;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.text.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop tokenize}: texts as CLIP's tokenizer sees them. */
@Command(
        name = "tokenize",
        description = "Show the token ids and symbols of a text, and their number.",
        footer = {
            "",
            "Examples:",
            "  coop tokenize \"a photo of a cat.\"",
            "  coop tokenize --json \"a photo of a cat.\" \"a photo of a dog.\"",
            "  coop tokenize --vocabulary clip-vit-base-patch32/ \"a photo of a cat.\""
        })
final class TokenizeCommand implements Callable<Integer> {

    /** Positions of a prompt in every published CLIP. */
    private static final int CONTEXT = 77;

    private final Console console;

    @Parameters(arity = "1..*", paramLabel = "TEXT", description = "The text, in quotes.")
    private List<String> texts;

    @Mixin
    private Options.Vocabulary vocabulary;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    TokenizeCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        Tokenizer tokenizer = vocabulary.tokenizer();
        if (json) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode();
            texts.forEach(text -> array.add(toJson(text, tokenizer)));
            console.print(array);
            return 0;
        }
        for (int i = 0; i < texts.size(); i++) {
            if (i > 0) {
                console.out().println();
            }
            print(texts.get(i), tokenizer);
        }
        return 0;
    }

    private void print(String text, Tokenizer tokenizer) {
        int[] ids = tokenizer.encode(text);
        String spelled = Arrays.stream(ids).mapToObj(tokenizer::symbol).collect(Collectors.joining(" "));
        AlignedLines table = new AlignedLines(Table.Kind.WORDS, Table.Kind.WORDS);
        table.row("text", text);
        table.row("ids", Arrays.stream(ids).mapToObj(String::valueOf).collect(Collectors.joining(" ")));
        table.row("symbols", spelled);
        table.row("tokens", count(ids.length));
        table.print(console.out());
    }

    private static String count(int tokens) {
        int all = tokens + 2;
        return "%d, with start and end token %d%s"
                .formatted(tokens, all, all > CONTEXT ? ": more than the " + CONTEXT + " of a prompt" : "");
    }

    private static ObjectNode toJson(String text, Tokenizer tokenizer) {
        ObjectNode object = Json.object();
        object.put("text", text);
        ArrayNode ids = object.putArray("ids");
        ArrayNode symbols = object.putArray("symbols");
        for (int id : tokenizer.encode(text)) {
            ids.add(id);
            symbols.add(tokenizer.symbol(id));
        }
        object.put("tokens", ids.size());
        object.put("tokens_with_start_and_end", ids.size() + 2);
        return object;
    }
}
