package org.coop4j.cli.options;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The safetensors file that a command writes. */
public final class OutputFile {

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FILE",
            description = "The safetensors file to write; replaced if it exists.")
    private Path file;

    public Path file() {
        return file;
    }
}
