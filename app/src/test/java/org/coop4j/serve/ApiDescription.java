package org.coop4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** The service's OpenAPI document, and a check of answers against it. */
final class ApiDescription {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final JsonNode document;
    private final Set<String> seen = new LinkedHashSet<>();

    private ApiDescription(JsonNode document) {
        this.document = document;
    }

    /** Reads a valid document. */
    static ApiDescription of(String yaml) throws IOException {
        SwaggerParseResult parsed = new OpenAPIV3Parser().readContents(yaml, null, null);
        assertThat(parsed.getMessages()).isEmpty();
        assertThat(parsed.getOpenAPI()).isNotNull();
        return new ApiDescription(new YAMLMapper().readTree(yaml.replace("#/components/schemas/", "#/definitions/")));
    }

    /** Checks an answer: its status, its content type, its headers, and its body by its schema. */
    void check(String method, String path, Answer answer) throws IOException {
        String template = template(path);
        JsonNode operation = document.at("/paths").path(template).path(method.toLowerCase(Locale.ROOT));
        assertThat(operation.isObject())
                .as(method + " " + template + " is described")
                .isTrue();
        String status = Integer.toString(answer.status());
        JsonNode response = resolved(operation.path("responses").path(status));
        assertThat(response.isObject())
                .as(method + " " + template + " answers " + status)
                .isTrue();
        response.path("headers").fieldNames().forEachRemaining(name -> assertThat(answer.header(name))
                .as(name)
                .isPresent());
        String type = answer.header("Content-Type").orElse("").replaceFirst(";.*", "");
        JsonNode schema = response.path("content").path(type).path("schema");
        assertThat(schema.isObject()).as(type + " of " + template).isTrue();
        if (type.equals("application/json")) {
            assertThat(schema((ObjectNode) schema.deepCopy()).validate(JSON.readTree(answer.text())))
                    .as(answer.text())
                    .isEmpty();
        }
        seen.add(method.toLowerCase(Locale.ROOT) + " " + template + " " + status);
    }

    /** Returns the described path that matches a path. */
    private String template(String path) {
        Set<String> templates = new TreeSet<>();
        document.path("paths").fieldNames().forEachRemaining(templates::add);
        String plain = path.replaceFirst("\\?.*", "");
        return templates.stream()
                .filter(template -> plain.matches(template.replaceAll("\\{[^}]*}", "[^/]+")))
                .findFirst()
                .orElse(plain);
    }

    private JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
    }

    /** Returns a schema with its definitions. */
    private Schema schema(ObjectNode node) {
        ObjectNode whole = JSON.createObjectNode();
        whole.putArray("allOf").add(node);
        whole.set("definitions", document.at("/components/schemas"));
        return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_7).getSchema(whole);
    }

    /** Returns the described answers that were not checked: method, path and status. */
    Set<String> unseen() {
        Set<String> all = new TreeSet<>();
        for (var path : document.path("paths").properties()) {
            for (var operation : path.getValue().properties()) {
                for (var answer : operation.getValue().path("responses").properties()) {
                    all.add(operation.getKey() + " " + path.getKey() + " " + answer.getKey());
                }
            }
        }
        all.removeAll(seen);
        return all;
    }
}
