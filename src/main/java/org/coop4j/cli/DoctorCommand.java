package org.coop4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.coop4j.bench.Measurement;
import org.coop4j.console.Console;
import org.coop4j.console.Table;
import org.coop4j.eval.Numbers;
import org.coop4j.graph.Backend;
import org.coop4j.graph.host.BackendException;
import org.coop4j.graph.host.ComputeForm;
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

    private static final Set<String> FEATURES =
            Set.of("avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "neon", "asimd");

    private final Console console;
    private final List<String> advice = new ArrayList<>();

    DoctorCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Table table = new Table(Table.Align.LEFT, Table.Align.LEFT);
        table.row(
                "java",
                System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
        table.row("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        table.row("processor", Machine.processor("model name").orElse("unknown"));
        table.row("features", features());
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
            if (canCompute && ComputeForm.current() == ComputeForm.HOST) {
                Measurement product = Measurement.product(workers);
                table.row(
                        "matrix product",
                        String.format(
                                Locale.ROOT,
                                "%.0f GFLOP/s on %d threads (1536 x 1536 x 1536, float32)",
                                product.gflops(),
                                workers.count()));
                if (product.most() > 1.5 * product.least()) {
                    advice.add(
                            "the product's time varied from "
                                    + String.format(
                                            Locale.ROOT,
                                            "%.0f to %.0f ms",
                                            1000 * product.least(),
                                            1000 * product.most())
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
    private boolean backend(Table table) {
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
        advice.add(
                "this Java does not decode JPEG of "
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

    private void environment(Table table, String variable) {
        String value = System.getenv(variable);
        if (value != null) {
            table.row(variable, value);
            if (variable.equals("OPENBLAS_CORETYPE")) {
                advice.add(
                        "OPENBLAS_CORETYPE="
                                + value
                                + " overrides the kernel that OpenBLAS would choose for this"
                                + " processor: unset it unless you set it on purpose");
            }
        }
    }

    private String features() {
        String flags = Machine.processor("flags").orElse(Machine.processor("Features").orElse(""));
        List<String> known = new ArrayList<>();
        for (String flag : List.of(flags.split(" ", -1))) {
            if (FEATURES.contains(flag)) {
                known.add(flag);
            }
        }
        if (!flags.isEmpty() && known.isEmpty()) {
            advice.add(
                    "the processor has no vector instructions that BLAS can use: it will be slow");
        }
        return known.isEmpty() ? "unknown" : String.join(" ", known);
    }
}
