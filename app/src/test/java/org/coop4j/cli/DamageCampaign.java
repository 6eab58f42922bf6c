package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Folders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files damaged at random, and the commands that read them: each either gives what it gave before,
 * or says what is wrong; no other file goes or changes.
 */
class DamageCampaign {

    private static final int LONGEST_SECONDS = 120;

    @TempDir
    private Path folder;

    private Path sound;
    private Path place;

    /** A kind of file, and what reads it. */
    private enum Kind {
        BANK("bank/*/test-16.bank", "eval"),
        CHECKPOINT("begun/checkpoint.safetensors", "train", true),
        PROMPT("run/classifier.safetensors", "predict"),
        IMAGES("run/images.json", "eval of the run"),
        ANY_OF_RUN("run/[!.]*", "eval of the run"),
        CONFIG_OF_TRAINING("begun/config.json", "train"),
        CONFIG_OF_SWEEP("sweep/runs/shapes/*/*/config.json", "sweep"),
        RESULT_IN_SWEEP("sweep/runs/shapes/*/*/result.json", "sweep"),
        RESULT_IN_REPORT("sweep/runs/shapes/*/*/result.json", "report"),
        METRICS("begun/metrics.jsonl", "train", true),
        PROBE("sweep/runs/shapes/linear-probe/*/classifier.safetensors", "longer sweep");

        private final String pattern;
        private final String reader;

        /** Whether the command writes the file anew when it goes well. */
        private final boolean isWritten;

        Kind(String pattern, String reader) {
            this(pattern, reader, false);
        }

        Kind(String pattern, String reader, boolean isWritten) {
            this.pattern = pattern;
            this.reader = reader;
            this.isWritten = isWritten;
        }
    }

    private enum Verdict {
        /** The damage did not matter. */
        SAME(false),
        /** The message names the file or its folder. */
        SAID(false),
        /** The message blames something else. */
        VAGUE(false),
        /** Another answer, and not a word. */
        SILENT(true),
        /** The content of another file is nowhere any more. */
        LOST(true),
        INTERNAL(true),
        ENDLESS(true);

        private final boolean isFinding;

        Verdict(boolean isFinding) {
            this.isFinding = isFinding;
        }
    }

    /** What a command printed, and the files after it. */
    private record Answer(CommandRun run, Map<String, String> contents) {}

    private static Object[] training(String out, Path place) {
        return CommandRun.words(
                "train % -d % --bank % -o % -M 4 -k 3 --epochs 60 --batch 4 --lr 0.01 --checkpoint-every 4 --resume"
                        + " --json",
                CampaignFiles.modelOptions(), CampaignFiles.pictures(), place.resolve("bank"), place.resolve(out));
    }

    private static Object[] command(String reader, Path place) {
        List<Object> model = CampaignFiles.modelOptions();
        List<Object> run = List.of("-p", place.resolve("run"));
        List<Object> bank = List.of("--bank", place.resolve("bank"));
        Path pictures = CampaignFiles.pictures();
        return switch (reader) {
            case "train" -> training("begun", place);
            case "eval" -> CommandRun.words("eval % % -d % % --json", run, model, pictures, bank);
            case "eval of the run" -> CommandRun.words("eval % % % --json", run, model, bank);
            case "predict" -> CommandRun.words("predict % % --json %", run, model, pictures.resolve("test"));
            case "sweep" -> sweep("plan.yaml", place);
            case "longer sweep" -> sweep("longer.yaml", place);
            case "report" -> CommandRun.words("report % -o % --csv", place.resolve("sweep"), place.resolve("report"));
            default -> throw new IllegalArgumentException(reader);
        };
    }

    private static Object[] sweep(String plan, Path place) {
        return CommandRun.words(
                "sweep % % -o % --csv", place.resolve(plan), CampaignFiles.modelOptions(), place.resolve("sweep"));
    }

    private void makeSound() throws Exception {
        sound = Files.createDirectories(folder.resolve("sound"));
        place = folder.resolve("place");
        String plan =
                """
                datasets:
                  - name: shapes
                    path: %1$s
                methods: [zero-shot, linear-probe, coop-m4-end]
                shots: 2
                seeds: [1]
                epochs: 12
                batch: 4
                rate: 0.01
                """
                        .formatted(CampaignFiles.pictures());
        Files.writeString(sound.resolve("plan.yaml"), plan);
        Files.writeString(
                sound.resolve("longer.yaml"),
                plan
                        + """
                        test_on:
                          datasets:
                            - name: again
                              path: %s
                          methods: linear-probe
                        """
                                .formatted(CampaignFiles.pictures()));
        for (Object[] command : List.of(training("run", sound), command("sweep", sound))) {
            CommandRun.coop(command).ok();
        }
        Path metrics = sound.resolve("begun/metrics.jsonl");
        CoopProcess process = CoopProcess.start(folder, training("begun", sound));
        while (process.isAlive()
                && !(Files.exists(metrics) && Files.readAllLines(metrics).size() >= 22)) {
            Thread.sleep(1);
        }
        process.kill();
        assertThat(sound.resolve("begun/checkpoint.safetensors")).exists();
        assertThat(sound.resolve("begun/result.json")).doesNotExist();
    }

    @Test
    void aDamagedFileIsNamedOrDoesNotMatter() throws Exception {
        makeSound();
        Map<Kind, Answer> answers = new EnumMap<>(Kind.class);
        try (Campaign campaign = new Campaign("damaged files")) {
            for (Kind kind : Kind.values()) {
                Folders.copy(sound, place);
                answers.put(kind, answer(campaign, kind));
                assertThat(answers.get(kind).run().code())
                        .as("%s", answers.get(kind).run())
                        .isZero();
            }
            campaign.files(100, (number, random) -> {
                Kind kind = Kind.values()[number % Kind.values().length];
                Folders.copy(sound, place);
                Path file = chosen(kind, random);
                Map<String, String> before = CampaignFiles.contents(place);
                String damage = Damage.apply(file, random);
                String path = place.relativize(file).toString();
                Answer answer = answer(campaign, kind);
                Verdict verdict = verdict(kind, path, before, answers.get(kind), answer);
                campaign.count(kind + " " + verdict, 1);
                if (verdict.isFinding) {
                    campaign.find("%s %d: %s, %s: code %d, lost %s, %s"
                            .formatted(
                                    verdict,
                                    number,
                                    path,
                                    damage,
                                    answer.run().code(),
                                    lost(kind, path, before, answer),
                                    answer.run().err()));
                }
            });
        }
    }

    private Path chosen(Kind kind, Random random) throws IOException {
        PathMatcher matcher = place.getFileSystem().getPathMatcher("glob:" + kind.pattern);
        List<Path> files = Folders.files(place).stream()
                .filter(file -> matcher.matches(place.relativize(file)))
                .toList();
        return files.get(random.nextInt(files.size()));
    }

    /** Runs the command on what is in place, and clears it away. */
    private Answer answer(Campaign campaign, Kind kind) throws Exception {
        Object ended = campaign.within(LONGEST_SECONDS, () -> CommandRun.coop(command(kind.reader, place)));
        CommandRun run = ended instanceof CommandRun whole ? whole : new CommandRun(-1, "", ended.toString());
        Map<String, String> contents = CampaignFiles.contents(place);
        CacheFolder.delete(place);
        return new Answer(run, contents);
    }

    private static Verdict verdict(Kind kind, String damaged, Map<String, String> before, Answer sound, Answer answer) {
        CommandRun run = answer.run();
        if (run.code() < 0) {
            return Verdict.ENDLESS;
        }
        if (run.err().contains("internal error") || run.err().contains("Exception")) {
            return Verdict.INTERNAL;
        }
        if (!lost(kind, damaged, before, answer).isEmpty()) {
            return Verdict.LOST;
        }
        if (run.code() == 0 && isSame(kind, damaged, sound, answer)) {
            return Verdict.SAME;
        }
        Path file = Path.of(damaged);
        boolean named = run.err().contains(file.getFileName().toString())
                || run.err().contains(file.getParent().getFileName().toString());
        if (named) {
            return Verdict.SAID;
        }
        return run.code() == 0 ? Verdict.SILENT : Verdict.VAGUE;
    }

    /** Files whose content is nowhere any more; a training that goes on writes its own again. */
    private static List<String> lost(Kind kind, String damaged, Map<String, String> before, Answer answer) {
        if (answer.run().code() == 0 && kind.reader.equals("train")) {
            return List.of();
        }
        return before.keySet().stream()
                .filter(file -> !file.equals(damaged) && !file.endsWith(".bank"))
                .filter(file -> !answer.contents().containsValue(before.get(file)))
                .toList();
    }

    /** Whether a command that went well printed and wrote what it does with sound files. */
    private static boolean isSame(Kind kind, String damaged, Answer sound, Answer answer) {
        Map<String, String> expected = CampaignFiles.outcome(sound.contents());
        Map<String, String> found = CampaignFiles.outcome(answer.contents());
        if (!kind.isWritten) {
            expected.remove(damaged);
            found.remove(damaged);
        }
        expected.keySet().removeIf(file -> file.startsWith("report/"));
        found.keySet().removeIf(file -> file.startsWith("report/"));
        String printed = CampaignFiles.withoutSeconds(answer.run().out());
        return printed.equals(CampaignFiles.withoutSeconds(sound.run().out()))
                && found.entrySet().containsAll(expected.entrySet());
    }
}
