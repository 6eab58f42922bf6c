package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.ShippedModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two demos and a training, started together with an empty cache: they share the unpacked model and
 * pictures and the feature banks. Not part of the build's tests: {@code mvn -Pcampaign verify}.
 */
class TogetherCampaign {

    @TempDir
    private Path folder;

    @Test
    void twoDemosAndATrainingAtOnceAllEndWell() throws Exception {
        List<CoopProcess> processes = List.of(
                start("demo", "-o", folder.resolve("first")),
                start("demo", "-o", folder.resolve("second")),
                start(
                        "train",
                        "-m",
                        ShippedModel.NAME,
                        "-d",
                        CampaignFiles.pictures(),
                        "-k",
                        2,
                        "-o",
                        folder.resolve("run")));
        for (CoopProcess process : processes) {
            process.ended().ok();
        }
        assertThat(CampaignFiles.differences(
                        CampaignFiles.outcome(folder.resolve("first/runs")),
                        CampaignFiles.outcome(folder.resolve("second/runs"))))
                .isEmpty();
    }

    private CoopProcess start(Object... arguments) throws IOException {
        return CoopProcess.start(folder, Map.of("OMP_NUM_THREADS", "1"), arguments);
    }
}
