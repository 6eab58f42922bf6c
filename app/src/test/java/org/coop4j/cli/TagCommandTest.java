package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.coop4j.base.JavaChild;
import org.coop4j.base.Sha256;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.image.Keywords;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code coop tag}: sidecars of whole folders. */
class TagCommandTest {

    @TempDir
    Path folder;

    private Path photos;

    @BeforeEach
    void pictures() throws IOException {
        photos = TestPictures.folder(folder.resolve("photos"), 3, "sea", "hill").resolve("train");
    }

    private CommandRun tag(Object... more) {
        List<Object> all = new ArrayList<>(List.of("tag", photos, "-m", TinyModel.MODEL, "-c", "sea,hill"));
        all.addAll(List.of(more));
        return coop(all.toArray());
    }

    private CommandRun undo() {
        return coop("tag", photos, "--undo");
    }

    private Map<String, String> contents() throws IOException {
        Map<String, String> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(photos)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.put(photos.relativize(file).toString(), Sha256.of(file));
            }
        }
        return all;
    }

    private static List<JsonNode> rows(CommandRun run) throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        new ObjectMapper().readTree(run.out()).forEach(rows::add);
        return rows;
    }

    @Test
    void picturesGetSidecarsWhichAreSkippedThenAndTakenBack() throws IOException {
        Map<String, String> before = contents();
        Files.createDirectories(photos.resolve(".hidden"));
        assertThat(tag("--dry-run").ok().err()).contains("this would be: 6 created");
        assertThat(contents()).isEqualTo(before);
        List<JsonNode> rows = rows(tag("--json").ok());
        assertThat(rows).hasSize(6);
        for (JsonNode row : rows) {
            assertThat(row.get("status").asText()).isEqualTo("created");
            String label = row.get("labels").get(0).get("label").asText();
            Path sidecar = photos.resolve(row.get("sidecar").asText());
            assertThat(sidecar).hasFileName(Path.of(row.get("path").asText()).getFileName() + ".xmp");
            assertThat(Files.readString(sidecar))
                    .contains("<rdf:li>coop4j/zero-shot/" + label + "</rdf:li>", "<rdf:li>" + label + "</rdf:li>");
        }
        before.forEach((path, content) -> assertThat(photos.resolve(path)).exists());
        Map<String, String> tagged = contents();
        assertThat(tagged).containsAllEntriesOf(before).hasSize(12);
        assertThat(tag().ok().err()).contains("6 skipped");
        assertThat(contents()).isEqualTo(tagged);
        assertThat(undo().ok().err()).contains("6 taken back");
        assertThat(contents()).isEqualTo(before);
        assertThat(undo().ok().err()).contains("nothing to do");
        assertThat(tag().ok().err()).contains("6 created");
    }

    @Test
    void whatWasTakenBackOrDeletedIsWrittenAgainAndPicturesWithoutALabelAreSkipped() throws IOException {
        assertThat(tag("--name", "pets").ok().err()).contains("6 created");
        undo().ok(); // of all classifiers
        assertThat(tag("--name", "pets").ok().err()).contains("6 created");
        Files.delete(photos.resolve("sea/picture-0.png.xmp"));
        assertThat(tag("--name", "pets").ok().err()).contains("1 created, 5 skipped");
        String[] unsure = {"--name", "unsure", "--threshold", "1"};
        assertThat(tag((Object[]) unsure).ok().err()).contains("6 unchanged");
        assertThat(tag((Object[]) unsure).ok().err()).contains("6 skipped");
    }

    /** As photographs are that somebody protects; a sidecar with their permissions could never be changed again. */
    @Test
    void tagsOfReadOnlyPicturesAreReplacedAndTakenBack() throws IOException {
        Path picture = photos.resolve("sea/picture-0.png");
        Files.setPosixFilePermissions(picture, PosixFilePermissions.fromString("r--r-----"));
        tag().ok();
        Path sidecar = photos.resolve("sea/picture-0.png.xmp");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(sidecar)))
                .isEqualTo("rw-r-----");
        undo().ok();
        assertThat(sidecar).doesNotExist();
    }

    @Test
    void keywordsOfAMachineAreNoLabels() throws IOException {
        tag().ok();
        Path picture = photos.resolve("sea/picture-1.png");
        assertThat(Keywords.of(picture, note -> {})).isEmpty();
        Path sidecar = photos.resolve("sea/picture-1.png.xmp");
        Files.writeString(
                sidecar,
                Files.readString(sidecar).replaceFirst("(<dc:subject>\\s*<rdf:Bag>)", "$1<rdf:li>Alps</rdf:li>"));
        assertThat(Keywords.of(picture, note -> {})).contains(List.of("Alps"));
    }

    @Test
    void whatCannotBeWrittenIsNamedAndEverythingElseIsDone() throws IOException {
        Path damaged = photos.resolve("hill/picture-0.png.xmp");
        Files.writeString(damaged, "<!DOCTYPE x [<!ENTITY a \"b\">]><x/>");
        Path readOnly = photos.resolve("hill/picture-1.png.xmp");
        Files.writeString(
                readOnly,
                "<r:RDF xmlns:r=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><r:Description r:about=\"\"/></r:RDF>");
        Files.setPosixFilePermissions(readOnly, PosixFilePermissions.fromString("r--r--r--"));
        Files.writeString(photos.resolve("hill/broken.jpg"), "no picture");
        Map<String, String> before = contents();
        CommandRun run = tag("--json");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("4 created", "3 failed", "DOCTYPE", "read-only", "broken.jpg");
        assertThat(contents()).containsAllEntriesOf(before).hasSize(before.size() + 4);
        assertThat(photos.resolve("hill/broken.jpg.xmp")).doesNotExist();
    }

    @Test
    void aSidecarOfARawFileIsLeftAlone() throws IOException {
        Path stem = photos.resolve("sea/picture-0.xmp");
        Files.writeString(stem, "<x/>");
        Files.writeString(photos.resolve("sea/picture-0.cr2"), "raw");
        tag().ok();
        assertThat(stem).hasContent("<x/>");
        assertThat(photos.resolve("sea/picture-0.png.xmp")).exists();
        undo().ok();
        assertThat(tag("--sidecar", "stem").ok().err()).contains("6 created");
        assertThat(stem).hasContent("<x/>");
        assertThat(photos.resolve("sea/picture-1.xmp")).exists();
        assertThat(undo().ok().err()).contains("6 taken back");
        assertThat(photos.resolve("sea/picture-1.xmp")).doesNotExist();
    }

    @Test
    void picturesAreMovedWithoutTagsAndComeBack() throws IOException {
        Map<String, String> before = contents();
        Path sorted = folder.resolve("sorted");
        CommandRun moved = tag("--no-xmp", "--move", sorted, "--json").ok();
        assertThat(moved.err()).contains("6 pictures moved to " + sorted, "lose sight of moved pictures");
        for (JsonNode row : rows(moved)) {
            assertThat(row.get("status").asText()).isEqualTo("unchanged");
            assertThat(Path.of(row.get("to").get(0).asText()))
                    .exists()
                    .hasParent(
                            sorted.resolve(row.get("labels").get(0).get("label").asText()));
        }
        assertThat(contents()).isEmpty();
        assertThat(undo().ok().err()).contains("6 taken back");
        assertThat(contents()).isEqualTo(before);
    }

    /** SIGTERM ends it in order; a picture that comes is tagged. */
    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void watchingTagsWhatComesAndEndsWithSuccess() throws Exception {
        ProcessBuilder command =
                JavaChild.of(Coop.class, List.of(), "tag", photos, "-m", TinyModel.MODEL, "-c", "sea,hill", "--watch");
        command.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
        Process watching = command.redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile())
                .start();
        try {
            waitFor(photos.resolve("sea/picture-2.png.xmp"), watching);
            TestPictures.write(photos.resolve("later/deep/new.png"), 1, 77);
            waitFor(photos.resolve("later/deep/new.png.xmp"), watching);
        } finally {
            watching.destroy();
        }
        assertThat(watching.waitFor()).isZero();
        assertThat(Files.readString(folder.resolve("output"))).contains("7 created");
    }

    private static void waitFor(Path file, Process process) throws InterruptedException {
        while (!Files.exists(file)) {
            assertThat(process.isAlive()).isTrue();
            Thread.sleep(20);
        }
    }

    @Test
    void wrongUsageIsSaidInWords() {
        assertThat(tag("--undo", "--move", folder).failed(2)).contains("omit --no-xmp, --copy and --move");
        assertThat(tag("--watch", "--dry-run").failed(2)).contains("--watch writes");
        assertThat(tag("--watch", "--poll", "0").failed(2)).contains("expected 1 second or more");
        assertThat(coop("tag", photos, "-m", TinyModel.MODEL, "-c", "a,b/c", "--move", folder.resolve("x"))
                        .failed(2))
                .contains("the class b/c cannot be a folder");
        assertThat(coop("tag", photos).failed(2)).contains("--prompt", "--classes");
        assertThat(tag("--threshold", "7").failed(2)).contains("expected 0 to 1, got 7");
        assertThat(tag("--sidecar", "x").failed(2)).contains("expected full or stem");
        assertThat(coop("tag", folder.resolve("none"), "-m", TinyModel.MODEL, "-c", "a,b")
                        .failed(1))
                .contains("is not a folder");
        assertThat(tag("--name", "a\u0001b").failed(2)).contains("characters that XMP cannot hold");
    }
}
