package org.coop4j.pretraindata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SvgMetadataTest {
    private static final String METADATA =
            """
            <svg xmlns="http://www.w3.org/2000/svg">
              <title>not this one</title>
              <metadata><r:RDF xmlns:r="http://r/" xmlns:c="http://c/" xmlns:d="http://d/"><c:Work>
                <d:title>An
                  Apple</d:title>
                <d:description>%s</d:description>
                <d:subject><r:Bag><r:li>food</r:li><r:li></r:li><r:li>fruit</r:li></r:Bag></d:subject>
                <d:publisher><c:Agent><d:title>nor this</d:title></c:Agent></d:publisher>
                <d:creator><c:Agent><d:title>James</d:title></c:Agent></d:creator>
                <c:license r:resource="http://web.resource.org/cc/PublicDomain"/>
              </c:Work></r:RDF></metadata>
            """;

    @TempDir
    private Path folder;

    private SvgMetadata read(String svg) throws IOException {
        return SvgMetadata.read(Files.writeString(folder.resolve("a.svg"), svg));
    }

    @Test
    void readsWhatStandsInItsPlace() throws IOException {
        assertThat(read(METADATA.formatted("round") + "</svg>"))
                .isEqualTo(new SvgMetadata(
                        "An Apple",
                        "round",
                        java.util.List.of("food", "fruit"),
                        "James",
                        "http://web.resource.org/cc/PublicDomain"));
    }

    @Test
    void whatFollowsTheMetadataMayBeBroken() throws IOException {
        assertThat(read(METADATA.formatted("") + "<g <<").title()).isEqualTo("An Apple");
    }

    @Test
    void externalEntitiesAreNotRead() throws IOException {
        Path secret = Files.writeString(folder.resolve("secret"), "a secret");
        String doctype = "<!DOCTYPE svg [<!ENTITY x SYSTEM \"%s\">]>".formatted(secret.toUri());
        assertThat(read(doctype + METADATA.formatted("&x;") + "</svg>").description())
                .doesNotContain("secret");
    }
}
