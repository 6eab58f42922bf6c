package org.coop4j.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The models with versions of LangChain4j from the first to the last that they support, by reflection alone. */
class VersionsTest {

    private static final String MODEL = "dev.langchain4j.model.embedding.EmbeddingModel";

    @TempDir
    private static Path folder;

    private static Path file;
    private static Clip clip;
    private static float[] dog;

    @BeforeAll
    static void open() throws Exception {
        file = ShippedModel.file(folder);
        clip = Clip.open(file);
        dog = clip.embedTexts(List.of("a dog")).row(0);
    }

    @AfterAll
    static void close() throws IOException {
        clip.close();
    }

    static List<Path> versions() throws IOException {
        try (Stream<Path> jars = Files.list(Path.of("target/versions"))) {
            return jars.sorted().toList();
        }
    }

    /** Returns a loader of one version of LangChain4j and of these models; everything else is shared. */
    private static URLClassLoader loader(Path jar) throws IOException {
        ClassLoader shared = new ClassLoader(null) {
            @Override
            protected Class<?> findClass(String name) throws ClassNotFoundException {
                if (name.startsWith("dev.langchain4j.") || name.startsWith("org.coop4j.langchain4j.")) {
                    throw new ClassNotFoundException(name);
                }
                return VersionsTest.class.getClassLoader().loadClass(name);
            }
        };
        URL own = ClipTextModel.class.getProtectionDomain().getCodeSource().getLocation();
        return new URLClassLoader(new URL[] {jar.toUri().toURL(), own}, shared);
    }

    /** Makes a model as Solr does: each parameter is the one method of the builder that has its name. */
    private static Object build(ClassLoader loader, Map<String, ?> parameters) throws Exception {
        Class<?> type = Class.forName("org.coop4j.langchain4j.ClipTextModel", true, loader)
                .asSubclass(Class.forName(MODEL, true, loader));
        Object builder = type.getMethod("builder").invoke(null);
        for (Map.Entry<String, ?> parameter : parameters.entrySet()) {
            List<Method> methods = Stream.of(builder.getClass().getMethods())
                    .filter(method -> method.getName().equals(parameter.getKey()) && method.getParameterCount() == 1)
                    .toList();
            assertThat(methods).hasSize(1);
            methods.get(0).invoke(builder, parameter.getValue());
        }
        return builder.getClass().getMethod("build").invoke(builder);
    }

    private static float[] embed(ClassLoader loader, Object model, String text) throws Exception {
        Object response = Class.forName(MODEL, true, loader)
                .getMethod("embed", String.class)
                .invoke(model, text);
        Object content = response.getClass().getMethod("content").invoke(response);
        return (float[]) content.getClass().getMethod("vector").invoke(content);
    }

    @Test
    void theFirstAndTheLastVersionAreTried() throws Exception {
        assertThat(versions())
                .map(jar -> jar.getFileName().toString().replaceAll("langchain4j-core-|\\.jar", ""))
                .containsExactlyInAnyOrder("0.35.0", "1.9.1", "1.16.2", "1.17.2", "1.19.0", "1.23.0");
    }

    @ParameterizedTest
    @MethodSource("versions")
    void solrMakesAModelThatEmbedsAsClipDoes(Path jar) throws Exception {
        try (URLClassLoader loader = loader(jar)) {
            Object model = build(loader, Map.of("model", file.toString(), "precision", "float32"));
            try (AutoCloseable closed = (AutoCloseable) model) {
                assertThat(embed(loader, model, "a dog")).containsExactly(dog);
                assertThat(closed.getClass().getMethod("dimension").invoke(model))
                        .isEqualTo(clip.embedDim());
            }
            assertThatThrownBy(() -> build(loader, Map.of()))
                    .isInstanceOf(InvocationTargetException.class)
                    .cause()
                    .hasMessage("model: expected the file of a converted model, or coop4j-small");
            assertThatThrownBy(() -> build(loader, Map.of("model", "absent", "precision", "half")))
                    .isInstanceOf(InvocationTargetException.class)
                    .cause()
                    .hasMessage("expected float32 or bf16, got \"half\"");
        }
    }

    @ParameterizedTest
    @MethodSource("versions")
    void anOpenClipEmbedsTextsAndItsMethodsAreFoundByReflection(Path jar) throws Exception {
        try (URLClassLoader loader = loader(jar)) {
            Class<?> type = Class.forName("org.coop4j.langchain4j.ClipEmbeddingModel", true, loader);
            Object model = type.getMethod("of", Clip.class).invoke(null, clip);
            assertThat(embed(loader, model, "a dog")).containsExactly(dog);
            assertThat(model.getClass().getMethods()).isNotEmpty();
            assertThat(type.getDeclaredMethods()).isNotEmpty();
            Class<?> segment = Class.forName("dev.langchain4j.data.segment.TextSegment", true, loader);
            Object one = segment.getMethod("from", String.class).invoke(null, "a dog");
            Object response = type.getMethod("embedAll", List.class).invoke(model, List.of(one, one));
            assertThat((List<?>) response.getClass().getMethod("content").invoke(response))
                    .hasSize(2);
        }
    }
}
