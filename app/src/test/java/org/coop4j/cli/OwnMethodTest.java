package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.TinyModel.MODEL;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.ToolProvider;
import org.coop4j.base.JavaChild;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.run.RunFolder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The methods of docs/adding-a-method.md, in a jar and a package of their own, beside those that they resemble. */
class OwnMethodTest {

    private static final Pattern METHOD =
            Pattern.compile("```java\n(package com\\.example;.*?record (\\w+)\\(.*?)```", Pattern.DOTALL);

    @TempDir
    private static Path folder;

    private static Path pictures;
    private static ClassLoader before;

    @BeforeAll
    static void compile() throws IOException {
        String page = Files.readString(Path.of("../docs/adding-a-method.md"));
        Matcher methods = METHOD.matcher(page);
        Path jar = Files.createDirectories(folder.resolve("jar"));
        List<String> names = new ArrayList<>();
        List<String> arguments = new ArrayList<>(List.of(
                "-Xlint:all,-path,-classfile",
                "-Werror",
                "-proc:none",
                "-d",
                jar.toString(),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
        while (methods.find()) {
            names.add("com.example." + methods.group(2));
            arguments.add(Files.writeString(folder.resolve(methods.group(2) + ".java"), methods.group(1))
                    .toString());
        }
        assertThat(names).hasSize(2);
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new)))
                .isZero();
        Path services = Files.createDirectories(jar.resolve("META-INF/services"));
        Files.write(services.resolve(Method.class.getName()), names);
        before = Thread.currentThread().getContextClassLoader();
        Thread.currentThread()
                .setContextClassLoader(new URLClassLoader(new URL[] {jar.toUri().toURL()}, before));
        pictures = TestPictures.folder(folder.resolve("pictures"), 4, "red rose", "blue sky", "lawn");
    }

    @AfterAll
    static void unload() throws IOException {
        ((URLClassLoader) Thread.currentThread().getContextClassLoader()).close();
        Thread.currentThread().setContextClassLoader(before);
    }

    private static Path train(String method) {
        Path run = folder.resolve("run-" + method);
        CommandRun done = coop("train -m % -d % -o % --method % --epochs 3 --batch 4", MODEL, pictures, run, method);
        done.ok();
        return run;
    }

    @ParameterizedTest
    @CsvSource({"guided, kgcoop, ctx, ctx", "residual, taskres, residual, text_feature_residuals"})
    void itIsTrainedSavedAndReadAsThoseOfTheLibrary(String own, String theirs, String tensor, String theirTensor)
            throws IOException {
        Path run = train(own);
        ClassifierFile file = ClassifierFile.read(run.resolve(RunFolder.CLASSIFIER));
        assertThat(file.method().getClass().getPackageName()).isEqualTo("com.example");
        assertThat(file.tensor(tensor).values())
                .isEqualTo(ClassifierFile.read(train(theirs).resolve(RunFolder.CLASSIFIER))
                        .tensor(theirTensor)
                        .values());
        Path photo = TestPictures.write(folder.resolve("photo.png"), 0, 9);
        try (ImageClassifier classifier = ImageClassifier.load(run)) {
            assertThat(coop("predict", "-p", run, "--csv", "-q", photo).out())
                    .contains(classifier.classify(photo).get(0).label());
        }
        assertThat(coop("methods").out()).contains(own);
        assertThat(coop("methods", own).out()).contains(Method.of(own).summary());
    }

    @Test
    void aFolderOfJarsIsGivenOnTheCommandLineOrByTheEnvironment() throws Exception {
        Path plugins = Files.createDirectories(folder.resolve("plugins"));
        Path classes = folder.resolve("jar");
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(plugins.resolve("guided.jar")));
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                jar.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
                jar.write(Files.readAllBytes(file));
            }
        }
        ClassLoader with = Thread.currentThread().getContextClassLoader();
        Thread.currentThread().setContextClassLoader(before);
        try {
            assertThat(coop("methods").ok().out()).doesNotContain("guided");
            assertThat(coop("methods --plugins %", plugins).ok().out()).contains("guided");
            ProcessBuilder child = JavaChild.of(Coop.class, List.of(), "methods");
            child.environment().put("COOP_PLUGINS", plugins.toString());
            Process process =
                    child.redirectError(ProcessBuilder.Redirect.DISCARD).start();
            assertThat(process.inputReader().lines()).anyMatch(line -> line.contains("guided"));
            assertThat(process.waitFor()).isZero();
        } finally {
            Thread.currentThread().setContextClassLoader(with);
        }
    }

    @Test
    void withoutItsJarItIsUnknown() throws IOException {
        Path run = folder.resolve("without jar");
        coop("train -m % -d % -o % --method guided --epochs 1", MODEL, pictures, run)
                .ok();
        Path learned = run.resolve(RunFolder.CLASSIFIER);
        ClassLoader with = Thread.currentThread().getContextClassLoader();
        Thread.currentThread().setContextClassLoader(before);
        try {
            assertThrown(() -> Method.of("guided"), "expected one of zero-shot");
            assertThrown(() -> ClassifierFile.read(learned), "by the method guided of jar", "plug-ins");
        } finally {
            Thread.currentThread().setContextClassLoader(with);
        }
    }
}
