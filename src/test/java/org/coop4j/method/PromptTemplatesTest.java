package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;

import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.junit.jupiter.api.Test;

class PromptTemplatesTest {

    @Test
    void ensemblesAreTheReferences() {
        Benchmarks benchmarks = Benchmarks.published();
        assertThat(PromptTemplates.imageNet())
                .hasSize(80)
                .startsWith("a bad photo of a {}.")
                .doesNotHaveDuplicates()
                .allMatch(template -> template.contains("{}"))
                .containsAll(PromptTemplates.selected());
        assertThat(PromptTemplates.selected()).hasSize(7);
        assertThat(PromptTemplates.ensemble(benchmarks.get("imagenet"))).hasSize(7);
        assertThat(PromptTemplates.ensemble(benchmarks.get("imagenet-v2-matched-frequency")))
                .hasSize(8)
                .endsWith("a photo of a {}.");
        assertThat(PromptTemplates.ensemble(benchmarks.get("eurosat"))).endsWith("a centered satellite photo of {}.");
    }
}
