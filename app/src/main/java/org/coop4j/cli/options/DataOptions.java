package org.coop4j.cli.options;

import java.nio.file.Path;
import org.coop4j.run.DataSpec;
import picocli.CommandLine.Option;

/** Where a command's labelled images come from. */
public final class DataOptions extends DataDetails {

    @Option(
            names = {"-d", "--data"},
            required = true,
            paramLabel = "DIR|FILE",
            description = {
                "A folder with one subfolder per class (below train, val and test, or not); a CoOp"
                        + " split file (.json); a list of path,label (.csv); features with labels"
                        + " (.safetensors, .npz, .pt); with --dataset, the folder of all datasets."
            })
    private Path data;

    public DataSpec spec() {
        return spec(data);
    }
}
