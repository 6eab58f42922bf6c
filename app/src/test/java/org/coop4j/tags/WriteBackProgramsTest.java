package org.coop4j.tags;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What exiftool and exiv2 read of our sidecars; skipped where they are not installed. */
class WriteBackProgramsTest {

    @TempDir
    Path folder;

    private static String run(Object... command) throws Exception {
        List<String> words = new ArrayList<>();
        for (Object word : command) {
            words.add(word.toString());
        }
        Process process = new ProcessBuilder(words)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String out = new String(process.getInputStream().readAllBytes(), UTF_8);
        process.waitFor();
        return out;
    }

    private static void assumeInstalled(String program) {
        assumeThat(Path.of("/usr/bin", program))
                .as(program + " is not installed")
                .isExecutable();
    }

    private static List<String> strings(JsonNode value) {
        List<String> all = new ArrayList<>();
        if (value != null && value.isArray()) {
            value.forEach(one -> all.add(one.asText()));
        } else if (value != null) {
            all.add(value.asText());
        }
        return all;
    }

    private Path written(String name) throws IOException {
        Sidecar sidecar = WriteBackGoldenTest.sidecar(WriteBackGoldenTest.read(name + ".before"), name);
        sidecar.write(WriteBackGoldenTest.result(name), false);
        return Files.writeString(folder.resolve(name + ".xmp"), sidecar.text().orElseThrow(), UTF_8);
    }

    @ParameterizedTest
    @MethodSource("org.coop4j.tags.WriteBackGoldenTest#written")
    void exiftoolReadsTheTags(String name) throws Exception {
        assumeInstalled("exiftool");
        JsonNode wanted = WriteBackGoldenTest.expected().get(name).get("keywords");
        JsonNode found = new ObjectMapper()
                .readTree(run("/usr/bin/exiftool", "-j", "-struct", "-G1", "-XMP:all", written(name)))
                .get(0);
        for (String list : List.of("XMP-dc:Subject", "XMP-lr:HierarchicalSubject", "XMP-digiKam:TagsList")) {
            assertThat(strings(found.get(list))).as(list).isEqualTo(strings(wanted.get(list)));
        }
    }

    @ParameterizedTest
    @MethodSource("org.coop4j.tags.WriteBackGoldenTest#written")
    void exiv2ReadsEveryProperty(String name) throws Exception {
        assumeInstalled("exiv2");
        JsonNode wanted = WriteBackGoldenTest.expected().get(name).get("exiv2");
        List<String> found =
                run("/usr/bin/exiv2", "-PXkt", written(name)).lines().toList();
        assertThat(found).hasSameElementsAs(wanted.isNull() ? List.of() : strings(wanted));
    }
}
