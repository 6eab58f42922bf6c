package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.cli.Coop;
import org.coop4j.console.Console;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PretrainCommandTest {

    @TempDir
    private Path folder;

    private Path architecture;
    private Path table;

    @BeforeEach
    void drawPictures() throws IOException {
        table = PictureTables.write(folder);
        architecture = folder.resolve("clip.json");
        Files.writeString(architecture, PictureTables.vit().toJson());
    }

    private Run pretrain(Path out, Object... more) {
        Object[] command = {"pretrain", "--arch", architecture, "--train", table, "-o", out, "--epochs", "2"};
        Object[] all = java.util.Arrays.copyOf(command, command.length + more.length);
        System.arraycopy(more, 0, all, command.length, more.length);
        return run(all);
    }

    @Test
    void theModelIsAnOrdinaryOne() {
        Path out = folder.resolve("run");
        Run run = pretrain(out, "--batch", "16", "--val", table);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).isEqualTo(out.resolve("model.safetensors") + "\n");
        assertThat(run.err())
                .contains("4 steps of 16 pairs")
                .contains("epoch 2: loss ")
                .contains("among 64 captions");
        Run use = run(
                "zero-shot",
                "--model",
                out.resolve("model.safetensors"),
                "--classes",
                "red circle,blue square",
                folder.resolve("0.png"));
        assertThat(use.code()).as(use.err()).isZero();
        Run again = pretrain(out, "--batch", "16", "--resume");
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(again.err()).contains(out.toString());
    }

    @Test
    void aModelIsTrainedOnAndWarnsOfWordsThatItNeverSaw() {
        Path first = folder.resolve("first");
        assertThat(pretrain(first, "--batch", "16").code()).isZero();
        Path model = first.resolve("model.safetensors");
        Path second = folder.resolve("second");
        Run run = run("pretrain", "--from", model, "--train", table, "-o", second, "--epochs", "1", "--batch", "16");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run("pretrain", "--train", table, "-o", second).err()).contains("--arch", "--from");
        Run use = run(
                "zero-shot",
                "--model",
                second.resolve("model.safetensors"),
                "--classes",
                "red circle,zebra,ketch",
                folder.resolve("0.png"));
        assertThat(use.code()).as(use.err()).isZero();
        assertThat(use.err()).contains("zebra, ketch");
    }

    @Test
    void badInputIsOneLineAndLeavesNoRun() throws IOException {
        Path out = folder.resolve("run");
        Run large = pretrain(out);
        assertThat(large.code()).isEqualTo(1);
        assertThat(large.err())
                .contains("128 pairs")
                .contains("has 32 pictures")
                .hasLineCount(1);
        assertThat(out.resolve("config.json")).doesNotExist();
        Path held = folder.resolve("held.csv");
        Files.writeString(held, "path,caption\n0.png," + "word ".repeat(20) + "\n");
        assertThat(pretrain(out, "--batch", "16", "--val", held).err())
                .contains("held.csv", "22 tokens", "context length 16");
        Files.writeString(held, "path,caption\nbroken.png,a ruin\n");
        Files.write(folder.resolve("broken.png"), new byte[] {1, 2, 3});
        assertThat(pretrain(out, "--batch", "16", "--val", held).err()).contains("1 image", "broken.png");
        assertThat(out.resolve("config.json")).doesNotExist();
        Files.writeString(table, "path,caption\n0.png,\n");
        assertThat(pretrain(out).err()).contains("0.png", "caption");
        Files.writeString(architecture, "{}");
        assertThat(pretrain(out).err()).contains("clip.json").contains("embed_dim");
        Run usage = pretrain(out, "--lr", "-1");
        assertThat(usage.code()).isEqualTo(2);
        assertThat(usage.err()).contains("learning rate", "-1.0");
    }

    private record Run(int code, String out, String err) {}

    /** Runs a command of coop's or pretrain. */
    private static Run run(Object... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String[] words = Stream.of(arguments).map(Object::toString).toArray(String[]::new);
        Console console = new Console(out, err, false, 80);
        int code = words[0].equals("pretrain")
                ? Coop.run(console, List.of(PretrainCommand.class), words)
                : Coop.run(console, Coop.COMMANDS, words);
        return new Run(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
