package org.coop4j.cli;

import org.coop4j.console.WrongUsage;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code coop completion}: a completion script for a shell. */
@Command(
        name = "completion",
        description = "Print a script with which a shell completes coop's commands and options.",
        footer = "  source <(coop completion bash)")
final class CompletionCommand extends ConsoleCommand {

    @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
    private String shell;

    @Override
    public Integer call() {
        if (!shell.matches("bash|zsh")) { // one script serves both
            throw new WrongUsage("\"%s\": expected bash or zsh".formatted(shell));
        }
        CommandLine line = Coop.commandLine(console);
        console.out().print(AutoComplete.bash(line.getCommandName(), line));
        return 0;
    }
}
