package org.coop4j.tags;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.xml.parsers.DocumentBuilderFactory;
import org.coop4j.base.InputException;
import org.coop4j.tags.Sidecar.Label;
import org.coop4j.tags.Sidecar.Result;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** Sidecars before and after, as real programs write and read them. */
class WriteBackGoldenTest {

    private static final Path GOLDEN = Path.of("../src/test/resources/golden/write_back");
    private static final String OWN = "http://coop4j.org/ns/tag/1.0/";
    private static final String RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    private static final Map<String, String> LISTS = Map.of(
            "XMP-dc:Subject", "{http://purl.org/dc/elements/1.1/}subject",
            "XMP-lr:HierarchicalSubject", "{http://ns.adobe.com/lightroom/1.0/}hierarchicalSubject",
            "XMP-digiKam:TagsList", "{http://www.digikam.org/ns/1.0/}TagsList");

    /** Cases in which words of ours go, or a tag is opened. */
    private static final Set<String> NOT_ONLY_INSERTIONS =
            Set.of("empty_bag", "changed", "none", "rewritten_by_exiftool", "rewritten_by_exiv2");

    static JsonNode expected() throws IOException {
        return new ObjectMapper().readTree(GOLDEN.resolve("expected.json").toFile());
    }

    private static Stream<String> names(boolean refused) throws IOException {
        JsonNode all = expected();
        return StreamSupport.stream(((Iterable<String>) all::fieldNames).spliterator(), false)
                .filter(name -> all.get(name).has("refused") == refused);
    }

    static Stream<String> written() throws IOException {
        return names(false);
    }

    static Stream<String> refused() throws IOException {
        return names(true);
    }

    static String read(String name) throws IOException {
        Path file = GOLDEN.resolve(name + ".xmp");
        return Files.exists(file) ? Files.readString(file, UTF_8) : null;
    }

    private static List<String> strings(JsonNode list) {
        List<String> all = new ArrayList<>();
        list.forEach(one -> all.add(one.asText()));
        return all;
    }

    static Sidecar sidecar(String text, String name) throws IOException {
        return Sidecar.of(
                text, read(name + ".embedded"), strings(expected().get(name).get("iptc")));
    }

    static Result result(String name) throws IOException {
        JsonNode result = expected().get(name).get("result");
        List<Label> labels = new ArrayList<>();
        result.get("labels")
                .forEach(one ->
                        labels.add(new Label(one.get(0).asText(), one.get(1).asDouble())));
        return new Result(
                result.get("classifier").asText(),
                result.get("classifier_sha256").asText(),
                result.get("picture_sha256").asText(),
                result.get("settings").asText(),
                result.get("root").asText(),
                labels);
    }

    @ParameterizedTest
    @MethodSource("written")
    void aResultIsMergedAndUndone(String name) throws Exception {
        JsonNode wanted = expected().get(name);
        String before = read(name + ".before");
        Sidecar sidecar = sidecar(before, name);
        assertThat(sidecar.write(result(name), false)).isEmpty();
        String after = sidecar.text().orElseThrow();
        if (before != null && !NOT_ONLY_INSERTIONS.contains(name)) {
            assertThat(isSubsequence(before, after)).as(after).isTrue();
        }
        Document found = parse(after);
        LISTS.forEach((key, property) -> assertThat(list(found, property))
                .as(key + " in " + after)
                .isEqualTo(
                        wanted.get("keywords").has(key)
                                ? strings(wanted.get("keywords").get(key))
                                : List.of()));
        assertThat(list(found, "{" + OWN + "}Made")).isEqualTo(strings(wanted.get("made")));
        assertThat(list(found, "{" + OWN + "}Copied")).isEqualTo(strings(wanted.get("copied")));
        assertThat(results(found)).hasSameSizeAs(wanted.get("own"));
        for (int i = 0; i < wanted.get("own").size(); i++) {
            JsonNode one = wanted.get("own").get(i);
            Map<String, List<String>> fields = results(found).get(i);
            one.properties().forEach(field -> {
                List<String> values = field.getValue().isArray()
                        ? strings(field.getValue())
                        : List.of(field.getValue().asText());
                if (field.getKey().equals("Probabilities")) {
                    assertThat(fields.get("Probabilities").stream().map(Double::parseDouble))
                            .isEqualTo(values.stream().map(Double::parseDouble).toList());
                } else {
                    assertThat(fields.get(field.getKey())).isEqualTo(values);
                }
            });
        }
        assertThat(others(found)).isEqualTo(others(before == null ? parse(startOf(name)) : parse(before)));

        Sidecar again = sidecar(after, name);
        again.write(result(name), false);
        assertThat(again.text()).contains(after);

        Sidecar undone = sidecar(after, name);
        undone.undo(
                classifier -> classifier.equals("pets") || classifier.equals("scenes") || classifier.equals("rooms"));
        String start = name.equals("second") ? null : before;
        if (NOT_ONLY_INSERTIONS.contains(name)) {
            String expected =
                    read(name + ".undone") == null ? name.equals("none") ? after : before : read(name + ".undone");
            assertThat(undone.text()).isPresent();
            Document rest = parse(undone.text().get());
            LISTS.values()
                    .forEach(property -> assertThat(list(rest, property)).isEqualTo(list(parse(expected), property)));
            assertThat(others(rest)).isEqualTo(others(parse(expected)));
            assertThat(undone.text().get()).doesNotContain(OWN + "\"><coop4j");
            assertThat(results(rest)).isEmpty();
        } else {
            assertThat(undone.text().orElse(null)).isEqualTo(start);
        }
    }

    @ParameterizedTest
    @MethodSource("refused")
    void whatCannotBeChangedSafelyIsRefused(String name) throws IOException {
        String reason = expected().get(name).get("refused").asText().replaceFirst(":.*", "");
        assertThrown(InputException.class, () -> Sidecar.of(read(name), null, List.of()), reason);
    }

    private static String startOf(String name) throws IOException {
        String embedded = read(name + ".embedded");
        return embedded == null ? "<r:RDF xmlns:r=\"" + RDF + "\"/>" : embedded;
    }

    private static boolean isSubsequence(String part, String whole) {
        int at = 0;
        for (int i = 0; i < whole.length() && at < part.length(); i++) {
            if (whole.charAt(i) == part.charAt(at)) {
                at++;
            }
        }
        return at == part.length();
    }

    // An independent reader

    private static Document parse(String text) {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setNamespaceAware(true);
            factory.setCoalescing(true);
            return factory.newDocumentBuilder()
                    .parse(new ByteArrayInputStream(text.replace("\uFEFF", "").getBytes(UTF_8)));
        } catch (Exception e) {
            throw new AssertionError(text, e);
        }
    }

    private static String name(Node node) {
        return "{" + node.getNamespaceURI() + "}" + node.getLocalName();
    }

    private static List<Element> children(Element parent) {
        List<Element> all = new ArrayList<>();
        NodeList nodes = parent.getChildNodes();
        for (int i = 0; i < nodes.getLength(); i++) {
            if (nodes.item(i) instanceof Element element) {
                all.add(element);
            }
        }
        return all;
    }

    private static List<Element> properties(Document document) {
        List<Element> all = new ArrayList<>();
        Element rdf = (Element) document.getElementsByTagNameNS(RDF, "RDF").item(0);
        children(rdf).forEach(description -> all.addAll(children(description)));
        return all;
    }

    private static List<Element> items(Element property) {
        List<Element> all = new ArrayList<>();
        children(property).forEach(container -> all.addAll(children(container)));
        return all;
    }

    private static List<String> list(Document document, String property) {
        List<Element> found = properties(document).stream()
                .filter(one -> name(one).equals(property))
                .toList();
        assertThat(found).hasSizeLessThan(2);
        return found.isEmpty()
                ? List.of()
                : items(found.get(0)).stream().map(Node::getTextContent).toList();
    }

    private static List<Map<String, List<String>>> results(Document document) {
        List<Map<String, List<String>>> all = new ArrayList<>();
        for (Element property : properties(document)) {
            if (name(property).equals("{" + OWN + "}Results")) {
                for (Element item : items(property)) {
                    Map<String, List<String>> fields = new TreeMap<>();
                    for (Element field : children(item)) {
                        List<Element> values = items(field);
                        fields.put(
                                field.getLocalName(),
                                children(field).isEmpty()
                                        ? List.of(field.getTextContent())
                                        : values.stream()
                                                .map(Node::getTextContent)
                                                .toList());
                    }
                    all.add(fields);
                }
            }
        }
        return all;
    }

    /** Returns all properties but the lists and ours. */
    private static Map<String, String> others(Document document) {
        Map<String, String> all = new TreeMap<>();
        Element rdf = (Element) document.getElementsByTagNameNS(RDF, "RDF").item(0);
        for (Element description : children(rdf)) {
            for (int i = 0; i < description.getAttributes().getLength(); i++) {
                Node attribute = description.getAttributes().item(i);
                if (!name(attribute).contains("xmlns") && !name(attribute).endsWith("}about")) {
                    all.put(name(attribute), attribute.getNodeValue());
                }
            }
            for (Element property : children(description)) {
                if (!LISTS.containsValue(name(property)) && !name(property).startsWith("{" + OWN)) {
                    all.put(name(property), property.getTextContent().replaceAll("\\s+", " "));
                }
            }
        }
        return all;
    }
}
