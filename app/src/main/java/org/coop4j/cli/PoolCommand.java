package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.base.IoFunction.IoConsumer;
import org.coop4j.findings.OpenPool;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** A command on pictures without labels. */
abstract class PoolCommand extends ConsoleCommand {

    @Mixin
    PoolOptions poolOptions;

    @Parameters(arity = "1..*", paramLabel = "DIR|IMAGE|FILE")
    List<Path> arguments;

    /**
     * Encodes and compares the pictures, and returns the exit code.
     *
     * @param classes false for a pool without classes
     * @param strangers false to leave known strangers out
     */
    int open(boolean classes, boolean strangers, IoConsumer<OpenPool> work) throws IOException {
        try (OpenPool opened = poolOptions.open(arguments, classes, strangers, console)) {
            work.accept(opened);
            return opened.exitCode();
        }
    }
}
