package org.coop4j.tags;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.coop4j.base.JavaChild;
import org.coop4j.clip.Clip;
import org.coop4j.clip.TinyModel;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.tags.TagFolder.Options;
import org.coop4j.tags.TagFolder.Status;
import org.coop4j.tags.TagFolder.Tagged;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Commands that are killed at any moment, or cannot write. The system property {@code tags.kills} sets the number of kills, and
 * {@code tags.disk} a folder on another disk, to which pictures are copied and moved too.
 */
class TagKillTest {

    @TempDir
    private Path folder;

    private Path model;
    private Path photos;
    private Path sorted;

    @BeforeEach
    void make() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        photos = TagFolderTest.library(folder.resolve("photos"));
        sorted = folder.resolve("sorted");
    }

    /** Tags, copies, moves and takes back without end. Arguments: model, pictures, seed, folders for pictures. */
    static final class Busy {
        private Busy() {}

        public static void main(String[] arguments) throws IOException {
            Path photos = Path.of(arguments[1]);
            Random random = new Random(Long.parseLong(arguments[2]));
            try (Clip clip = Clip.open(Path.of(arguments[0]));
                    ImageClassifier classifier = TagFolderTest.classifier(clip)) {
                System.out.println("open");
                while (true) {
                    Path sorted = Path.of(arguments[3 + random.nextInt(arguments.length - 3)]);
                    boolean xmp = random.nextBoolean();
                    switch (random.nextInt(4)) {
                        case 0 -> TagFolderTest.undo(photos, false);
                        case 1 -> TagFolderTest.tag(classifier, photos, TagFolderTest.options(false, true, null));
                        default ->
                            TagFolderTest.tag(
                                    classifier,
                                    photos,
                                    TagFolderTest.options(
                                            false, xmp, TagFolderTest.into(sorted, random.nextInt(3) > 0)));
                    }
                }
            }
        }
    }

    private ProcessBuilder busy(int seed, List<Path> into) {
        List<Object> arguments = new ArrayList<>(List.of(model, photos, seed));
        arguments.addAll(into);
        return JavaChild.of(
                        Busy.class,
                        List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xmx256m"),
                        arguments.toArray())
                .redirectError(folder.resolve("errors.txt").toFile());
    }

    @Test
    void noPictureIsLostOrDoubledAndEveryUndoIsExact() throws Exception {
        Map<String, String> before = TagFolderTest.contents(photos);
        String disk = System.getProperty("tags.disk");
        List<Path> into =
                disk == null ? List.of(sorted) : List.of(sorted, Files.createTempDirectory(Path.of(disk), "tags"));
        Random random = new Random(5);
        int kills = Integer.getInteger("tags.kills", 2);
        Map<String, Integer> found = new HashMap<>();
        for (int kill = 0; kill < kills; kill++) {
            Path out = folder.resolve("out.txt");
            Process busy = busy(kill, into).redirectOutput(out.toFile()).start();
            while (busy.isAlive() && Files.size(out) == 0) {
                Thread.sleep(5);
            }
            Thread.sleep(random.nextInt(600));
            assertThat(busy.isAlive())
                    .as(Files.readString(folder.resolve("errors.txt")))
                    .isTrue();
            busy.destroyForcibly();
            busy.waitFor();
            List<String> present =
                    new ArrayList<>(TagFolderTest.contents(photos).values());
            for (Path one : into) {
                present.addAll(TagFolderTest.contents(one).values());
                requireWholeSidecars(one);
            }
            requireWholeSidecars(photos);
            before.forEach((path, content) -> {
                if (path.endsWith(".png")) {
                    assertThat(present).as(path).contains(content);
                }
            });
            found.merge(TagFolderTest.contents(photos).equals(before) ? "as before" : "in the middle", 1, Integer::sum);
            assertThat(TagFolderTest.undo(photos, false)).noneMatch(one -> one.status() == Status.FAILED);
            assertThat(TagFolderTest.contents(photos)).as("after kill " + kill).isEqualTo(before);
            for (Path one : into) {
                assertThat(TagFolderTest.contents(one)).as("after kill " + kill).isEmpty();
            }
        }
        System.out.printf("%d kills: %s%n", kills, found);
    }

    private static void requireWholeSidecars(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file :
                        files.filter(one -> one.toString().endsWith(".xmp")).toList()) {
                    assertThat(XmpText.of(Files.readString(file)).descriptions())
                            .isNotEmpty();
                }
            }
        }
    }

    /** A limit on the size of files acts as a full disk, even for root. */
    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aFullDiskLosesNothing() throws Exception {
        Path large = photos.resolve("a/p0.png");
        Files.write(large, new byte[40_000], StandardOpenOption.APPEND);
        Map<String, String> before = TagFolderTest.contents(photos);
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", "ulimit -f 32; exec \"$@\"", "sh"));
        command.addAll(JavaChild.of(Once.class, List.of("-XX:-UsePerfData"), model, photos, sorted)
                .command());
        Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(child.getInputStream().readAllBytes(), UTF_8);
        assertThat(child.waitFor()).as(said).isZero();
        assertThat(said).contains("a/p0.png FAILED cannot write " + sorted);
        assertThat(TagFolderTest.contents(photos)).isEqualTo(before);
        assertThat(TagFolderTest.contents(sorted).values())
                .hasSize(9) // seven pictures with two sidecars
                .doesNotContain(before.get("a/p0.png"));
        assertThat(TagFolderTest.undo(photos, false)).noneMatch(one -> one.status() == Status.FAILED);
        assertThat(TagFolderTest.contents(sorted)).isEmpty();
        assertThat(TagFolderTest.contents(photos)).isEqualTo(before);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aReadOnlyFolderIsNamedAndEverythingElseIsDone() throws Exception {
        Files.setPosixFilePermissions(photos.resolve("b"), PosixFilePermissions.fromString("r-xr-xr-x"));
        // Permissions do not bind root until it gives up its capabilities.
        List<String> command = new ArrayList<>(List.of(
                "bash", "-c", "[ $(id -u) = 0 ] && exec setpriv --bounding-set=-all \"$@\"; exec \"$@\"", "bound"));
        command.addAll(JavaChild.of(Once.class, List.of("-XX:-UsePerfData"), model, photos)
                .command());
        Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(child.getInputStream().readAllBytes(), UTF_8);
        assertThat(child.waitFor()).as(said).isZero();
        assertThat(said)
                .contains(
                        "a/p0.png CREATED", "a/p1.png UPDATED", "b/p4.png FAILED no permission to write in the folder");
        Files.setPosixFilePermissions(photos.resolve("b"), PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(photos.resolve("b").toFile().list()).hasSize(4);
    }

    @Test
    void aSidecarThatExiftoolHasChangedKeepsTheChange() throws Exception {
        assumeTrue(Files.exists(Path.of("/usr/bin/exiftool")), "exiftool is not installed");
        Path sidecar = photos.resolve("a/p1.png.xmp");
        try (Clip clip = Clip.open(model);
                ImageClassifier classifier = TagFolderTest.classifier(clip)) {
            TagFolderTest.tag(classifier, photos, TagFolderTest.options(false, true, null));
            String[] add = {
                "/usr/bin/exiftool", "-q", "-overwrite_original", "-XMP-dc:Subject+=Alps", sidecar.toString()
            };
            assertThat(new ProcessBuilder(add).inheritIO().start().waitFor()).isZero();
            Options again = new Options(
                    "pets", "8".repeat(64), "coop4j/pets", null, null, false, false, false, false, true, null);
            TagFolderTest.tag(classifier, photos, again);
            assertThat(Files.readString(sidecar)).contains(">Alps<", ">mine<", "coop4j/pets", "8".repeat(64));
        }
        assertThat(TagFolderTest.undo(photos, false)).noneMatch(one -> one.status() == Status.FAILED);
        assertThat(Files.readString(sidecar)).contains(">Alps<", ">mine<").doesNotContain("coop4j/pets", "888");
    }

    /** Copies or, without a folder for that, tags once, and prints what came of it. */
    static final class Once {
        private Once() {}

        public static void main(String[] arguments) throws IOException {
            try (Clip clip = Clip.open(Path.of(arguments[0]));
                    ImageClassifier classifier = TagFolderTest.classifier(clip)) {
                Options options = arguments.length < 3
                        ? TagFolderTest.options(false, true, null)
                        : TagFolderTest.options(false, false, TagFolderTest.into(Path.of(arguments[2]), false));
                for (Tagged one : TagFolderTest.tag(classifier, Path.of(arguments[1]), options)) {
                    System.out.println(one.path() + " " + one.status() + " " + one.reason());
                }
            }
        }
    }
}
