package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.serve.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The command with a program that opens browsers, and records its arguments. */
@EnabledOnOs(OS.LINUX)
class StudioCommandTest {

    @TempDir
    private Path folder;

    private Path photos;
    private Map<String, String> environment;

    private CoopProcess studio(String user) throws IOException {
        photos = folder.resolve("photos");
        TestPictures.write(photos.resolve("cat/1.png"), 0, 1);
        Path browser = Files.createDirectories(folder.resolve("bin")).resolve("xdg-open");
        Files.writeString(browser, "#!/bin/sh\necho \"$@\" >>%s\n".formatted(folder.resolve("opened")));
        assertThat(browser.toFile().setExecutable(true)).isTrue();
        environment = Map.of(
                "PATH",
                browser.getParent() + ":" + System.getenv("PATH"),
                "XDG_STATE_HOME",
                folder.resolve(user).toString());
        return CoopProcess.start(folder, environment, "studio", photos);
    }

    private String opened(int number) throws Exception {
        Path opened = folder.resolve("opened");
        while (!Files.exists(opened) || Files.readAllLines(opened).size() < number) {
            Thread.sleep(20);
        }
        return Files.readAllLines(opened).get(number - 1);
    }

    private static int enter(String address) throws Exception {
        return Answer.of("GET", URI.create(address), null).status();
    }

    private static String token(String address) {
        return address.strip().replaceFirst(".*=", "");
    }

    private static boolean isInAnArgument(String token) throws IOException {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes.map(process -> process.resolve("cmdline")).anyMatch(arguments -> {
                try {
                    return Files.readString(arguments).contains(token);
                } catch (IOException e) {
                    return false; // it has ended, or is none
                }
            });
        }
    }

    @Test
    void noArgumentLetsAnotherUserInAndASecondStartOpensAnotherAddress() throws Exception {
        CoopProcess first = studio("user");
        String forOpening = opened(1);
        String shown = first.out();
        assertThat(shown).startsWith("http://127.0.0.1:").contains("/?token=");
        assertThat(forOpening).doesNotContain(token(shown));
        assertThat(isInAnArgument(token(shown))).isFalse();
        assertThat(enter(forOpening)).isEqualTo(302);
        assertThat(enter(forOpening)).isEqualTo(403);
        assertThat(enter(shown.strip())).isEqualTo(302);

        CommandRun second = studio("user").ended().ok();
        assertThat(second.err()).contains("runs already");
        assertThat(second.out().replaceFirst("=.*", "")).isEqualTo(shown.replaceFirst("=.*", ""));
        assertThat(second.out()).isNotEqualTo(shown);
        assertThat(opened(2)).isNotEqualTo(forOpening).doesNotContain(token(second.out()));
        assertThat(enter(opened(2))).isEqualTo(302);
        assertThat(enter(second.out().strip())).isEqualTo(302);

        assertThat(studio("other").ended().failed(1)).contains("is open in another studio", "--read-only");
        first.terminate();
        first.ended().ok();
        assertThat(folder.resolve("user/coop4j").toFile().list())
                .containsExactlyInAnyOrder("identity", "studio-folders");
    }
}
