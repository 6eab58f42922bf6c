package org.coop4j.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportFilesTest {

    @TempDir
    Path folder;

    private Path out() {
        return folder.resolve("report");
    }

    private void write(String... names) throws IOException {
        Map<String, String> contents = new LinkedHashMap<>();
        for (String name : names) {
            contents.put(name, name);
        }
        new ReportFiles(out()).write(contents);
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.walk(out())) {
            return files.filter(Files::isRegularFile)
                    .map(file -> out().relativize(file).toString())
                    .filter(name -> !name.equals(ReportFiles.LIST))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aLaterReportReplacesTheEarlierOneAndLeavesOtherFilesAlone() throws IOException {
        write("report.html", "tables/a.csv", "figures/rn50/old.png");
        Files.writeString(out().resolve("notes.txt"), "mine");
        Files.writeString(out().resolve("tables/mine.csv"), "mine");

        write("report.html", "tables/b.csv");

        assertThat(files()).containsExactly("notes.txt", "report.html", "tables/b.csv", "tables/mine.csv");
        assertThat(out().resolve("figures")).doesNotExist();
    }

    @Test
    void aFileAndAFolderOfOtherThingsAreRefused() throws IOException {
        Files.writeString(out(), "");
        assertThatThrownBy(() -> write("report.html")).hasMessageContaining("is a file");
        Files.delete(out());
        Files.createDirectories(out());
        Files.writeString(out().resolve("thesis.tex"), "mine");

        assertThatThrownBy(() -> write("report.html"))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(out().toString(), "--out");
        assertThat(files()).containsExactly("thesis.tex");
    }

    @Test
    void aListThatLeadsElsewhereDeletesNothingThere() throws IOException {
        Files.createDirectories(out());
        write("report.html");
        Path precious = Files.writeString(folder.resolve("precious.csv"), "mine");
        Files.writeString(out().resolve(ReportFiles.LIST), "../precious.csv\ntables/../../precious.csv\n");

        write("report.html");

        assertThat(precious).exists();
    }

    @Test
    void whatCannotBeWrittenIsSaidAndTheEarlierReportStays() throws IOException {
        write("report.html");

        // A file cannot be a folder too.
        assertThatThrownBy(() -> write("report.html", "tables/a.csv", "tables/a.csv/b.csv"))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(out().toString(), "--out");
        assertThat(files()).containsExactly("report.html");
    }
}
