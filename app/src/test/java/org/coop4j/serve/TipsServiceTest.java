package org.coop4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import org.coop4j.clip.Clip;
import org.coop4j.clip.GoldenModels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The service with a golden TIPSv2. */
class TipsServiceTest {

    @TempDir
    private Path folder;

    @Test
    void picturesAndTextsAreAnsweredAndAnEmptyTextIsRefused() throws Exception {
        ObjectMapper json = new ObjectMapper();
        try (Clip clip = GoldenModels.open("tips/b", folder);
                TestService service = TestService.of(GoldenModels.open("tips/b", folder))) {
            Answer answer = service.post(
                    TestService.PREDICT, TestService.picture("chair-image_0013.png"), "Content-Type", "image/png");
            assertThat(answer.status()).isEqualTo(200);
            JsonNode embedded = json.readTree(service.post(
                            TestService.EMBED,
                            TestService.utf8("{\"model\": \"things\", \"input\": \"a photo of a Cat\"}"),
                            "Content-Type",
                            "application/json")
                    .text());
            float[] expected = clip.embed("a photo of a cat");
            for (int i = 0; i < expected.length; i++) {
                assertThat(embedded.at("/data/0/embedding/" + i).floatValue()).isCloseTo(expected[i], within(1e-6f));
            }
            Answer empty = service.post(
                    TestService.EMBED,
                    TestService.utf8("{\"model\": \"things\", \"input\": \" \"}"),
                    "Content-Type",
                    "application/json");
            assertThat(empty.status()).isEqualTo(400);
            assertThat(empty.text()).contains("no tokens");
        }
    }
}
