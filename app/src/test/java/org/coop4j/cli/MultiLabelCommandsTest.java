package org.coop4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.coop4j.base.Numbers;
import org.coop4j.clip.Clip;
import org.coop4j.data.DataSpec;
import org.coop4j.data.Examples;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.http.ServiceOptions;
import org.coop4j.method.ClassifierFile;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Learning;
import org.coop4j.predict.Prediction;
import org.coop4j.run.Run;
import org.coop4j.run.RunImages;
import org.coop4j.serve.Answer;
import org.coop4j.serve.ClassifierInfo;
import org.coop4j.serve.PredictionService;
import org.coop4j.serve.ServedClassifier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures with several labels from a list to answers: commands, the page, the library and the service. */
class MultiLabelCommandsTest {

    private static final String[] LABELS = {"red;warm", "yellow;warm", "", "sky"};

    @TempDir
    private static Path folder;

    private static Path model;
    private static Path list;
    private static Path run;
    private static CommandRun trained;

    @BeforeAll
    static void train() throws IOException {
        model = TinyModel.write(folder);
        StringBuilder lines = new StringBuilder("path,labels,unknown,split\n");
        for (int label = 0; label < LABELS.length; label++) {
            for (int i = 0; i < 12; i++) {
                String name = label + "-" + i + ".png";
                TestPictures.write(folder.resolve(name), label, i);
                String split = List.of("train", "train", "val", "test").get(i % 4);
                String unknown = label == 3 && i % 4 == 3 ? "warm" : "";
                lines.append("%s,%s,%s,%s%n".formatted(name, LABELS[label], unknown, split));
            }
        }
        list = Files.writeString(folder.resolve("list.csv"), lines);
        run = folder.resolve("run");
        trained = coop("train -m % -d % -o %", model, list, run).ok();
    }

    private static Path picture(int label) throws IOException {
        return TestPictures.write(folder.resolve("new").resolve(label + ".png"), label, 77);
    }

    @Test
    void aListIsShown() throws IOException {
        JsonNode shown = json(coop("datasets show --json -d %", list).ok());
        assertThat(shown.path("images").asInt()).isEqualTo(48);
        assertThat(shown.path("labels_per_image").asDouble()).isEqualTo(1.25);
        assertThat(shown.path("unknown").asDouble()).isEqualTo(100.0 * 3 / (48 * 4));
        assertThat(shown.path("classes"))
                .filteredOn(one -> one.path("class").asText().equals("warm"))
                .extracting(one -> one.path("train").asInt())
                .containsExactly(12);
        assertThat(coop("datasets show -d % --min-pictures 13", list).failed(1)).contains("two or more");
    }

    @Test
    void theDefaultMethodLearnsAndTheRunKeepsTheSets() throws IOException {
        assertThat(trained.out()).contains("linear head", "warm", "12 test images", "calibrated on 12 validation");
        JsonNode result = json(run.resolve("result.json"));
        assertThat(result.path("method").asText()).isEqualTo("linear head");
        assertThat(result.at("/sets/map").asDouble()).isGreaterThan(60);
        assertThat(result.at("/sets/mapBounds/low").asDouble())
                .isLessThanOrEqualTo(result.at("/sets/map").asDouble());
        assertThat(result.at("/sets/classes/2/learned").asInt()).isEqualTo(12);
        RunImages images = Run.open(run).images();
        assertThat(images.test())
                .filteredOn(image -> image.labels().unknown().length == 1)
                .hasSize(3);
        assertThat(images.train())
                .filteredOn(image -> image.className().equals("no class"))
                .hasSize(6);
        assertThat(coop("train -m % -d % -o % --resume", model, list, run).ok().err())
                .contains("finished already");
    }

    @Test
    void thePageShowsClassesAndSureMistakes() throws IOException {
        assertThat(Files.readString(run.resolve("report.html")))
                .contains("mean average precision", "Labels that may be missing", "Labels that were not found")
                .contains("Classes that occur together", "warm", "learned from");
    }

    /** A label that is not compared with others speaks for itself alone. */
    @Test
    void thePageShowsMapsOfMistakenLabels() throws IOException {
        Path wrong = folder.resolve("wrong.csv");
        Files.writeString(wrong, Files.readString(list).replace("3-3.png,sky,warm,test", "3-3.png,red,,test"));
        Path page = folder.resolve("mistaken/report.html");
        coop("train -m % -d % -o %", model, wrong, page.getParent()).ok();
        assertThat(Files.readString(page))
                .contains("Why these answers", "red speaks for it<", "\"Where the picture speaks for red\"")
                .doesNotContain("rather than for the other classes");
    }

    @Test
    void allLabelsAboveTheThresholdAreTheAnswer() throws IOException {
        Path picture = picture(0);
        JsonNode answer = json(coop("predict -p % --jsonl %", run, picture).ok());
        assertThat(answer.path("labels")).extracting(JsonNode::asText).contains("red", "warm");
        assertThat(answer.path("probabilities")).hasSize(4);
        assertThat(coop("predict -p % --csv %", run, picture)
                        .ok()
                        .out()
                        .lines()
                        .toList()
                        .get(1))
                .matches(".*0\\.png,[a-z;]*warm[a-z;]*,0\\.\\d+.*");
        assertThat(coop("predict -p % --threshold 1 %", run, picture).ok().out())
                .contains("no class");
        JsonNode tested = json(coop("eval --json -p %", run).ok());
        assertThat(tested.at("/sets/map"))
                .isEqualTo(json(run.resolve("result.json")).at("/sets/map"));
        assertThat(coop("eval -p % --per-image %", run, folder.resolve("x.jsonl"))
                        .failed(2))
                .contains("--per-image");
    }

    @Test
    void methodsOfTheOtherKindAreRefusedWithThoseThatFit() throws IOException {
        Path new1 = folder.resolve("new1");
        assertThat(coop("train -m % -d % --method coop -o %", model, list, new1).failed(2))
                .contains("coop: the images have sets of labels", "linear-head", "one-vs-rest");
        Path single = TestPictures.folder(folder.resolve("single"), 4, "red", "sky");
        assertThat(coop("train -m % -d % --method linear-head -o %", model, single, new1)
                        .failed(2))
                .contains("single labels", "coop");
        assertThat(coop("eval -p % -d %", run, single).ok().out())
                .contains("accuracy")
                .doesNotContain("calibration error");
        CommandRun auto = coop("train -m % -d % --method auto --budget 1 -k 2 -o %", model, list, new1);
        assertThat(auto.ok().out()).contains("one-vs-rest", "MAP");
        assertThat(auto.err()).contains("no method of the image tower is compared: two-stage: the images have sets of");
        assertThat(coop("compare % %", run, new1).ok().out()).contains("OVER THE FIRST", "new1");
        assertThat(coop("zero-shot -m % -d %", model, list).failed(2)).contains("train --method zero-shot");
        assertThat(coop("train -m % -d % -t {} -o %", model, list, folder.resolve("new2"))
                        .failed(2))
                .contains("--template");
        assertThat(coop("predict -p % --raw %", run, picture(0)).failed(2)).contains("--raw");
        assertThat(coop("sort -p % %", run, picture(0)).failed(2)).contains("several labels");
        assertThat(coop("tag -p % % --move %", run, folder, folder.resolve("moved"))
                        .failed(2))
                .contains("use --copy");
        Path copies = folder.resolve("copies");
        CommandRun copied =
                coop("tag -p % % --no-xmp --json --copy %", run, picture(0).getParent(), copies);
        for (JsonNode row : CommandRun.json(copied)) {
            assertThat(row.path("to")).hasSameSizeAs(row.path("labels"));
        }
        assertThat(copies.toFile().list()).hasSizeGreaterThan(1);
        try (Clip clip = Clip.open(model)) {
            assertThrown(
                    () -> ImageClassifier.learn(clip, Examples.of(DataSpec.of(list)), Learning.auto()), "linear-head");
        }
    }

    @Test
    void aSweepAndItsReportHaveTheMeanAveragePrecision() throws IOException {
        Path plan = folder.resolve("plan.yaml");
        Path out = folder.resolve("sweep");
        String text =
                "datasets: list.csv\nmethods: [zero-shot, %s]\nshots: 2\nseeds: 1\nunlabelled: true\nown_thresholds: true\n";
        Files.writeString(plan, text.formatted("coop"));
        assertThat(coop("sweep -m % -o % %", model, out, plan).failed(1))
                .contains("coop: the images have sets of labels, expected one of", "linear-head");
        Files.writeString(plan, text.formatted("linear-head"));
        JsonNode swept = json(coop("sweep -m % -o % % --json", model, out, plan).ok());
        JsonNode last = swept.path(swept.size() - 1);
        Path learned = out.resolve(last.path("folder").asText());
        JsonNode result = json(learned.resolve("result.json"));
        assertThat(result.path("trainImages").asInt()).isEqualTo(9); // three of them without labels
        assertThat(ClassifierFile.read(learned.resolve("classifier.safetensors"))
                        .decision()
                        .own())
                .hasSize(4);
        assertThat(swept)
                .filteredOn(row -> row.path("folder").equals(last.path("folder"))
                        && row.path("measure").asText().equals("map"))
                .extracting(row -> row.path("value"))
                .containsExactly(result.at("/sets/map"));
        CommandRun report = coop("report", out).ok();
        assertThat(report.out()).contains(Numbers.number(result.at("/sets/map").asDouble(), 1));
        assertThat(report.err()).contains("mAP");
    }

    @Test
    void aKeyOfAResultHasOneMeaning() throws IOException {
        ObjectNode result = (ObjectNode) json(run.resolve("result.json"));
        assertThat(result.has("accuracy") || result.has("errorRate")).isFalse();
        assertThat(result.path("handWritten"))
                .isNotEmpty()
                .allMatch(one -> one.path("map").isNumber() && !one.has("accuracy"));
    }

    /** Earlier versions called both the share of whole sets and the mean average precision of prompts an accuracy. */
    @Test
    void aResultOfAnEarlierVersionIsRead() throws IOException {
        ObjectNode old = (ObjectNode) json(run.resolve("result.json"));
        old.remove("sha256");
        old.put("accuracy", 12.5).put("errorRate", 87.5);
        old.path("handWritten").forEach(one -> {
            ObjectNode prompt = (ObjectNode) one;
            prompt.set("accuracy", prompt.remove("map"));
        });
        Path earlier = Files.createDirectories(folder.resolve("earlier"));
        for (String name : List.of("config.json", "images.json", "provenance.json")) {
            Files.copy(run.resolve(name), earlier.resolve(name));
        }
        Files.writeString(earlier.resolve("result.json"), old.toString());
        assertThat(Run.open(earlier).result()).isEqualTo(Run.open(run).result());
    }

    @Test
    void storedFeaturesKeepTheSets() throws IOException {
        Path features = folder.resolve("features.safetensors");
        coop("embed -m % -d % -o %", model, list, features).ok();
        assertThat(json(coop("datasets show --json -d %", features).ok()))
                .isEqualTo(json(coop("datasets show --json -d %", list).ok()));
        Path other = folder.resolve("of-features");
        coop("train -m % -d % -o %", model, features, other).ok();
        assertThat(json(other.resolve("result.json")).at("/sets/map"))
                .isEqualTo(json(run.resolve("result.json")).at("/sets/map"));
    }

    @Test
    void aClassIsAdded() throws IOException {
        Path more = folder.resolve("more.safetensors");
        coop("add-class -p % --name kite -o %", run, more).ok();
        assertThat(ClassifierFile.read(more).classNames()).containsExactly("red", "sky", "warm", "yellow", "kite");
        assertThat(ClassifierFile.read(more).decision())
                .isEqualTo(ClassifierFile.read(run.resolve("classifier.safetensors"))
                        .decision());
        Path regressions = folder.resolve("regressions");
        Path again = folder.resolve("again.safetensors");
        Path kites = folder.resolve("kites");
        for (int i = 0; i < 4; i++) {
            TestPictures.write(kites.resolve(i + ".png"), 2, 50 + i);
        }
        coop("train -m % -d % --method one-vs-rest -o %", model, list, regressions)
                .ok();
        Path others = folder.resolve("others.csv");
        Files.writeString(others, "path,labels\n");
        for (int i = 0; i < 8; i++) {
            Path picture = TestPictures.write(folder.resolve("others").resolve(i + ".png"), 3, 60 + i);
            Files.writeString(
                    others, "others/%s,glider;sky%n".formatted(picture.getFileName()), StandardOpenOption.APPEND);
        }
        assertThat(coop("compare % % -d %", run, regressions, others).failed(1)).contains(regressions + ":", "glider");
        coop("add-class -p % --name kite -d % -o %", regressions, kites, again).ok();
        assertThat(ClassifierFile.read(again).decision())
                .isEqualTo(ClassifierFile.read(regressions.resolve("classifier.safetensors"))
                        .decision());
    }

    @Test
    void theLibraryAndTheServiceAnswerWithSets() throws Exception {
        Path picture = picture(0);
        try (ImageClassifier classifier = ImageClassifier.load(run)) {
            List<String> labels = classifier.classify(picture).stream()
                    .filter(Prediction::predicted)
                    .map(Prediction::label)
                    .toList();
            assertThat(labels).contains("red", "warm").doesNotContain("sky");
            ClassifierInfo info = ClassifierInfo.of(
                    "colours", classifier.classifier().save(), classifier.clip(), Optional.empty(), null);
            ServiceOptions options = new ServiceOptions(
                    "127.0.0.1",
                    0,
                    Optional.empty(),
                    Optional.empty(),
                    ServiceOptions.Limits.of(1 << 20, Duration.ofMinutes(10), 16));
            try (PredictionService service = PredictionService.start(
                    options, List.of(new ServedClassifier(info, classifier)), Optional.empty())) {
                String uri = "http://127.0.0.1:" + service.port();
                byte[] body = Files.readAllBytes(picture);
                JsonNode answer = post(uri + "/predictions/colours", body);
                assertThat(answer)
                        .extracting(one -> one.path("className").asText())
                        .isEqualTo(labels);
                assertThat(post(uri + "/predictions/colours?top_k=4", body)).hasSize(4);
                String request =
                        "{\"inputs\": [{\"name\": \"image\", \"datatype\": \"BYTES\", \"shape\": [1], \"data\": [\"%s\"]}]}"
                                .formatted(Base64.getEncoder().encodeToString(body));
                JsonNode outputs = post(uri + "/v2/models/colours/infer", request.getBytes(UTF_8))
                        .path("outputs");
                assertThat(outputs.path(2).path("name").asText()).isEqualTo("predicted");
                String photo =
                        "{\"images\": [\"%s\"]}".formatted(Base64.getEncoder().encodeToString(body));
                assertThat(post(uri + "/api/v1/vision/labels", photo.getBytes(UTF_8))
                                .at("/result/labels"))
                        .extracting(one -> one.path("name").asText())
                        .isEqualTo(labels);
                assertThat(outputs.path(2).path("data"))
                        .filteredOn(JsonNode::asBoolean)
                        .hasSize(labels.size());
            }
        }
    }

    private static JsonNode post(String uri, byte[] body) throws Exception {
        return Answer.of("POST", URI.create(uri), body).json();
    }
}
