package org.coop4j.mcp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import org.coop4j.base.Log;
import org.coop4j.base.Resource;
import org.coop4j.console.Json;
import org.coop4j.console.ProblemText;
import org.coop4j.run.Provenance;
import org.slf4j.Logger;

/** A server of the Model Context Protocol: answers each line of JSON-RPC by a line, until the input ends. */
public final class McpServer {

    private static final Logger LOG = Log.of(McpServer.class);

    /** Versions of the protocol, the newest first; tools are the same in all. */
    private static final List<String> VERSIONS = List.of("2025-06-18", "2025-03-26", "2024-11-05");

    private static final int NOT_JSON = -32700;
    private static final int NO_REQUEST = -32600;
    private static final int NO_METHOD = -32601;
    private static final int WRONG_PARAMETERS = -32602;

    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final JsonNode TOOLS = Json.parse(Resource.text(McpServer.class, "tools.json"));

    private final Tools tools;

    public McpServer(Tools tools) {
        this.tools = tools;
    }

    /**
     * Answers until the input ends.
     *
     * @param out receives each answer, which is one line
     */
    public void serve(BufferedReader in, Consumer<JsonNode> out) throws IOException {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (!line.isBlank()) {
                answer(line).ifPresent(out);
            }
        }
    }

    /** Returns the answer to a message; none to a notification, or to an answer. */
    private Optional<JsonNode> answer(String line) {
        JsonNode message;
        try {
            message = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            return Optional.of(error(null, NOT_JSON, "the line is not JSON"));
        }
        JsonNode id = message.get("id");
        if (!message.path("method").isTextual()) {
            boolean answers = message.has("result") || message.has("error");
            return answers ? Optional.empty() : Optional.of(error(id, NO_REQUEST, "expected an object with a method"));
        }
        if (id == null) {
            return Optional.empty();
        }
        String method = message.path("method").asText();
        JsonNode parameters = message.path("params");
        ObjectNode answer = Json.object().put("jsonrpc", "2.0").set("id", id);
        return Optional.of(
                switch (method) {
                    case "initialize" -> answer.set("result", initialized(parameters));
                    case "ping" -> answer.set("result", Json.object());
                    case "tools/list" -> answer.set("result", Json.object().set("tools", TOOLS));
                    case "tools/call" -> called(id, answer, parameters);
                    default -> error(id, NO_METHOD, "no method is called " + method);
                });
    }

    private static ObjectNode error(JsonNode id, int code, String reason) {
        ObjectNode answer = Json.object().put("jsonrpc", "2.0").set("id", id == null ? Json.of(null) : id);
        answer.putObject("error").put("code", code).put("message", reason);
        return answer;
    }

    private static ObjectNode initialized(JsonNode parameters) {
        String wanted = parameters.path("protocolVersion").asText();
        ObjectNode result = Json.object().put("protocolVersion", VERSIONS.contains(wanted) ? wanted : VERSIONS.get(0));
        result.putObject("capabilities").putObject("tools");
        result.putObject("serverInfo").put("name", "coop4j").put("version", Provenance.coop4jVersion());
        return result;
    }

    private JsonNode called(JsonNode id, ObjectNode answer, JsonNode parameters) {
        String name = parameters.path("name").asText();
        try {
            ObjectNode content = tools.call(name, parameters.path("arguments"));
            if (content == null) {
                return error(id, WRONG_PARAMETERS, "no tool is called " + name);
            }
            JsonNode results = content.path("results");
            boolean failed = !results.isEmpty()
                    && StreamSupport.stream(results.spliterator(), false).allMatch(one -> one.has("error"));
            ObjectNode result = result(content.toString(), failed).set("structuredContent", content);
            return answer.set("result", result);
        } catch (IOException | IllegalArgumentException e) {
            return answer.set("result", result(ProblemText.of(e), true));
        } catch (RuntimeException e) {
            LOG.error("{} failed", name, e);
            return answer.set("result", result(name + " failed: see the log of coop mcp", true));
        }
    }

    private static ObjectNode result(String text, boolean failed) {
        ObjectNode result = Json.object();
        result.putArray("content").addObject().put("type", "text").put("text", text);
        return result.put("isError", failed);
    }
}
