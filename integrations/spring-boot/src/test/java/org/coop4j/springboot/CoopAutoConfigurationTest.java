package org.coop4j.springboot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.Examples;
import org.coop4j.method.Method;
import org.coop4j.method.ZeroShot;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Prediction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MaxUploadSizeExceededException;

/** Started applications with classifiers, health and meters; run with each supported Spring Boot. */
class CoopAutoConfigurationTest {

    private static final Path PICTURES = Path.of("../../src/test/resources/pictures");
    private static final Path LAWN = PICTURES.resolve("test/lawn/0.png");

    @TempDir
    private static Path folder;

    private static Path model;
    private static Path learned;
    private static Prediction expected;

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @RestController
    static class Application {

        private final Map<String, ImageClassifier> classifiers;
        private final CountDownLatch entered = new CountDownLatch(1);
        private final CountDownLatch closing = new CountDownLatch(1);

        Application(Map<String, ImageClassifier> classifiers) {
            this.classifiers = classifiers;
        }

        @PostMapping("/{name}")
        String classify(@PathVariable("name") String name, @RequestBody byte[] picture) throws IOException {
            return text(classifiers.get(name).classify(picture).get(0));
        }

        @PostMapping("/last")
        String classifyWhenClosing(@RequestBody byte[] picture) throws Exception {
            entered.countDown();
            return closing.await(10, TimeUnit.MINUTES) ? classify("things", picture) : "never closed";
        }

        @PostMapping("/large")
        String tooLarge() {
            throw new MaxUploadSizeExceededException(1);
        }

        @EventListener
        void closing(ContextClosedEvent event) {
            closing.countDown();
        }
    }

    @BeforeAll
    static void learn() throws IOException {
        assertThat(SpringBootVersion.getVersion()).isEqualTo(System.getProperty("expected.spring-boot"));
        model = ShippedModel.file(folder);
        learned = folder.resolve("things.safetensors");
        try (Clip clip = Clip.open(model);
                ImageClassifier classifier = ImageClassifier.learn(clip, Examples.folder(PICTURES), Method.of("gda"))) {
            classifier.save(learned);
            expected = classifier.classify(LAWN).get(0);
        }
        assertThat(expected.label()).isEqualTo("lawn");
    }

    private static String text(Prediction prediction) {
        return "%s %.3f".formatted(prediction.label(), prediction.probability());
    }

    private static ConfigurableApplicationContext start(String... properties) {
        List<String> common = List.of(
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--spring.main.banner-mode=off",
                "--logging.level.root=off",
                "--management.endpoints.web.exposure.include=*",
                "--management.endpoint.health.show-details=always");
        return SpringApplication.run(
                Application.class,
                Stream.concat(common.stream(), Arrays.stream(properties)).toArray(String[]::new));
    }

    private static HttpResponse<String> send(ConfigurableApplicationContext context, String path, byte[] body)
            throws Exception {
        String port = context.getEnvironment().getProperty("local.server.port");
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
        request = body == null
                ? request
                : request.header("Content-Type", "application/octet-stream").POST(BodyPublishers.ofByteArray(body));
        return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
    }

    private static String get(ConfigurableApplicationContext context, String path) throws Exception {
        return send(context, path, null).body();
    }

    @Test
    void classifiersOfOneModelAnswerWithHealthAndMeters() throws Exception {
        Clip clip;
        ImageClassifier things;
        try (ConfigurableApplicationContext context = start(
                "--coop4j.model=" + model,
                "--coop4j.classifiers.things=" + learned,
                "--coop4j.classifiers.others=" + learned)) {
            clip = context.getBean(Clip.class);
            things = context.getBean("things", ImageClassifier.class);
            assertThat(things.clip()).isSameAs(clip);
            assertThat(context.getBean("others", ImageClassifier.class).clip()).isSameAs(clip);

            HttpResponse<String> answer = send(context, "/things", Files.readAllBytes(LAWN));
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo(text(expected));

            assertThat(get(context, "/actuator/health/coop4j"))
                    .contains("\"status\":\"UP\"", "\"things\":" + state(learned), "\"others\":" + state(learned));
            assertThat(get(context, "/actuator/metrics/coop.batches?tag=model:things"))
                    .contains("\"value\":" + things.batches() + ".0");
            assertThat(get(context, "/actuator/metrics/coop.queue.images?tag=model:others"))
                    .contains("\"value\":0.0");

            context.getBean("others", ImageClassifier.class).close();
            assertThat(send(context, "/actuator/health", null).statusCode()).isEqualTo(503);
            assertThat(get(context, "/actuator/health/coop4j")).contains("\"DOWN\"", "\"others\":\"closed\"");
        }
        assertThatThrownBy(() -> things.classify(LAWN)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> clip.embed("a")).isInstanceOf(IllegalStateException.class);
    }

    /** Health of a classifier's file. */
    private static String state(Path file) throws IOException {
        return "{\"sha256\":\"" + Sha256.of(file) + "\",\"waiting\":0}";
    }

    @Test
    @Timeout(600)
    void aReplacedClassifierIsTakenOver() throws Exception {
        Path file = Files.copy(learned, folder.resolve("replaced.safetensors"));
        Path next = folder.resolve("next.safetensors");
        String replaced;
        try (Clip clip = Clip.open(model);
                ImageClassifier other =
                        ImageClassifier.of(clip, ZeroShot.classifier(clip, List.of("green grass", "red brick")))) {
            other.save(next);
            replaced = text(other.classify(LAWN).get(0));
        }
        try (ConfigurableApplicationContext context =
                start("--coop4j.classifiers.things=" + file, "--coop4j.reload=20ms")) {
            assertThat(get(context, "/actuator/health/coop4j")).contains(state(file));
            assertThat(context.getBeansOfType(ScheduledExecutorService.class)).isEmpty(); // @Scheduled would use it
            Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            byte[] picture = Files.readAllBytes(LAWN);
            String answer = text(expected);
            while (answer.equals(text(expected))) {
                answer = send(context, "/things", picture).body();
            }
            assertThat(answer).isEqualTo(replaced);
            assertThat(get(context, "/actuator/health/coop4j")).contains(state(file));
        }
    }

    @Test
    void picturesThatCannotBeUsedAreProblemDetails() throws Exception {
        try (ConfigurableApplicationContext context = start("--coop4j.classifiers.things=" + learned)) {
            HttpResponse<String> damaged = send(context, "/things", "no picture".getBytes(UTF_8));
            assertThat(damaged.statusCode()).isEqualTo(422);
            assertThat(damaged.headers().firstValue("Content-Type")).contains("application/problem+json");
            assertThat(damaged.body()).contains("\"status\":422", "\"detail\":\"");
            assertThat(send(context, "/large", new byte[1]).statusCode()).isEqualTo(413);
        }
    }

    /** What is printed in place of a stack trace. */
    private static String analysis(String... properties) {
        try (ConfigurableApplicationContext context = start(properties)) {
            throw new AssertionError("it starts: " + context);
        } catch (RuntimeException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                FailureAnalysis analysis = new CoopAutoConfiguration.UnusableFile.Analyzer().analyze(cause);
                if (analysis != null) {
                    return analysis.getDescription() + "\n" + analysis.getAction();
                }
            }
            throw e;
        }
    }

    @Test
    void aMisspeltPropertyEndsTheStartAndIsNamed() {
        assertThat(analysis("--coop4j.clasifiers.things=" + learned))
                .isEqualTo("coop4j.clasifiers is not a property of coop4j; did you mean coop4j.classifiers?\n"
                        + "Correct or remove coop4j.clasifiers.");
        try (ConfigurableApplicationContext context =
                start("--coop4j.problemDetails=false", "--coop4j.other=mine", "--coop4j.reload=1h")) {
            assertThat(context.isActive()).isTrue();
        }
    }

    @Test
    void aWrongPathEndsTheStartAndIsNamed() throws IOException {
        Path wrong = folder.resolve("no-run");
        assertThat(analysis("--coop4j.classifiers.things=" + wrong))
                .startsWith("coop4j.classifiers.things=" + wrong + " cannot be used: ")
                .contains("Let coop4j.classifiers.things name the folder of a run");
        assertThat(analysis("--coop4j.model=" + wrong))
                .startsWith("coop4j.model=" + wrong + " cannot be used: ")
                .contains("coop4j-small");
        try (InputStream factories = CoopAutoConfiguration.class.getResourceAsStream("/META-INF/spring.factories")) {
            Properties registered = new Properties();
            registered.load(factories);
            assertThat(registered)
                    .containsEntry(
                            FailureAnalyzer.class.getName(),
                            CoopAutoConfiguration.UnusableFile.Analyzer.class.getName());
        }
    }
}
