package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.base.AtomicFile;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.report.PoolMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code coop map}: a page on which pictures that look alike are near each other. */
@Command(name = "map")
final class MapCommand extends PoolCommand {

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FILE",
            converter = FileName.class)
    Path out;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1")
    long seed;

    @Override
    public Integer call() throws IOException {
        return open(poolOptions.haveClasses(), true, opened -> {
            String place = arguments.get(0).toString();
            AtomicFile.write(out, PoolMap.page(opened, seed, place, console).html());
            console.note("map: " + out);
        });
    }
}
