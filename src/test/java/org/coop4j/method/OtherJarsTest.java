package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureSpace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Methods of other jars, which need not be records. */
class OtherJarsTest {

    /** A method without settings. */
    public static class Plain implements Method {
        @Override
        public About about() {
            return new About("plain", "plain", "A class.");
        }

        @Override
        public Learner learner(FeatureSpace space, Task task) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Classifier read(FeatureSpace space, ClassifierFile file) {
            throw new UnsupportedOperationException();
        }
    }

    private record Given(double weight, int steps) {}

    /** A method whose settings are a record of its own. */
    private static final class Held extends Plain {
        private final Given given;

        Held(Given given) {
            this.given = given;
        }

        @Override
        public Record settings() {
            return given;
        }

        @Override
        public Method with(Record changed) {
            return new Held((Given) changed);
        }
    }

    @TempDir
    Path folder;

    @Test
    void aMethodNeedNotBeARecord() {
        Method plain = new Plain();
        assertThat(Settings.of(plain.settings())).isEmpty();
        assertThat(plain.with(Map.of())).isSameAs(plain);
        assertThat(plain.isSame(new Plain())).isTrue();
        assertThrown(
                IllegalArgumentException.class, () -> plain.with(Map.of("weight", 1)), "unknown setting \"weight\"");
        Method held = new Held(new Given(1, 2)).with(Map.of("steps", 3));
        assertThat(Settings.of(held.settings())).containsEntry("weight", 1.0).containsEntry("steps", 3);
        assertThat(held.isSame(new Held(new Given(1, 2)))).isFalse();
        Method.Configured configured = Method.Configured.of(
                new Method.Fast(held, Training.coop(4, 8), 0), Map.of("weight", 5, "epochs", 6), 100);
        assertThat(Settings.of(configured.method().settings())).containsEntry("weight", 5.0);
        assertThat(configured.training().epochs()).isEqualTo(6);
    }

    /** In application servers the thread's class loader sees the jars of one application, the library's those that all share. */
    @Test
    void methodsAreFoundByTheLoaderOfTheThreadAndByThatOfTheLibrary() throws ReflectiveOperationException, IOException {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve(Method.class.getName()), Plain.class.getName());
        List<URL> paths = new ArrayList<>(List.of(folder.toUri().toURL()));
        try (URLClassLoader application =
                new URLClassLoader(paths.toArray(URL[]::new), Method.class.getClassLoader())) {
            assertThat(found(Method.class, application)).containsOnlyOnce(Plain.class.getName());
        }
        for (String path : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            paths.add(Path.of(path).toUri().toURL());
        }
        ClassLoader platform = ClassLoader.getPlatformClassLoader();
        try (URLClassLoader shared = new URLClassLoader(paths.toArray(URL[]::new), platform)) {
            Class<?> method = Class.forName(Method.class.getName(), true, shared);
            assertThat(found(method, platform)).containsOnlyOnce(Plain.class.getName());
            assertThat(found(method, shared)).containsOnlyOnce(Plain.class.getName());
        }
    }

    private static List<String> found(Class<?> method, ClassLoader ofThread) throws ReflectiveOperationException {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(ofThread);
        try {
            List<?> all = (List<?>) method.getMethod("all").invoke(null);
            return all.stream().map(one -> one.getClass().getName()).toList();
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
