package org.coop4j.cli;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.coop4j.cli.Options.AsJson;
import org.coop4j.cli.Options.Vocabulary;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.text.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code coop tokenize}: texts as a model's tokenizer sees them. */
@Command(name = "tokenize")
final class TokenizeCommand extends ConsoleCommand {

    /** Positions of a prompt in every CLIP that OpenAI published, and in most SigLIPs, which have no start token. */
    private static final int CONTEXT = 77;

    private static final int SIGLIP_CONTEXT = 64;

    /** Positions of a prompt in the Perception Encoders but the largest. */
    private static final int PE_CONTEXT = 32;

    @Parameters(arity = "1..*", paramLabel = "TEXT")
    List<String> texts;

    @Mixin
    Vocabulary vocabulary;

    @Mixin
    AsJson json;

    /** A text and its tokens; the components are the keys of the JSON. */
    private record Tokenized(
            String text, List<Integer> ids, List<String> symbols, int tokens, int tokens_with_start_and_end) {

        static Tokenized of(String text, Tokenizer tokenizer) {
            List<Integer> ids = Arrays.stream(tokenizer.encode(text)).boxed().toList();
            List<String> symbols = ids.stream().map(tokenizer::symbol).toList();
            return new Tokenized(
                    text,
                    ids,
                    symbols,
                    ids.size(),
                    ids.size() + tokenizer.frame().length());
        }

        void print(Console console) {
            boolean starts = tokens_with_start_and_end == tokens + 2;
            String count =
                    tokens + (starts ? ", with start and end token " : ", with end token ") + tokens_with_start_and_end;
            int context = starts ? CONTEXT : SIGLIP_CONTEXT;
            String excess = "";
            if (tokens_with_start_and_end > context) {
                excess = ": more than the " + context + " of a prompt";
            } else if (starts && tokens_with_start_and_end > PE_CONTEXT) {
                excess = ": more than the " + PE_CONTEXT + " of a Perception Encoder's prompt";
            }
            new AlignedLines()
                    .row("text", text)
                    .row("ids", ids.stream().map(String::valueOf).collect(joining(" ")))
                    .row("symbols", String.join(" ", symbols))
                    .row("tokens", count + excess)
                    .print(console);
        }
    }

    @Override
    public Integer call() throws IOException {
        Tokenizer tokenizer = vocabulary.tokenizer();
        List<Tokenized> all =
                texts.stream().map(text -> Tokenized.of(text, tokenizer)).toList();
        if (json.json) {
            console.print(Json.of(all));
            return 0;
        }
        String between = "";
        for (Tokenized one : all) {
            console.out().print(between);
            one.print(console);
            between = "\n";
        }
        return 0;
    }
}
