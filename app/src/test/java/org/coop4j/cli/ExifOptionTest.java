package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.TinyModel.MODEL;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.run.RunFolder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --exif keep|apply}: pictures are stored as the camera was held. */
class ExifOptionTest {

    private static final int PNG_HEADER = 33;

    @TempDir
    private static Path folder;

    private static Path pictures;
    private static Path image;

    @BeforeAll
    static void write() throws IOException {
        pictures = TestPictures.folder(folder.resolve("pictures"), 2, "blue", "red");
        for (String name : List.of("train/blue", "train/red", "test/blue", "test/red")) {
            for (int i = 0; i < 2; i++) {
                turn(pictures.resolve(name).resolve("picture-" + i + ".png"));
            }
        }
        image = pictures.resolve("test/red/picture-0.png");
    }

    /** Says in a PNG's EXIF data that it is to be turned by 90 degrees. */
    private static void turn(Path png) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(12 + 26);
        chunk.putInt(26).putInt(0x65584966).putShort((short) 0x4d4d).putShort((short) 42);
        chunk.putInt(8).putShort((short) 1);
        chunk.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) 6);
        byte[] file = Files.readAllBytes(png);
        byte[] head = Arrays.copyOf(file, PNG_HEADER + chunk.capacity());
        chunk.rewind().get(head, PNG_HEADER, chunk.capacity());
        byte[] whole = Arrays.copyOf(head, head.length + file.length - PNG_HEADER);
        System.arraycopy(file, PNG_HEADER, whole, head.length, file.length - PNG_HEADER);
        Files.write(png, whole);
    }

    private static CommandRun train(Path out, Object... more) {
        return coop(
                "train -m % -d % -o % -M 3 -k 1 --epochs 2 --batch 2 --bank",
                MODEL, pictures, out, folder.resolve("bank"), more);
    }

    private static String predict(Path run, Object... more) {
        return out(coop("predict", "-p", run, "--json", "-q", image, more));
    }

    private static String out(CommandRun done) {
        return done.ok().out();
    }

    @Test
    void aRunRecordsItAndWhoUsesTheRunDoesTheSame() throws IOException {
        Path kept = folder.resolve("kept");
        out(train(kept, "--exif", "keep"));
        assertThat(kept.resolve(RunFolder.CONFIG)).content().contains("\"exif\" : \"KEEP\"");
        assertThat(predict(kept))
                .isEqualTo(predict(kept, "--exif", "keep"))
                .isNotEqualTo(predict(kept, "--exif", "apply"));
        String own = out(coop("eval", "-p", kept, "--bank", folder.resolve("bank"), "--json"));
        for (Object more : List.of(List.of(), List.of("--exif", "KEEP"))) {
            assertThat(out(coop("eval -p % --bank % -d % --json", kept, folder.resolve("bank"), pictures, more)))
                    .isEqualTo(own);
        }
        assertThat(train(kept, "--resume").failed(1)).contains("settings have changed");
    }

    @Test
    void toApplyIsWhatAUsersOwnFolderGetsByItself() throws IOException {
        Path usual = folder.resolve("usual");
        out(train(usual));
        CommandRun same = train(usual, "--exif", "apply", "--resume").ok();
        assertThat(same.err()).contains("is finished already");
        assertThat(predict(usual)).isEqualTo(predict(usual, "--exif", "apply"));
    }

    @Test
    void aPlanSaysItAndRunsOfOneFolderAreToldApartByIt() throws IOException {
        Path out = folder.resolve("sweep");
        String kept = sweep(out, "keep");
        String applied = sweep(out, "apply");
        assertThat(applied).isNotEqualTo(kept);
        assertThat(sweep(out, "keep")).isEqualTo(kept);
    }

    /** What a context has learned in the run of this treatment, which its configuration records. */
    private static String sweep(Path out, String exif) throws IOException {
        Path plan = folder.resolve("plan.yaml");
        Files.writeString(
                plan,
                """
                datasets: [{path: pictures, exif: %s}]
                methods: [{name: coop, context_length: 3}]
                shots: 1
                seeds: 1
                epochs: 2
                """
                        .formatted(exif));
        out(coop("sweep", plan, "-m", MODEL, "-o", out));
        String recorded = "\"exif\" : \"" + exif.toUpperCase(Locale.ROOT) + "\"";
        for (Path file : CampaignFiles.files(out)) {
            if (file.endsWith(RunFolder.CLASSIFIER)
                    && Files.readString(file.resolveSibling(RunFolder.CONFIG)).contains(recorded)) {
                return HexFormat.of().formatHex(Files.readAllBytes(file));
            }
        }
        throw new AssertionError("no run of " + exif);
    }

    @Test
    void embedAndZeroShotTakeIt() throws IOException {
        Path kept = folder.resolve("kept.safetensors");
        Path applied = folder.resolve("applied.safetensors");
        out(coop("embed", "-m", MODEL, image, "--exif", "keep", "-o", kept));
        out(coop("embed", "-m", MODEL, image, "-o", applied));
        assertThat(Files.mismatch(kept, applied)).isNotEqualTo(-1);
        Object[] zeroShot = {"zero-shot", "-m", MODEL, "-d", pictures, "--json", "-q"};
        assertThat(out(coop(zeroShot))).isNotEqualTo(out(coop(zeroShot, "--exif", "keep")));
    }
}
