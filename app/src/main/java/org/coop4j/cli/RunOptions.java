package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.console.WrongUsage.unless;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.console.Console;
import org.coop4j.data.DataSpec;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.Method;
import org.coop4j.page.Shots;
import org.coop4j.run.Recipe;
import org.coop4j.run.RunFolder;
import picocli.CommandLine.Option;

/** The folder of runs, the sample that they learn from, and their seeds. */
final class RunOptions {

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "DIR")
    Path out;

    @Option(
            names = {"-k", "--shots"},
            paramLabel = "K|all")
    Shots shots;

    @Option(names = "--seed", paramLabel = "N")
    Long seed;

    @Option(names = "--seeds", split = ",", paramLabel = "N")
    List<Long> seeds = List.of();

    @Option(names = "--with-unlabelled")
    boolean withUnlabelled;

    @Option(names = "--own-thresholds")
    boolean ownThresholds;

    @Option(names = "--split", paramLabel = "T/V/E")
    String split;

    @Option(names = "--preset", paramLabel = "NAME")
    ReferencePreset preset;

    @Option(names = "--fast")
    boolean fast;

    @Option(names = "--budget", paramLabel = "MINUTES", converter = Positive.class)
    Integer budget;

    @Option(names = "--views", paramLabel = "K|epochs")
    String views;

    @Option(names = "--checkpoint-every", defaultValue = "10", paramLabel = "N")
    int checkpointEvery;

    @Option(names = "--resume")
    boolean resume;

    @Option(names = "--again")
    boolean again;

    /** Returns the seeds of the runs, checked. */
    List<Long> seeds() {
        require(!again || !resume, "--again and --resume exclude each other: omit one");
        require(seeds.isEmpty() || seed == null, "--seeds and --seed exclude each other: omit one");
        require(new HashSet<>(seeds).size() == seeds.size(), "--seeds names a seed twice");
        return seed != null ? List.of(seed) : seeds.isEmpty() ? List.of(1L) : seeds;
    }

    /** Returns the training images per class, 0 for all: by default the reference's where its protocol is followed. */
    int shots(DataOptions data) {
        boolean reference = data.benchmark != null || preset != null;
        return shots != null ? shots.sampled() : reference ? MethodsCommand.SHOTS : 0;
    }

    /**
     * Returns the threads of this machine. A run that is resumed keeps the number that it began with, on which its last
     * digits depend.
     */
    Workers workers(Console console) throws IOException {
        Optional<Integer> begun = resume ? RunFolder.threadsBegunWith(out) : Optional.empty();
        if (begun.isPresent()) {
            console.note("computing with %s, as the run began", count(begun.get(), "thread"));
            return new Workers(begun.get());
        }
        return Workers.standard();
    }

    /** Returns the data with the percentages of its split, if they were given. */
    DataSpec of(DataSpec data) {
        return split == null ? data : unless(() -> data.with().split(split).build());
    }

    /** Returns the settings of a run of a method. */
    Map<String, Object> settings(Method method, DataOptions data) {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("fast", fast || (budget != null && method.group() == Method.Group.TOWERS));
        settings.put("shots", shots(data));
        settings.put("seed", seeds().get(0));
        settings.put("views", views == null && preset != null ? Recipe.EPOCHS : views);
        settings.put("unlabelled", withUnlabelled);
        settings.put("own_thresholds", ownThresholds);
        settings.put("checkpoint_every", checkpointEvery);
        return settings;
    }
}
