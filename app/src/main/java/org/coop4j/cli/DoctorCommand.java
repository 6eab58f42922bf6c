package org.coop4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.bench.Measurement;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.Console;
import org.coop4j.console.Table;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Backend.BackendException;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.JpegCheck;
import org.coop4j.run.Machine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/** {@code coop doctor}: what was chosen for this machine, and what to change. */
@Command(
        name = "doctor",
        description = {
            "Show what coop4j uses on this machine (processor, threads, BLAS, memory, backend), how"
                    + " fast a large matrix product is, and what to change.",
            ""
        },
        footer = {"", "Example:", "  coop doctor"})
final class DoctorCommand implements Callable<Integer> {

    /** Vector instructions of processors that ND4J has libraries for, as Linux calls them, and what they bring. */
    private static final List<Map.Entry<String, String>> X86 = List.of(
            Map.entry("avx2", "8 floats at once"),
            Map.entry("avx512f", "16 floats at once"),
            Map.entry("avx512_bf16", "bfloat16 products up to twice as fast as float32"),
            Map.entry("amx_bf16", "bfloat16 products several times as fast as float32"));

    private static final List<Map.Entry<String, String>> ARM = List.of(Map.entry("asimd", "4 floats at once"));

    private final Console console;
    private final List<String> advice = new ArrayList<>();

    DoctorCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        AlignedLines table = new AlignedLines(Table.Kind.WORDS, Table.Kind.WORDS);
        table.row("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
        table.row("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        table.row("processor", Machine.processor("model name").orElse("unknown"));
        instructions(table);
        table.row("JPEG decoder", jpeg());
        int cores = Runtime.getRuntime().availableProcessors();
        table.row("cores", Integer.toString(cores));
        table.row("heap limit", Numbers.bytes(Runtime.getRuntime().maxMemory()));
        boolean canCompute;
        try (Workers workers = Workers.standard()) {
            table.row("threads", threads(workers, cores));
            canCompute = backend(table);
            environment(table, "OMP_NUM_THREADS");
            environment(table, "OPENBLAS_NUM_THREADS");
            environment(table, "OPENBLAS_CORETYPE");
            if (canCompute) {
                table.row(
                        "bfloat16",
                        Precision.BFLOAT16
                                .obstacle()
                                .map("no: "::concat)
                                .orElse("yes: --precision bf16 multiplies up to twice as fast"));
            }
            if (canCompute && Backend.currentForm() == Backend.Form.HOST) {
                Measurement product = Measurement.product(workers);
                table.row(
                        "matrix product",
                        String.format(
                                Locale.ROOT,
                                "%.0f GFLOP/s on %d threads (1536 x 1536 x 1536, float32)",
                                product.gflops(),
                                workers.count()));
                if (product.most() > 1.5 * product.least()) {
                    advice.add("the product's time varied from "
                            + String.format(
                                    Locale.ROOT, "%.0f to %.0f ms", 1000 * product.least(), 1000 * product.most())
                            + ": something else uses the cores");
                }
            }
        }
        table.print(console.out());
        advice.forEach(line -> console.out().println("advice: " + line));
        if (advice.isEmpty()) {
            console.out().println("nothing to change");
        }
        return canCompute ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    /** Whether ND4J can compute on this machine. */
    private boolean backend(AlignedLines table) {
        try {
            Backend backend = Backend.loaded();
            table.row("ND4J backend", backend.name());
            table.row("device", backend.device());
            table.row("BLAS", backend.blas());
            table.row(
                    "computed by",
                    switch (backend.form()) {
                        case HOST -> "kernels in the host's memory";
                        case PORTABLE -> "ND4J's calls (portable form)";
                    });
            return true;
        } catch (BackendException e) {
            table.row("ND4J backend", "cannot compute here");
            advice.add(e.getMessage());
            return false;
        }
    }

    private String jpeg() {
        List<JpegCheck> failures = JpegCheck.failures();
        if (failures.isEmpty()) {
            return "the pixels of libjpeg-turbo, as Pillow's";
        }
        String forms = failures.stream().map(JpegCheck::form).collect(Collectors.joining(", "));
        advice.add("this Java does not decode JPEG of "
                + forms
                + " as Pillow does: features of such pictures differ, or there are none;"
                + " a Java that is linked to libjpeg-turbo, such as Debian's, has none of"
                + " this");
        return "not that of libjpeg-turbo: " + forms;
    }

    private String threads(Workers workers, int cores) {
        String chosen = "all cores";
        for (String variable : List.of("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")) {
            chosen = System.getenv(variable) == null ? chosen : variable;
        }
        if (workers.count() > cores) {
            advice.add(chosen + " exceeds the number of cores: unset it");
        }
        return workers.count() + " (" + chosen + ")";
    }

    private void environment(AlignedLines table, String variable) {
        String value = System.getenv(variable);
        if (value != null) {
            table.row(variable, value);
            if (variable.equals("OPENBLAS_CORETYPE")) {
                advice.add("OPENBLAS_CORETYPE="
                        + value
                        + " overrides the kernel that OpenBLAS would choose for this"
                        + " processor: unset it unless you set it on purpose");
            }
        }
    }

    private void instructions(AlignedLines table) {
        List<String> flags = Machine.processor("flags")
                .or(() -> Machine.processor("Features"))
                .map(line -> List.of(line.split(" ")))
                .orElse(List.of());
        if (flags.isEmpty()) {
            table.row("instructions", "unknown");
            return;
        }
        boolean arm = System.getProperty("os.arch").equals("aarch64");
        boolean any = false;
        for (Map.Entry<String, String> set : arm ? ARM : X86) {
            boolean has = flags.contains(set.getKey()) || (arm && flags.contains("neon"));
            any |= has;
            table.row(set.getKey(), (has ? "yes: " : "no; it would bring ") + set.getValue());
        }
        if (!any) {
            advice.add("the processor has no vector instructions that BLAS can use: it will be slow");
        }
    }
}
