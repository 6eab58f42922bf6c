package org.coop4j.cli;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.partitioningBy;
import static picocli.CommandLine.Model.UsageMessageSpec.SECTION_KEY_DESCRIPTION;
import static picocli.CommandLine.Model.UsageMessageSpec.SECTION_KEY_FOOTER;
import static picocli.CommandLine.Model.UsageMessageSpec.SECTION_KEY_OPTION_LIST;
import static picocli.CommandLine.Model.UsageMessageSpec.SECTION_KEY_SYNOPSIS;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The help of a command: its purpose, examples and usual options first, the others below a heading. */
final class CommandHelp {

    /** Commands with so many options list them together. */
    private static final int FEW = 14;

    private static final Set<String> USUAL = Set.of(
            ("prompt model data dataset out method set epochs shots seeds template classes top threshold split resume"
                            + " json csv text texts errors confusion host port help")
                    .split(" "));

    private CommandHelp() {}

    /** Arranges the help of a subcommand. */
    static void arrange(CommandSpec spec) {
        List<String> first = List.of(SECTION_KEY_DESCRIPTION, SECTION_KEY_FOOTER);
        List<String> keys = new ArrayList<>(spec.usageMessage().sectionKeys());
        keys.removeAll(first);
        keys.addAll(0, first);
        spec.usageMessage().abbreviateSynopsis(true).sectionKeys(keys);
        Map<String, IHelpSectionRenderer> sections = spec.usageMessage().sectionMap();
        sections.put(SECTION_KEY_DESCRIPTION, help -> help.description().strip() + "\n\n");
        sections.put(SECTION_KEY_FOOTER, help -> "Examples:\n" + help.footer().stripTrailing() + "\n\n");
        sections.put(SECTION_KEY_SYNOPSIS, CommandHelp::synopsis);
        sections.put(SECTION_KEY_OPTION_LIST, CommandHelp::options);
    }

    /** Returns "coop train -d DIR|FILE -o DIR [OPTIONS]": the required options are named. */
    private static String synopsis(Help help) {
        String required = help.commandSpec().options().stream()
                .filter(option -> option.required() && option.group() == null)
                .map(option -> option.shortestName() + " " + option.paramLabel() + " ")
                .collect(joining());
        return help.synopsis(help.synopsisHeadingLength()).replace("[OPTIONS]", required + "[OPTIONS]");
    }

    private static String options(Help help) {
        List<OptionSpec> all = help.commandSpec().options();
        Map<Boolean, List<OptionSpec>> usual = all.stream()
                .collect(partitioningBy(option ->
                        all.size() <= FEW || USUAL.contains(option.longestName().substring(2))));
        String list = "\nOptions:\n" + help.optionListExcludingGroups(usual.get(true));
        List<OptionSpec> others = usual.get(false);
        return others.isEmpty() ? list : list + "\nMore options:\n" + help.optionListExcludingGroups(others);
    }
}
