package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class TokenizeCommandTest {

    @Test
    void idsSymbolsAndCountAreThoseOfClip() {
        CommandRun run = coop("tokenize", "a photo of a cat.").ok();
        assertThat(run.out())
                .isEqualTo(
                        """
                        text     a photo of a cat.
                        ids      320 1125 539 320 2368 269
                        symbols  a</w> photo</w> of</w> a</w> cat</w> .</w>
                        tokens   6, with start and end token 8
                        """);
    }

    @Test
    void jsonIsAnObjectAText() throws IOException {
        JsonNode json = json(coop("tokenize", "--json", "X", "東京"));
        assertThat(json).hasSize(2);
        assertThat(json.get(0).path("ids").toString()).isEqualTo("[343]");
        assertThat(json.get(1).path("text").asText()).isEqualTo("東京");
        assertThat(json.get(1).path("tokens").asInt())
                .isEqualTo(json.get(1).path("ids").size());
    }

    @Test
    void aTextBeyondTheContextIsMarked() {
        assertThat(coop("tokenize", "cat ".repeat(76)).out()).containsPattern("78: .*\\b77\\b");
        assertThat(coop("tokenize", "cat ".repeat(31)).out()).containsPattern("33: .*\\b32\\b");
        assertThat(coop("tokenize", "cat ".repeat(30)).out()).doesNotContain("32:");
    }

    @Test
    void controlCharactersDoNotReachTheTerminal() {
        assertThat(coop("tokenize", "\u001b[2Jcat").out()).doesNotContain("\u001b");
    }
}
