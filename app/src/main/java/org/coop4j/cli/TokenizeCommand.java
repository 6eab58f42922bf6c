package org.coop4j.cli;

import static java.util.stream.Collectors.joining;
import static org.coop4j.console.Table.Kind.WORDS;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.coop4j.cli.Options.AsJson;
import org.coop4j.cli.Options.Vocabulary;
import org.coop4j.console.Table;
import org.coop4j.text.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code coop tokenize}: texts as a model's tokenizer sees them. */
@Command(name = "tokenize")
final class TokenizeCommand extends ConsoleCommand {

    /** Positions of a prompt in every CLIP that OpenAI published, and in most SigLIPs and TIPS, which have no start token. */
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

    /** A text and its tokens. */
    private record Tokenized(String text, List<Integer> ids, List<String> symbols, int whole) {

        static Tokenized of(String text, Tokenizer tokenizer) {
            List<Integer> ids = Arrays.stream(tokenizer.encode(text)).boxed().toList();
            return new Tokenized(
                    text,
                    ids,
                    ids.stream().map(tokenizer::symbol).toList(),
                    ids.size() + tokenizer.frame().length());
        }

        String count() {
            boolean starts = whole == ids.size() + 2;
            int context = starts ? CONTEXT : SIGLIP_CONTEXT;
            String excess = whole > context
                    ? ": more than the " + context + " of a prompt"
                    : starts && whole > PE_CONTEXT
                            ? ": more than the " + PE_CONTEXT + " of a Perception Encoder's prompt"
                            : "";
            if (whole > ids.size()) {
                excess = (starts ? ", with start and end token " : ", with end token ") + whole + excess;
            }
            return ids.size() + excess;
        }
    }

    @Override
    public Integer call() throws IOException {
        Tokenizer tokenizer = vocabulary.tokenizer();
        Table<Tokenized> table = new Table<Tokenized>()
                .text("text", Tokenized::text)
                .shown("ids", WORDS, Tokenized::ids, one -> one.ids.stream()
                        .map(String::valueOf)
                        .collect(joining(" ")))
                .shown("symbols", WORDS, Tokenized::symbols, one -> String.join(" ", one.symbols))
                .shown("tokens", WORDS, one -> one.ids.size(), Tokenized::count)
                .data("tokens_with_start_and_end", Tokenized::whole);
        texts.forEach(text -> table.row(Tokenized.of(text, tokenizer)));
        if (json.json) {
            console.print(table.json());
        } else {
            table.printFacts(console);
        }
        return 0;
    }
}
