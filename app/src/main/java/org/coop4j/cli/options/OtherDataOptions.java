package org.coop4j.cli.options;

import java.nio.file.Path;
import java.util.Optional;
import org.coop4j.console.WrongUsage;
import org.coop4j.run.DataSpec;
import picocli.CommandLine.Option;

/** Labelled images, if any are given. */
public final class OtherDataOptions extends DataDetails {

    @Option(
            names = {"-d", "--data"},
            paramLabel = "DIR|FILE",
            description = {
                "Labelled images (eval: default those that the run was tested on): a folder with"
                    + " one subfolder per class (below train, val and test, or not); a CoOp split"
                    + " file (.json); a list of path,label (.csv); features with labels"
                    + " (.safetensors, .npz, .pt); with --dataset, the folder of all datasets."
            })
    private Path data;

    /** The data, if any is given. */
    public Optional<DataSpec> spec() {
        if (data == null && isGiven()) {
            throw new WrongUsage(
                    "--dataset, --images, --names and --half describe --data: give it");
        }
        return Optional.ofNullable(data).map(this::spec);
    }
}
