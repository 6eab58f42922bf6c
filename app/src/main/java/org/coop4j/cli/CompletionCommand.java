package org.coop4j.cli;

import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code coop completion}: a completion script for a shell. */
@Command(name = "completion")
final class CompletionCommand extends ConsoleCommand {

    @Parameters(paramLabel = "SHELL")
    Shell shell; // one script serves both

    enum Shell {
        BASH,
        ZSH
    }

    @Override
    public Integer call() {
        CommandLine line = Coop.commandLine(console);
        console.out().print(AutoComplete.bash(line.getCommandName(), line));
        return 0;
    }
}
