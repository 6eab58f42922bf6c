package org.coop4j.pretrain;

import java.util.List;
import org.coop4j.cli.Coop;

/** The program of pre-training: {@code pretrain}, in the form of a command of {@code coop}. */
public final class Pretrain {

    private Pretrain() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        Coop.main(List.of(PretrainCommand.class), arguments);
    }
}
