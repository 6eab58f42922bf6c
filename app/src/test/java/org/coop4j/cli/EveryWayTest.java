package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.TinyModel.MODEL;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.Folders;
import org.coop4j.base.StateFolder;
import org.coop4j.clip.Clip;
import org.coop4j.data.DataSpec;
import org.coop4j.data.Examples;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.http.ServiceOptions;
import org.coop4j.http.ServiceOptions.Limits;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Learning;
import org.coop4j.run.Run;
import org.coop4j.run.RunFolder;
import org.coop4j.studio.StudioServer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command line, a sweep, the studio, a run and learning in memory, with the same pictures and seed. */
class EveryWayTest {

    private static final String[] CLASSES = {"blue sky", "red rose"};

    /** Large batches make few steps. */
    private static final int BATCH = 400;

    @TempDir
    private Path folder;

    /** With many images the reference's epochs are adapted. */
    @ParameterizedTest
    @CsvSource({"20, 200", "200, 160"})
    void everyWayLearnsTheSameBits(int each, int epochs) throws IOException {
        Path data = folder.resolve("data");
        for (int label = 0; label < CLASSES.length; label++) {
            for (int i = 0; i < each; i++) {
                TestPictures.write(data.resolve("train").resolve(CLASSES[label]).resolve(i + ".png"), label, i);
            }
            TestPictures.write(data.resolve("test").resolve(CLASSES[label]).resolve("0.png"), label, 1000);
        }
        Path bank = folder.resolve("bank");
        Map<String, ClassifierFile> learned = new LinkedHashMap<>();

        Path run = folder.resolve("run");
        Map<String, Integer> settings = Map.of("context_length", 2, "batch", BATCH, "seed", 2);
        try (Clip clip = Clip.open(MODEL)) {
            Method coop = Method.of("coop");
            Run.of(clip, DataSpec.of(data), coop, settings, Run.Options.of(bank))
                    .run(run, false);
            learned.put("run", ClassifierFile.read(run.resolve(RunFolder.CLASSIFIER)));
            try (ImageClassifier inMemory = ImageClassifier.learn(
                    clip, Examples.folder(data), Learning.by(coop).with(settings))) {
                learned.put("memory", inMemory.classifier().save());
            }
        }

        Path trained = folder.resolve("train");
        coop(
                        "train -m % -d % -o % --bank % --method coop --seed 2 --batch % --set context_length=2",
                        MODEL, data, trained, bank, BATCH)
                .ok();
        learned.put("coop train", ClassifierFile.read(trained.resolve(RunFolder.CLASSIFIER)));

        Path plan = Files.writeString(
                folder.resolve("plan.yaml"),
                "datasets: data\nmethods: [{name: coop, context_length: 2}]\nshots: all\nseeds: 2\nbatch: %d\n"
                        .formatted(BATCH));
        Path swept = folder.resolve("sweep");
        coop("sweep % -m % -o % --bank %", plan, MODEL, swept, bank).ok();
        List<Path> files = Folders.files(swept).stream()
                .filter(file -> file.endsWith(RunFolder.CLASSIFIER))
                .toList();
        assertThat(files).hasSize(1);
        learned.put("sweep", ClassifierFile.read(files.get(0)));

        assertThat(learned.get("run").origin().epochs()).hasValue(epochs);
        assertSame(learned);
    }

    /** The studio holds a third of the pictures back for its test. */
    @ParameterizedTest
    @CsvSource({"coop, 30", "coop, 300", "gda, 30", "gda, 300"})
    void theStudioLearnsWhatTrainLearns(String method, int each) throws IOException, InterruptedException {
        Path photos = folder.resolve("photos");
        for (int label = 0; label < CLASSES.length; label++) {
            for (int i = 0; i < each; i++) {
                TestPictures.write(photos.resolve(CLASSES[label]).resolve(i + ".png"), label, i);
            }
        }
        Path studio = photos.resolve(".coop4j/learned/run-1");
        ServiceOptions options = new ServiceOptions(
                "127.0.0.1", 0, Optional.empty(), Optional.empty(), Limits.of(1 << 20, Duration.ofMinutes(1), 64));
        try (Clip clip = Clip.open(MODEL);
                StudioServer server = StudioServer.start(
                        options,
                        photos,
                        false,
                        clip,
                        folder.resolve("bank"),
                        new StateFolder(folder.resolve("user")))) {
            HttpClient browser = HttpClient.newBuilder()
                    .cookieHandler(new CookieManager())
                    .followRedirects(Redirect.ALWAYS)
                    .build();
            URI page = URI.create(server.address());
            HttpRequest learn = HttpRequest.newBuilder(page.resolve("/api/learn"))
                    .POST(BodyPublishers.ofString("{\"method\":\"%s\"}".formatted(method)))
                    .build();
            browser.send(HttpRequest.newBuilder(page).build(), BodyHandlers.discarding());
            assertThat(browser.send(learn, BodyHandlers.ofString()).body()).contains("revision");
            assertTimeoutPreemptively(Duration.ofMinutes(5), () -> {
                while (!Files.exists(studio.resolve("studio.json"))) {
                    Thread.sleep(50);
                }
            });
        }
        Path trained = folder.resolve("train");
        coop(
                        "train -m % -d % --images % --exif apply -o % --bank % --method %",
                        MODEL,
                        studio.resolveSibling("run-1.split.json"),
                        photos,
                        trained,
                        folder.resolve("other bank"),
                        method)
                .ok();
        assertSame(Map.of(
                "studio", ClassifierFile.read(studio.resolve(RunFolder.CLASSIFIER)),
                "coop train", ClassifierFile.read(trained.resolve(RunFolder.CLASSIFIER))));
    }

    private static void assertSame(Map<String, ClassifierFile> learned) {
        ClassifierFile expected = learned.values().iterator().next();
        learned.forEach((way, file) -> {
            assertThat(file.tensors().keySet())
                    .as(way)
                    .isEqualTo(expected.tensors().keySet());
            expected.tensors()
                    .forEach((name, tensor) -> assertThat(file.tensor(name).values())
                            .as(way + " " + name)
                            .containsExactly(tensor.values()));
            assertThat(file.origin()).as(way).isEqualTo(expected.origin());
        });
    }
}
