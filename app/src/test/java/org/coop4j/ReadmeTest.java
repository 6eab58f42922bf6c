package org.coop4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Executable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.coop4j.base.JavaChild;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.clip.StepGraph;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.http.ServiceOptions;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.serve.ClassifierInfo;
import org.coop4j.serve.PredictionService;
import org.coop4j.serve.ServedClassifier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiles and runs the programs of README and docs, as an application that logs at INFO. */
class ReadmeTest {

    private static final Pattern PROGRAM =
            Pattern.compile("```java\n((?:(?!```).)*?public class (\\w+) .*?)```", Pattern.DOTALL);

    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    private static final Pattern EXPRESSION = Pattern.compile(
            "`((?:new |[A-Z]\\w+\\.|clip\\.|classifier\\.|pictures\\.)[^`]*\\([^`]*\\)[^`()]*(?:\\(\\))?)`");

    private static final List<String> ROOMS =
            List.of("base", "clip", "data", "graph.host", "method", "pool", "predict", "run");

    private static final String LOGGING =
            """
            <configuration>
              <statusListener class="ch.qos.logback.core.status.NopStatusListener"/>
              <appender name="stderr" class="ch.qos.logback.core.ConsoleAppender">
                <target>System.err</target>
                <encoder><pattern>%level %logger: %msg%n</pattern></encoder>
              </appender>
              <root level="INFO"><appender-ref ref="stderr"/></root>
            </configuration>
            """;

    @TempDir
    private Path folder;

    private final String classPath = JavaChild.classPath();

    @BeforeEach
    void compile() throws IOException {
        String pages = Files.readString(Path.of("../README.md"))
                + Files.readString(Path.of("../docs/java.md"))
                + Files.readString(Path.of("../docs/serving.md"));
        Matcher programs = PROGRAM.matcher(pages);
        List<String> arguments =
                new ArrayList<>(List.of("-Xlint:all,-path,-classfile", "-Werror", "-proc:none", "-cp", classPath));
        while (programs.find()) {
            Path source = folder.resolve(programs.group(2) + ".java");
            arguments.add(Files.writeString(source, programs.group(1)).toString());
        }
        int code = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new));
        assertThat(code).isZero();
        Files.writeString(folder.resolve("logback.xml"), LOGGING);
    }

    private List<String> run(String program, Object... arguments) throws Exception {
        List<String> words = JavaChild.java();
        words.addAll(List.of(
                "-Xmx1g",
                "-Dlogback.configurationFile=" + folder.resolve("logback.xml"),
                "-cp",
                folder + System.getProperty("path.separator") + classPath,
                program));
        for (Object argument : arguments) {
            words.add(argument.toString());
        }
        Path err = folder.resolve("err.txt");
        ProcessBuilder builder = new ProcessBuilder(words).redirectError(err.toFile());
        builder.environment().put("COOP_CACHE", folder.resolve("cache").toString());
        Process process = builder.start();
        List<String> out = process.inputReader().lines().toList();
        assertThat(process.waitFor()).as(Files.readString(err)).isZero();
        return out;
    }

    /** A fragment is a block without a class, or an expression in the running text of a page. */
    @Test
    void fragmentsCompile() throws IOException {
        List<String> statements = new ArrayList<>();
        for (String page : List.of(
                "../README.md", "../docs/java.md", "../docs/tutorial.md", "../src/main/javadoc/overview.html")) {
            String text = Files.readString(Path.of(page))
                    .replace("<pre>{@code", "```java")
                    .replace("\n}</pre>", "\n```");
            BLOCK.matcher(text)
                    .results()
                    .map(block -> block.group(1))
                    .filter(block -> !block.contains(" class "))
                    .forEach(statements::add);
            EXPRESSION
                    .matcher(text.replaceAll("(?s)```.*?```", ""))
                    .results()
                    .map(expression -> "Object value = " + expression.group(1) + ";")
                    .forEach(statements::add);
        }
        assertThat(statements)
                .hasSizeGreaterThan(13)
                .anyMatch(line -> line.contains("PromptEnsemble.of("))
                .anyMatch(line -> line.contains("products(images)"));
        assertThat(compiles(statements)).isTrue();
        assertThat(compiles(List.of("PromptEnsemble.of(classNames, 1).classifier(clip, classNames);")))
                .isFalse();
    }

    /** ND4J may be replaced one day. */
    @Test
    void theApiIsComparedWithReleasesAndHidesNd4j() throws IOException {
        List<Class<?>> types = new ArrayList<>();
        Pattern.compile("^\\| ((?:`\\w+`(?:, )?)+).*\\|$", Pattern.MULTILINE)
                .matcher(Files.readString(Path.of("../docs/java.md")))
                .results()
                .flatMap(row -> Stream.of(row.group(1).replace("`", "").split(", ")))
                .forEach(name -> types.add(type(name)));
        String compared = Files.readString(Path.of("../pom.xml"));
        assertThat(types).allMatch(type -> Stream.of(type.getName(), type.getPackageName())
                .anyMatch(name -> compared.contains("<include>" + name + "</include>")));
        Method.builtIn().forEach(method -> types.add(method.getClass()));
        assertThat(types).contains(Clip.class, ImageClassifier.class).hasSizeGreaterThan(30);
        assertThat(types).allSatisfy(type -> assertThat(signatures(type)).noneMatch(line -> line.contains("org.nd4j")));
        assertThat(signatures(StepGraph.class)).anyMatch(line -> line.contains("org.nd4j"));
    }

    private static Class<?> type(String name) {
        return ROOMS.stream()
                .flatMap(room -> {
                    try {
                        return Stream.of(Class.forName("org.coop4j." + room + "." + name));
                    } catch (ClassNotFoundException e) {
                        return Stream.empty();
                    }
                })
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " of docs/java.md is in none of " + ROOMS));
    }

    private static List<String> signatures(Class<?> type) {
        return Stream.concat(Stream.of(type.getMethods()), Stream.of(type.getConstructors()))
                .map(Executable::toGenericString)
                .toList();
    }

    private boolean compiles(List<String> statements) throws IOException {
        StringBuilder fragments = new StringBuilder();
        for (String room : ROOMS) {
            fragments.append("import org.coop4j.").append(room).append(".*;\n");
        }
        fragments.append(
                """
                import java.nio.file.Path;
                import java.util.List;
                import java.util.Map;
                abstract class Fragments {
                    Clip clip; ImageClassifier classifier; InputImage image; Method method; FeatureMatrix pictures;
                    Path file; List<Path> files; List<String> classNames; float[][] features; int[] labels;
                    Map<String, List<InputImage>> byClass;
                """);
        for (String statement : statements) {
            int number = fragments.length();
            fragments.append("void fragment%d() throws Exception { %s }\n".formatted(number, statement));
        }
        Path source = Files.writeString(folder.resolve("Fragments.java"), fragments.append("}\n"));
        return ToolProvider.getSystemJavaCompiler()
                        .run(
                                null,
                                null,
                                OutputStream.nullOutputStream(),
                                "-proc:none",
                                "-cp",
                                classPath,
                                source.toString())
                == 0;
    }

    @Test
    void theFirstProgramClassifies() throws Exception {
        Path photo = Path.of("../src/test/resources/golden/text_image/grey.png").toAbsolutePath();
        List<String> out = run("Classify", "dog,car,house", photo);
        assertThat(folder.resolve("err.txt")).as("nothing of ND4J in the log").isEmptyFile();
        assertThat(out).hasSize(3).allMatch(line -> line.matches("(dog|car|house) 0\\.\\d+"));
    }

    @Test
    void theProgramForTheServiceAsksIt() throws Exception {
        Path photo = Path.of("../src/test/resources/golden/text_image/grey.png").toAbsolutePath();
        List<String> classes = List.of("dog", "car", "house");
        try (Clip clip = Clip.open(ShippedModel.file(folder.resolve("model")));
                Classifier classifier = PromptEnsemble.of("a photo of a {}.").classifier(clip, classes);
                ImageClassifier images = ImageClassifier.of(clip, classifier)) {
            ClassifierInfo info = ClassifierInfo.of("run", classifier.save(), clip, Optional.empty(), null);
            try (PredictionService service = PredictionService.start(
                    new ServiceOptions(
                            "127.0.0.1",
                            0,
                            Optional.empty(),
                            Optional.empty(),
                            ServiceOptions.Limits.of(16 << 20, Duration.ofSeconds(30), 256)),
                    List.of(new ServedClassifier(info, images)),
                    Optional.empty())) {
                String address = "http://127.0.0.1:" + service.port() + "/predictions/run";
                String best = images.classify(photo).get(0).label();
                assertThat(run("Ask", address, photo))
                        .singleElement()
                        .asString()
                        .startsWith("200 [{\"className\":\"" + best + "\",\"probability\":");
            }
        }
    }

    @Test
    void theSecondProgramLearns() throws Exception {
        Path model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        Path pictures = TestPictures.folder(folder.resolve("pictures"), 2, "red", "green");
        Path photo = TestPictures.write(folder.resolve("photo.png"), 0, 9);
        List<String> out = run("Learn", model, pictures, folder.resolve("run"), photo);
        assertThat(out).hasSize(2);
        assertThat(out.get(0)).matches("accuracy: \\d+\\.\\d+ %");
        assertThat(out.get(1)).matches("Prediction\\[label=(red|green), probability=0\\.\\d+, predicted=true]");
    }

    @Test
    void theThirdProgramFindsAPicture() throws Exception {
        Path golden = Path.of("../src/test/resources/golden/text_image").toAbsolutePath();
        Path dog = golden.resolve("dalmatian-image_0002.png");
        List<String> out = run("Search", "a photo of a dog", golden.resolve("grey.png"), dog);
        assertThat(folder.resolve("err.txt")).as("nothing of ND4J in the log").isEmptyFile();
        assertThat(out).singleElement().asString().matches(Pattern.quote(dog.toString()) + " -?0\\.\\d+");
    }

    @Test
    void aProgramAnswersPicturesTogether() throws Exception {
        Path golden = Path.of("../src/test/resources/golden/text_image").toAbsolutePath();
        Path dog = golden.resolve("dalmatian-image_0002.png");
        List<String> out = run("Together", "dog,car", golden.resolve("grey.png"), dog);
        assertThat(out).hasSize(4);
        assertThat(out.get(1)).isEqualTo(dog + " dog");
        assertThat(out.subList(2, 4)).allMatch(line -> line.startsWith("label next: "));
    }

    @Test
    void theFourthProgramLearnsInMemory() throws Exception {
        Path model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        Path pictures = TestPictures.folder(folder.resolve("pictures"), 3, "red", "green");
        Path photo = TestPictures.write(folder.resolve("photo.png"), 0, 9);
        Path saved = folder.resolve("mine.safetensors");
        List<String> out = run("Teach", model, pictures, saved, photo);
        assertThat(out).hasSize(2);
        assertThat(out.get(0)).contains("calibrated");
        try (ImageClassifier classifier = ImageClassifier.load(saved)) {
            assertThat(out.get(1)).isEqualTo(classifier.classify(photo).get(0).toString());
        }
    }
}
