package org.coop4j.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import java.util.zip.ZipFile;
import javax.xml.parsers.DocumentBuilderFactory;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.serve.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** The libraries of the class path, as docs/security.md, docs/vex.json and the POM tell of them. */
class LibrariesTest {

    private static final Path DOCS = Path.of("../docs");
    private static final List<String> CLASS_PATH =
            List.of(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                    .split(File.pathSeparator));

    /** Excluded where they would come for the platform of the build; the library names them for all platforms. */
    private static final Set<String> FOR_ALL_PLATFORMS =
            Set.of("*", "javacpp", "nd4j-native", "nd4j-native-preset", "openblas");

    private static JsonNode vex() throws IOException {
        return new ObjectMapper().readTree(DOCS.resolve("vex.json").toFile());
    }

    private static Set<String> texts(JsonNode list, String pointer) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(entry -> entry.at(pointer).asText())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Libraries of a table of the page: names, or names with versions if the pattern has two groups. */
    private static Set<String> table(String header, Pattern entry) throws IOException {
        String page = Files.readString(DOCS.resolve("security.md"));
        int from = page.indexOf(header);
        assertThat(from).isNotNegative();
        return entry.matcher(page.substring(from, page.indexOf("\n\n", from)))
                .results()
                .map(found -> found.groupCount() == 1 ? found.group(1) : found.group(1) + "@" + found.group(2))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void whatThePageLeavesOutIsExcludedAndNotOnTheClassPath() throws Exception {
        NodeList exclusions = pom("../src").getElementsByTagName("exclusion");
        Set<String> excluded = new TreeSet<>();
        Set<String> paths = new TreeSet<>();
        for (int i = 0; i < exclusions.getLength(); i++) {
            Element exclusion = (Element) exclusions.item(i);
            String artifact = text(exclusion, "artifactId");
            if (!FOR_ALL_PLATFORMS.contains(artifact)) {
                excluded.add(artifact);
                paths.add("/" + text(exclusion, "groupId").replace('.', '/') + "/" + artifact + "/");
            }
        }
        assertThat(excluded).isNotEmpty().isEqualTo(table("| left out |", Pattern.compile("`([a-z-]+)`")));
        paths.addAll(Set.of("/net/java/dev/jna/", "/org/threeten/"));
        assertThat(CLASS_PATH).map(jar -> jar.replace(File.separatorChar, '/')).noneMatch(jar -> paths.stream()
                .anyMatch(jar::contains));
    }

    /** What Maven Central needs; a name for the module path would promise what ND4J does not keep. */
    @Test
    void everyModuleHasWhatAReleaseNeeds() throws Exception {
        Element root = pom("..");
        for (String required :
                List.of("name", "description", "url", "licenses", "developers", "scm", "project.address")) {
            assertThat(root.getElementsByTagName(required).getLength())
                    .as(required)
                    .isPositive();
        }
        NodeList modules = root.getElementsByTagName("module");
        for (int i = 0; i < modules.getLength(); i++) {
            String module = modules.item(i).getTextContent();
            Element pom = pom("../" + module);
            assertThat(text(pom, "name")).as(module).startsWith("coop4j");
            assertThat(text(pom, "description")).as(module).isNotBlank();
            boolean hasClasses = !List.of("bom", "natives").contains(module);
            assertThat(pom.getElementsByTagName("module.name").getLength())
                    .as("a reserved name for the jar of " + module)
                    .isEqualTo(hasClasses ? 1 : 0);
        }
        assertThat(modules.getLength()).isGreaterThan(3);
    }

    @Test
    void theLaunchersBuildFetchesNoLibraryOfTheTests() throws Exception {
        for (String module : List.of("../src", ".")) {
            Node child = pom(module).getFirstChild();
            while (!child.getNodeName().equals("dependencies")) {
                child = child.getNextSibling();
            }
            assertThat(child.getTextContent())
                    .as("dependencies that no profile has")
                    .contains("jackson")
                    .doesNotContain("test", "junit", "onnxruntime");
        }
    }

    private static Element pom(String folder) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new File(folder, "pom.xml"))
                .getDocumentElement();
    }

    private static String text(Element element, String name) {
        return element.getElementsByTagName(name).item(0).getTextContent();
    }

    @Test
    void copiesInsideOfJarsAreListedWithTheirVersions() throws IOException {
        Set<String> copies = new TreeSet<>();
        for (String jar : CLASS_PATH) {
            if (!jar.replace(File.separatorChar, '/').contains("/org/nd4j/")) {
                continue;
            }
            try (ZipFile zip = new ZipFile(jar)) {
                for (var entry : zip.stream()
                        .filter(e -> e.getName().matches("META-INF/maven/.*/pom\\.properties"))
                        .toList()) {
                    Properties properties = new Properties();
                    try (InputStream in = zip.getInputStream(entry)) {
                        properties.load(in);
                    }
                    if (!properties.getProperty("groupId").equals("org.nd4j")) {
                        copies.add("pkg:maven/" + properties.getProperty("groupId") + "/"
                                + properties.getProperty("artifactId") + "@" + properties.getProperty("version"));
                    }
                }
            }
        }
        JsonNode vex = vex();
        assertThat(copies).isNotEmpty().isEqualTo(texts(vex.path("components"), "/purl"));
        assertThat(copies.stream().map(copy -> copy.substring(copy.lastIndexOf('/') + 1)))
                .hasSameElementsAs(table("| jar | copies |", Pattern.compile("`([a-z0-9_-]+)` (\\d[^,| ]*)")));
        for (JsonNode vulnerability : vex.path("vulnerabilities")) {
            assertThat(copies).containsAll(texts(vulnerability.path("affects"), "/ref"));
        }
    }

    private static Set<String> loaded(Path trace) throws IOException {
        Pattern line = Pattern.compile("(?m)\\] (\\S+) source: ");
        return line.matcher(Files.readString(trace, ISO_8859_1))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toSet());
    }

    private static Map<String, String> traced(Path trace) {
        return Map.of("JDK_JAVA_OPTIONS", "-Xlog:class+load:file=" + trace);
    }

    @Test
    void neitherTrainingNorAServiceLoadsAClassAtFault(@TempDir Path folder) throws Exception {
        Path training = folder.resolve("training.txt");
        Path serving = folder.resolve("serving.txt");
        Path model = ShippedModel.file(folder.resolve("model"));
        Path pictures = TestPictures.folder(folder.resolve("pictures"), 3, "blue sea", "green hill");
        Path run = folder.resolve("run");
        CoopProcess.run(
                        folder,
                        traced(training),
                        "train -m % -d % -k 2 --epochs 1 --method coop -o %",
                        model,
                        pictures,
                        run)
                .ok();

        CoopProcess service = CoopProcess.start(folder, traced(serving), "serve", "--port", 0, "-p", run);
        try {
            URI uri = URI.create("http://127.0.0.1:%d/predictions/run".formatted(service.port()));
            byte[] picture = Files.readAllBytes(pictures.resolve("train/blue sea/picture-0.png"));
            assertThat(Answer.of("POST", uri, picture).status()).isEqualTo(200);
        } finally {
            service.terminate();
            service.ended();
        }

        Set<String> atFault = texts(vex().path("vulnerabilities"), "/properties/0/value");
        assertThat(atFault).isNotEmpty();
        for (String name : atFault) {
            assertThat(Class.forName(name, false, getClass().getClassLoader())).isNotNull();
        }
        assertThat(loaded(training))
                .contains("org.coop4j.cli.TrainCommand", "org.nd4j.shade.guava.util.concurrent.AtomicDouble")
                .doesNotContainAnyElementsOf(atFault);
        assertThat(loaded(serving))
                .contains("org.coop4j.cli.ServeCommand", "org.nd4j.shade.guava.util.concurrent.AtomicDouble")
                .doesNotContainAnyElementsOf(atFault);
    }
}
