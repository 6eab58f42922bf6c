package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.picture;
import static org.coop4j.cli.TinyModel.MODEL;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.base.Resource;
import org.coop4j.data.bank.TestPictures;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Mistakes on the command line, of the resource {@code mistakes.txt}. */
class MistakesTest {

    @TempDir
    private static Path folder;

    @BeforeAll
    static void learn() throws IOException {
        Path pictures = TestPictures.folder(folder.resolve("pictures"), 2, "sea", "hill", "sky");
        TinyModel.writeResNet(folder);
        coop("train -m % -d % -o % -q --method prototypes", MODEL, pictures, folder.resolve("run"))
                .ok();
        coop("embed -m % -d % -o %", MODEL, pictures, folder.resolve("features.safetensors"))
                .ok();
        coop("embed -m % --text sea --text hill --text sky -o %", MODEL, folder.resolve("texts.safetensors"))
                .ok();
        Files.writeString(folder.resolve("list.csv"), "a.png,a\n");
        Files.writeString(folder.resolve("text.pt"), "not a model\n");
        Files.writeString(folder.resolve("spaces.txt"), "two words");
        Files.writeString(folder.resolve("plan.yaml"), "datasets: pictures\nmethods: zero-shot\n");
    }

    static List<String> mistakes() {
        return Resource.text(MistakesTest.class, "mistakes.txt")
                .lines()
                .filter(line -> line.matches("\\d.*"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void isAnsweredInALineAndNothingIsWritten(String mistake) {
        String[] line = filled(mistake).split(" \\| ", -1);
        String[] words = line[0].substring(2).split(" ", -1);
        CommandRun run = coop(Stream.of(words)
                .map(word -> word.replace('␣', ' ').replace("∅", ""))
                .toArray());
        assertThat(run.failed(line[0].charAt(0) - '0'))
                .startsWith("coop: ")
                .hasLineCount(1)
                .doesNotContain("\tat ");
        for (String said : List.of(line).subList(1, line.length)) {
            boolean not = said.startsWith("!");
            assertThat(run.err().contains(not ? said.substring(1) : said))
                    .as("%s in %s", said, run.err())
                    .isNotEqualTo(not);
        }
        assertThat(run.out()).isEmpty();
        assertThat(folder.resolve("new")).doesNotExist();
        assertThat(folder.resolve("new.safetensors")).doesNotExist();
    }

    private static String filled(String mistake) {
        return mistake.replace("%model", MODEL.toString())
                .replace("%image", picture("chair-image_0013").toString())
                .replace("%pictures", folder.resolve("pictures").toString())
                .replace("%run", folder.resolve("run").toString())
                .replace("%plan", folder.resolve("plan.yaml").toString())
                .replace("%features", folder.resolve("features.safetensors").toString())
                .replace("%texts", folder.resolve("texts.safetensors").toString())
                .replace("%new", folder.resolve("new").toString())
                .replace("%folder", folder.toString());
    }
}
