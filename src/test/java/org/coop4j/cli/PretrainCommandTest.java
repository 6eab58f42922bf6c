package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.pretrain.PictureTables;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PretrainCommandTest {

    @TempDir private Path folder;
    private Path architecture;
    private Path table;

    @BeforeEach
    void drawPictures() throws IOException {
        table = PictureTables.write(folder);
        architecture = folder.resolve("clip.json");
        Files.writeString(architecture, PictureTables.vit().toJson());
    }

    private CommandRun pretrain(Path out, Object... more) {
        Object[] command = {
            "pretrain", "--arch", architecture, "--train", table, "-o", out, "--epochs", "2"
        };
        Object[] all = java.util.Arrays.copyOf(command, command.length + more.length);
        System.arraycopy(more, 0, all, command.length, more.length);
        return coop(all);
    }

    @Test
    void theModelIsAnOrdinaryOne() {
        Path out = folder.resolve("run");
        CommandRun run = pretrain(out, "--batch", "16", "--val", table);
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).isEqualTo(out.resolve("model.safetensors") + "\n");
        assertThat(run.err())
                .contains("4 steps of 16 pairs")
                .contains("epoch 2: loss ")
                .contains("among 64 captions");
        CommandRun use =
                coop(
                        "zero-shot",
                        "--model",
                        out.resolve("model.safetensors"),
                        "--classes",
                        "red circle,blue square",
                        folder.resolve("0.png"));
        assertThat(use.code()).as(use.err()).isZero();
        CommandRun again = pretrain(out, "--batch", "16", "--resume");
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(again.err()).contains("is finished already");
    }

    @Test
    void aModelIsTrainedOnAndWarnsOfWordsThatItNeverSaw() {
        Path first = folder.resolve("first");
        assertThat(pretrain(first, "--batch", "16").code()).isZero();
        Path model = first.resolve("model.safetensors");
        Path second = folder.resolve("second");
        CommandRun run =
                coop(
                        "pretrain",
                        "--from",
                        model,
                        "--train",
                        table,
                        "-o",
                        second,
                        "--epochs",
                        "1",
                        "--batch",
                        "16");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(coop("pretrain", "--train", table, "-o", second).err())
                .contains("--arch", "--from");
        CommandRun use =
                coop(
                        "zero-shot",
                        "--model",
                        second.resolve("model.safetensors"),
                        "--classes",
                        "red circle,zebra,ketch",
                        folder.resolve("0.png"));
        assertThat(use.code()).as(use.err()).isZero();
        assertThat(use.err()).contains("zebra, ketch: the model never saw a word of each");
    }

    @Test
    void badInputIsOneLineAndLeavesNoRun() throws IOException {
        Path out = folder.resolve("run");
        CommandRun large = pretrain(out);
        assertThat(large.code()).isEqualTo(1);
        assertThat(large.err())
                .contains("batches of 128 pairs, but")
                .contains("has 32 pictures")
                .hasLineCount(1);
        assertThat(out.resolve("config.json")).doesNotExist();
        Path held = folder.resolve("held.csv");
        Files.writeString(held, "path,caption\n0.png," + "word ".repeat(20) + "\n");
        assertThat(pretrain(out, "--batch", "16", "--val", held).err())
                .contains("held.csv: the caption")
                .contains("has 22 tokens and the context length is 16");
        Files.writeString(held, "path,caption\nbroken.png,a ruin\n");
        Files.write(folder.resolve("broken.png"), new byte[] {1, 2, 3});
        assertThat(pretrain(out, "--batch", "16", "--val", held).err())
                .contains("1 image(s) cannot be read")
                .contains("broken.png");
        assertThat(out.resolve("config.json")).doesNotExist();
        Files.writeString(table, "path,caption\n0.png,\n");
        assertThat(pretrain(out).err()).contains("the caption of 0.png is empty");
        Files.writeString(architecture, "{}");
        assertThat(pretrain(out).err()).contains("clip.json").contains("embed_dim");
        CommandRun usage = pretrain(out, "--lr", "-1");
        assertThat(usage.code()).isEqualTo(2);
        assertThat(usage.err()).contains("learning rate -1.0 must be positive");
    }
}
