package org.coop4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Folders;
import org.coop4j.base.Resource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The script {@code coop} in a separate folder, with a fake Maven and a fake Java that record their calls.
 */
@DisabledOnOs(OS.WINDOWS)
@Timeout(600)
class LauncherTest {

    private static final String MAVEN = Resource.text(LauncherTest.class, "fake-mvn.sh");

    private static final String JAVA = Resource.text(LauncherTest.class, "fake-java.sh");

    @TempDir
    private Path folder;

    private Path root;
    private Path home;

    @BeforeEach
    void copyTheScript() throws IOException {
        folder = folder.toRealPath();
        root = Files.createDirectories(folder.resolve("the house"));
        for (String sources : List.of("app/src/main", "app/bench/main", "src/main", "weights-converter/src/main")) {
            Files.createDirectories(root.resolve(sources));
        }
        for (String pom : List.of("pom.xml", "app/pom.xml", "src/pom.xml", "weights-converter/pom.xml")) {
            Files.createFile(root.resolve(pom));
        }
        Files.copy(Path.of("../coop"), root.resolve("coop"));
        Files.createDirectories(folder.resolve("records"));
        script(folder.resolve("bin/mvn"), MAVEN);
        home = java("jdk-17", "17.0.1");
    }

    private static void script(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private Path java(String name, String version) throws IOException {
        script(folder.resolve(name).resolve("bin/java"), JAVA);
        Files.writeString(folder.resolve(name).resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
        return folder.resolve(name);
    }

    private Process start(Map<String, String> environment, Path directory, String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().put("RECORDS", folder.resolve("records").toString());
        builder.environment().put("ROOT", root.toString());
        builder.environment().put("JAVA_HOME", home.toString());
        builder.environment().merge("PATH", folder.resolve("bin").toString(), (old, own) -> own + ":" + old);
        builder.environment().putAll(environment);
        return builder.start();
    }

    private Process start(Path directory, String... command) throws IOException {
        return start(Map.of(), directory, command);
    }

    private Process start(Map<String, String> environment) throws IOException {
        return start(environment, root, "bash", "./coop", "tokenize", "a cat");
    }

    private static CommandRun end(Process process) throws IOException {
        try {
            String out = new String(process.getInputStream().readAllBytes(), UTF_8);
            String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
            return new CommandRun(process.waitFor(), out, err);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private CommandRun coop() throws IOException {
        return coop(Map.of());
    }

    private CommandRun coop(Map<String, String> environment) throws IOException {
        return end(start(environment));
    }

    private int times(String tool) throws IOException {
        Path record = folder.resolve("records").resolve(tool);
        return Files.exists(record) ? Files.readAllLines(record).size() : 0;
    }

    /** Checks that the command ran with an archive, which was made for this Java. */
    private static void assertPrepares(CommandRun ended, Object java) {
        ended.ok();
        assertThat(ended.out()).isEqualTo("with archive\nran.Coop tokenize a cat\n");
        assertThat(ended.err()).contains(java.toString()).hasLineCount(1);
    }

    /** Newer versions of Java warn of what JavaCPP does with memory; older ones do not know the option. */
    @Test
    void javaThatWarnsOfUnsafeMemoryAccessIsToldToAllowIt() throws IOException {
        String option = "--sun-misc-unsafe-memory-access=allow";
        for (String version : List.of("17.0.1", "21.0.2", "23", "25.0.1")) {
            Path java = java("jdk-" + version, version);
            coop(Map.of("JAVA_HOME", java.toString())).ok();
            List<String> options =
                    List.of(Files.readString(folder.resolve("records/options")).split(" "));
            assertThat(options.contains(option)).as(version).isEqualTo(version.compareTo("23") >= 0);
        }
    }

    @ParameterizedTest
    @EnabledOnOs(OS.LINUX)
    @CsvSource({
        "LC_ALL, xx_XX.UTF-8, C.UTF-8",
        "LC_TIME, xx_XX.UTF-8, C.UTF-8",
        "LANG, xx_XX.UTF-8, C.UTF-8",
        "LC_ALL, C, C.UTF-8",
        "LC_ALL, POSIX, C.UTF-8",
        "LC_ALL, C.utf8, C.utf8"
    })
    void aLocaleThatIsNotInstalledIsReplaced(String name, String value, String expected) throws IOException {
        coop(Map.of(name, value)).ok();
        assertThat(folder.resolve("records/locale")).hasContent(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "predict -p app a.jpg, true",
        "zero-shot -c cat a.jpg b.jpg, true",
        "predict -p app a.jpg app, false",
        "predict -p app 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17, false",
        "train -d a, false"
    })
    void aFewPicturesAreClassifiedWithOneCompiler(String words, boolean expected) throws IOException {
        List<String> command = new ArrayList<>(List.of("bash", "./coop"));
        command.addAll(List.of(words.split(" ")));
        end(start(root, command.toArray(String[]::new))).ok();
        assertThat(Files.readString(folder.resolve("records/options")).contains("-XX:TieredStopAtLevel=1"))
                .isEqualTo(expected);
    }

    /** Waits until Maven has been started a number of times. */
    private void awaitBuilds(int count) throws IOException {
        while (times("mvn") < count) {
            Thread.onSpinWait();
        }
    }

    private void letMavenGo() throws IOException {
        Files.createFile(folder.resolve("records/go"));
    }

    @Test
    void aLimitOfOpenFilesIsRaisedOrNamed() throws IOException {
        String coop = "; bash ./coop tokenize";
        end(start(root, "bash", "-c", "ulimit -S -n 48" + coop)).ok();
        CommandRun named = end(start(root, "bash", "-c", "ulimit -n 48" + coop));
        assertThat(named.failed(1))
                .startsWith("coop: at most 48 files")
                .contains("256")
                .hasLineCount(1);
        assertThat(named.out()).isEmpty();
    }

    @Test
    void theFirstRunBuildsAndTheNextDoesNot() throws IOException {
        Path cache = folder.resolve("cache");
        Map<String, String> environment = Map.of("XDG_CACHE_HOME", cache.toString());
        CommandRun first = coop(environment);
        assertThat(first.err()).contains(cache.resolve("coop4j/javacpp").toString());
        assertThat(first.out()).isEqualTo("with archive\nran.Coop tokenize a cat\n");
        assertThat(Files.readString(folder.resolve("records/options")))
                .contains("-Dorg.bytedeco.javacpp.cachedir=" + cache.resolve("coop4j/javacpp"));
        assertThat(coop(environment)).isEqualTo(new CommandRun(0, first.out(), ""));
        assertThat(times("mvn")).isEqualTo(1);
        Files.delete(root.resolve("library.jar"));
        assertThat(coop().ok().err()).contains("building: " + root.resolve("library.jar") + " is missing");
    }

    @Test
    void aSearchPathForCdChangesNothing() throws IOException {
        coop();
        Process process = start(Map.of("CDPATH", root + ":."), folder, "bash", "the house/coop", "doctor");
        assertThat(end(process)).isEqualTo(new CommandRun(0, "with archive\nran.Coop doctor\n", ""));
        Path link = Files.createSymbolicLink(folder.resolve("bin/coop"), root.resolve("coop"));
        assertThat(end(start(Map.of("CDPATH", "."), folder, "bash", link.toString(), "x"))
                        .out())
                .endsWith("ran.Coop x\n");
    }

    @Test
    void ofTwoOneBuildsAndBothRun() throws IOException {
        Process first = start(Map.of("MVN_WAITS", "yes"));
        awaitBuilds(1);
        Process second = start(Map.of("MVN_WAITS", "yes"));
        assertThat(firstLine(second)).contains("waiting for another coop");
        letMavenGo();
        end(first).ok();
        assertThat(end(second).out()).endsWith("ran.Coop tokenize a cat\n");
        assertThat(times("mvn")).isEqualTo(1);
        assertThat(root.resolve("target/coop.building")).doesNotExist();
    }

    private static String firstLine(Process process) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = process.getErrorStream().read(); c > 0 && c != '\n'; ) {
            line.append((char) c);
            c = process.getErrorStream().read();
        }
        return line.toString();
    }

    @Test
    void whenABuildFailsThoseThatWaitSayIt() throws IOException {
        Map<String, String> failing = Map.of("MVN_WAITS", "yes", "MVN_FAILS", "yes");
        Process first = start(failing);
        awaitBuilds(1);
        Process second = start(failing);
        assertThat(firstLine(second)).contains("waiting");
        letMavenGo();
        assertThat(end(first).failed(1)).contains("[ERROR] does not compile", "coop: the build failed");
        assertThat(end(second).failed(1))
                .startsWith("coop: ")
                .contains("failed", root.resolve("target/coop-build.log").toString())
                .hasLineCount(1);
        coop().ok();
    }

    @Test
    void aKilledBuildLeavesNothingToTidyUp() throws Exception {
        Process first = start(Map.of("MVN_WAITS", "yes"));
        awaitBuilds(1);
        Path lock = root.resolve("target/coop.building");
        long maven = first.children().findFirst().orElseThrow().pid();
        while (!Files.readSymbolicLink(lock).toString().equals(String.valueOf(maven))) {
            Thread.onSpinWait();
        }
        first.destroyForcibly().waitFor();
        Process second = start(Map.of());
        assertThat(firstLine(second)).contains("waiting", String.valueOf(maven));
        ProcessHandle.of(maven).ifPresent(ProcessHandle::destroyForcibly);
        end(second).ok();
        assertThat(times("mvn")).isEqualTo(2);
        assertThat(Files.exists(lock, java.nio.file.LinkOption.NOFOLLOW_LINKS)).isFalse();
    }

    @Test
    void anotherJavaGetsAnArchiveOfItsOwn() throws IOException {
        coop();
        String other = java("jdk-21", "21.0.2").toString();
        assertPrepares(coop(Map.of("JAVA_HOME", other)), other);
        assertThat(coop(Map.of("JAVA_HOME", other)).err()).isEmpty();
        assertThat(times("java")).isEqualTo(2);
        Files.writeString(Path.of(other, "release"), "JAVA_VERSION=\"21.0.3\"\n"); // updated in place
        coop(Map.of("JAVA_HOME", other));
        assertThat(times("java")).isEqualTo(3);
    }

    @Test
    void nativeLibrariesAreFoundInOneFolderIfAllAreLinked() throws IOException {
        Path natives = root.resolve("app/target/coop.native");
        String[] found = {"-Djava.library.path=" + natives, "-Dorg.bytedeco.javacpp.findLibraries=false"};
        coop();
        assertThat(Files.readString(folder.resolve("records/options"))).contains(found);
        Files.delete(root.resolve("app/target/coop.jsa.java"));
        coop(Map.of("FIRST_RUN", "1"));
        assertThat(natives).doesNotExist();
        assertThat(Files.readString(folder.resolve("records/options"))).doesNotContain("javacpp.findLibraries");
    }

    @Test
    void whatMavenBuiltByItselfIsNotBuiltAgain() throws IOException {
        Path library = Files.createFile(root.resolve("library.jar"));
        Path target = Files.createDirectories(root.resolve("app/target"));
        Files.createFile(target.resolve("coop4j-app.jar"));
        Files.writeString(target.resolve("classpath.txt"), library.toString());
        assertPrepares(coop(), home);
        assertThat(times("mvn")).isZero();
    }

    /** Turns the folder into an unpacked distribution. */
    private void distribution() throws IOException {
        for (String library : List.of("coop4j-1.jar", "a-library-1.jar")) {
            Files.createDirectories(root.resolve("lib"));
            Files.createFile(root.resolve("lib").resolve(library));
        }
        CacheFolder.delete(root.resolve("src"));
        CacheFolder.delete(root.resolve("weights-converter"));
        Files.delete(root.resolve("pom.xml"));
    }

    @Test
    void aDistributionRunsWithoutMavenAndWritesNothingToItsFolder() throws IOException {
        distribution();
        List<Path> before = Folders.files(root);
        Map<String, String> environment =
                Map.of("COOP_CACHE", folder.resolve("cache").toString());
        CommandRun first = coop(environment);
        assertPrepares(first, home);
        assertThat(coop(environment)).isEqualTo(new CommandRun(0, first.out(), ""));
        assertThat(times("mvn")).isZero();
        assertThat(times("java")).as("archives made").isEqualTo(1);
        assertThat(Folders.files(root)).isEqualTo(before);

        Files.createFile(root.resolve("lib/another-1.jar"));
        assertThat(coop(environment).err()).as("an archive is of its jars").isNotEmpty();

        Files.createFile(folder.resolve("no-folder"));
        environment = Map.of("COOP_CACHE", folder.resolve("no-folder").toString());
        assertThat(coop(environment)).isEqualTo(new CommandRun(0, "ran.Coop tokenize a cat\n", ""));
    }

    @Test
    void anApplicationImageUsesItsOwnJavaLibrariesAndArchive() throws IOException {
        Path image = root;
        Path bin = Files.createDirectories(image.resolve("bin"));
        Path app = Files.createDirectories(image.resolve("lib/app/native")).getParent();
        Files.move(java("own", "25.0.1"), image.resolve("lib/runtime"));
        Files.move(root.resolve("coop"), bin.resolve("coop"));
        Files.createFile(app.resolve("coop4j-app.jar"));
        Files.createFile(app.resolve("coop.jsa"));
        List<Path> before = Folders.files(image);
        Path cache = folder.resolve("cache");
        Process process =
                start(Map.of("COOP_CACHE", cache.toString(), "JAVA_HOME", "/nowhere"), folder, bin + "/coop", "doctor");
        assertThat(end(process)).isEqualTo(new CommandRun(0, "with archive\nran.Coop doctor\n", ""));
        assertThat(Files.readString(folder.resolve("records/options")))
                .contains("-XX:SharedArchiveFile=" + app.resolve("coop.jsa"))
                .contains("-Djava.library.path=" + app.resolve("native"))
                .contains("-Dorg.bytedeco.javacpp.cacheLibraries=false")
                .contains("-Dorg.bytedeco.javacpp.findLibraries=false");
        assertThat(Folders.files(image)).isEqualTo(before);
        assertThat(cache).doesNotExist();
    }

    @Test
    void whatCannotWorkIsSaidInALine() throws IOException {
        assertFails(Map.of("JAVA_HOME", folder.toString()), "has no bin/java: set it to a JDK");
        assertFails(
                Map.of("JAVA_HOME", java("jdk-11", "11.0.9").toString()),
                "is Java 11: coop4j needs a JDK, 17 or newer");
        Files.createFile(root.resolve("target"));
        assertFails(Map.of(), "coop4j must be built (it has not been built yet)", "cannot write to " + root);
        root = Files.move(root, folder.resolve("a:b"));
        assertFails(Map.of(), root + " has a colon", "move the folder");
    }

    private void assertFails(Map<String, String> environment, String... words) throws IOException {
        CommandRun ended = coop(environment);
        assertThat(ended.failed(1)).startsWith("coop: ").contains(words);
        assertThat(ended.err().lines()).hasSize(1);
        assertThat(ended.out()).isEmpty();
        assertThat(times("mvn")).isZero();
    }
}
