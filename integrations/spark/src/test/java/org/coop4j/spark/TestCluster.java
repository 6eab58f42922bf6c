package org.coop4j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import scala.Function1;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;

/**
 * A parameter of tests: a cluster of two workers of one core, which start executors as separate JVMs on the loopback
 * interface. One cluster serves all tests of this JVM, and is stopped after the last.
 */
final class TestCluster implements ParameterResolver {

    private record Running(SparkSession spark) implements AutoCloseable {
        @Override
        public void close() {
            spark.stop();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType().equals(SparkSession.class);
    }

    @Override
    public SparkSession resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getRoot()
                .getStore(ExtensionContext.Namespace.GLOBAL)
                .getOrComputeIfAbsent(
                        TestCluster.class, key -> new Running(start("local-cluster[2,1,1024]")), Running.class)
                .spark();
    }

    /** Starts a cluster with child processes of this one as executors. */
    static SparkSession start(String master) {
        try {
            // Where a distribution of Spark has its jars; executors get the tests' class path.
            Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return SparkSession.builder()
                .master(master)
                .appName("tests")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.ui.enabled", false)
                // No task begins before all executors are there.
                .config("spark.scheduler.minRegisteredResourcesRatio", 1)
                .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "10min")
                .config("spark.executor.memory", "512m")
                .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .config("spark.sql.shuffle.partitions", 2)
                .config("spark.sql.warehouse.dir", folder().resolve("warehouse").toString())
                .config("spark.local.dir", folder().resolve("local").toString())
                .getOrCreate();
    }

    /** Returns a folder for tests that a clean build deletes. */
    static Path folder() {
        return Path.of("target", "cluster").toAbsolutePath();
    }

    /** Returns the processes of executors, the only child processes that stay. */
    static Stream<ProcessHandle> executors() {
        return ProcessHandle.current().children().filter(ProcessHandle::isAlive);
    }

    /** Returns the number of models that each executor has opened; the tasks of a barrier run all at once. */
    static Map<String, Integer> modelsByExecutor(SparkSession spark) {
        Function1<Iterator<Long>, Iterator<Opened>> opened =
                (Function1<Iterator<Long>, Iterator<Opened>> & Serializable)
                        rows -> CollectionConverters.asScala(List.of(opened()).iterator());
        return spark
                .range(0, 2, 1, 2)
                .toJavaRDD()
                .rdd()
                .barrier()
                .mapPartitions(opened, false, ClassTag$.MODULE$.apply(Opened.class))
                .toJavaRDD()
                .collect()
                .stream()
                .collect(Collectors.toMap(Opened::executor, Opened::models));
    }

    private record Opened(String executor, int models) implements Serializable {}

    private static Opened opened() {
        return new Opened(SparkEnv.get().executorId(), SharedModels.opened());
    }

    /**
     * Runs {@code coop ARGUMENTS} in a process on as many threads as an executor, on which the last bits of the text
     * tower's sums depend, and returns its standard output; it must succeed.
     */
    static String coop(Object... arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                "org.coop4j.cli.Coop"));
        for (Object argument : arguments) {
            words.add(argument.toString());
        }
        Path out = Files.createTempFile(folder(), "coop", ".out");
        Path err = Files.createTempFile(folder(), "coop", ".err");
        ProcessBuilder coop =
                new ProcessBuilder(words).redirectOutput(out.toFile()).redirectError(err.toFile());
        coop.environment().put("OMP_NUM_THREADS", "1");
        int code = coop.start().waitFor();
        if (code != 0) {
            throw new AssertionError("coop ended with " + code + ": " + Files.readString(err));
        }
        return Files.readString(out);
    }
}
