package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.study.SweepPlan.PlanException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Plans that are refused: messages name the line and what is allowed. */
class WrongPlanTest {

    @TempDir
    private Path folder;

    /** {@code line 4: shots … -1} is found in {@code line 4, column 1: shots: expected 0 or more, got -1}. */
    private static String atSomeColumn(String message) {
        String[] parts = message.strip().split(": ?", 2);
        String text = Stream.of(parts[1].split("…"))
                .map(String::strip)
                .map(Pattern::quote)
                .collect(Collectors.joining(".*"));
        return "(?s).*" + parts[0] + ", column \\d+: " + text + ".*";
    }

    private SweepPlan read(String yaml) throws IOException {
        Path file = folder.resolve("plan.yaml");
        Files.writeString(file, yaml);
        return SweepPlan.read(file, Optional.empty());
    }

    /** Line 4, below "data: D", "datasets: [dtd]" and "methods: [zero-shot, coop-m4-end]". */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "method: x | line 4: … \"method\" … data, datasets, methods",
                "shots: [1, 1] | line 4: shots … twice: [1, 1]",
                "shots: -1 | line 4: shots: … 0 to … \"-1\"",
                "shots: [] | line 4: … shots",
                "shots: | line 4: … shots",
                "seeds: 0 | line 4: seeds … 1 to … \"0\"",
                "seeds: 9999999999 | line 4: seeds … 2147483647 … 9999999999",
                "epochs: ten | line 4: epochs … 1 to … \"ten\"",
                "epochs: {one: 2} | line 4: epochs … shots … \"one\"",
                "rate: 0 | line 4: rate: ",
                "rate: .nan | line 4: rate: … \".nan\"",
                "rate: Infinity | line 4: rate: … \"Infinity\"",
                "momentum: 1.5 | line 4: momentum: … 0 … 1, got 1.5",
                "batch: 0 | line 4: batch: … got 0",
                "batch: 2.5 | line 4: batch: … got \"2.5\"",
                "optimizer: lbfgs | line 4: optimizer: … sgd, adam, adamw, got",
                "schedule: [] | line 4: … schedule",
                "exif: turn | line 4: exif: … apply, keep … \"turn\"",
                "views: many | line 4: views … epochs … \"many\"",
                "base_to_new: yes | line 4: … true, false … \"yes\"",
                "base_to_new: {method: x} | line 4: method: … datasets, methods, shots",
                "base_to_new: {methods: coop} | line 4: methods: … coop",
                "base_to_new: {shots: 3} | line 4: shots: … 3 … 1, 2",
                "test_on: {from: dtd} | line 4: … datasets",
                "test_on: [sun, sun397] | line 4: … SUN397",
                "test_on: [nothing] | line 4: \"nothing\"",
                "data: E | line 4: … data … twice",
                "batch: [*b, 4] | line 4: … batch … alias",
                "batch: !b 4 | line 4: … batch … type",
                "--- | line 5: … document",
            })
    void whatIsWrongIsSaidWithItsLine(String line, String message) {
        String yaml = "data: D\ndatasets: [dtd]\nmethods: [zero-shot, coop-m4-end]\n" + line + "\n";
        assertThatThrownBy(() -> read(line.equals("---") ? yaml + "a: b\n" : yaml))
                .isInstanceOf(PlanException.class)
                .hasMessageStartingWith("plan.yaml, ")
                .hasMessageMatching(atSomeColumn(message));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "coup | line 3: … \"coup\" … zero-shot, linear-probe, coop",
                "[zero-shot, zero-shot] | line 3: … zero-shot",
                "{context_length: 4} | line 3: … name",
                "{name: x, contxt: 4} | line 3: contxt: … name, method, context_length",
                "{name: x, context_length: 0} | line 3: context_length: … got 0",
                "{name: x, context_length: [4, 8]} | line 3: context_length: … number",
                "{name: x, words: [a, b]} | line 3: words: … string",
                "{name: x, words: {a: b}} | line 3: words",
                "{name: x, words: null} | line 3: … words",
                "{name: x, method: coup} | line 3: … \"coup\"",
                "{name: x, position: left} | line 3: position: … end, middle, front, got",
                "{name: x, class_specific: 1} | line 3: class_specific: … got \"1\"",
                "{name: coop-m16-end, context_length: 4} | line 3: coop-m16-end",
                "{name: linear-probe, rate: 1} | line 3: rate: … name, method, reference_sample",
                "{name: x, templates: [photo]} | line 3: templates: … \"photo\" … {}",
                "{name: x, templates: photo} | line 3: templates: … \"photo\" … {}",
                "{name: x, templates: []} | line 3: … templates",
                "{name: x, templates: ['{}'], rate: 1} | line 3: rate: … name, method, templates",
                "{name: zero-shot, templates: ['{}']} | line 3: zero-shot … another name",
                "[[zero-shot]] | line 3: … keys … [zero-shot]",
            })
    void wrongMethodsAreRefused(String methods, String message) {
        assertThatThrownBy(() -> read("data: D\ndatasets: [dtd]\nmethods: " + methods + "\n"))
                .isInstanceOf(PlanException.class)
                .hasMessageMatching(atSomeColumn(message));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{names: x} | line 1: … dataset … path … name",
                "{name: dtd, names: x} | line 1: … path … names",
                "{name: nothing} | line 1: … nothing … ImageNet",
                "{name: dtd, template: photo} | line 1: template \"photo\" … {}",
                "dtd | line 1: … DescribableTextures … data: DIR … --data",
                "{path: \"a\\0b\"} | line 1: … a",
            })
    void wrongDatasetsAreRefused(String dataset, String message) {
        assertThatThrownBy(() -> read("datasets: [" + dataset + "]\nmethods: zero-shot\n"))
                .isInstanceOf(PlanException.class)
                .hasMessageMatching(atSomeColumn(message));
    }

    @ParameterizedTest
    @CsvSource({"batch: [4, 5", "'  batch: 4', 4"})
    void whatIsNoYamlIsRefusedWithItsLine(String line, int number) {
        assertThatThrownBy(() -> read("data: D\ndatasets: dtd\nmethods: coop\n" + line + "\n"))
                .isInstanceOf(PlanException.class)
                .hasMessageContainingAll("plan.yaml: not valid YAML: ", "line " + number + ", column ");
    }

    @Test
    void whatCannotNameNewClassesIsNoMethodForThem() {
        String begin = "data: D\ndatasets: [dtd]\n";
        assertThatThrownBy(() -> read(begin
                        + "methods: [zero-shot, coop-m4-end-csc]\n"
                        + "base_to_new: {methods: coop-m4-end-csc}\n"))
                .hasMessageMatching(atSomeColumn("line 4: methods: … coop-m4-end-csc … zero-shot"));
        assertThatThrownBy(() -> read(begin + "methods: [linear-probe]\nbase_to_new: true\n"))
                .hasMessageMatching(atSomeColumn("line 4: base_to_new"));
    }

    @Test
    void filesThatAreNoPlansAreRefused() throws IOException {
        assertThatThrownBy(() -> SweepPlan.read(folder.resolve("none.yaml"), Optional.empty()))
                .isInstanceOf(PlanException.class)
                .hasMessageContainingAll(folder.resolve("none.yaml").toString(), "--example");
        assertThatThrownBy(() -> read("")).hasMessageContaining("--example");
        assertThatThrownBy(() -> read("- a\n")).hasMessageContaining("keys");
        Path binary = folder.resolve("binary.yaml");
        Files.write(binary, new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
        assertThatThrownBy(() -> SweepPlan.read(binary, Optional.empty())).hasMessageContaining("UTF-8");
        Path large = folder.resolve("large.yaml");
        Files.write(large, new byte[(1 << 20) + 1]);
        assertThatThrownBy(() -> SweepPlan.read(large, Optional.empty())).hasMessageContaining("1 MB");
        assertThatThrownBy(() -> SweepPlan.read(Path.of("/dev/zero"), Optional.empty()))
                .hasMessageContaining("pipe or device");
        String deep = "[".repeat(5000) + "]".repeat(5000);
        assertThatThrownBy(() -> read("datasets: " + deep)).isInstanceOf(PlanException.class);
    }
}
