package org.coop4j.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;

/** The answer of a service to a client. */
public record Answer(HttpResponse<byte[]> response) {

    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    /**
     * Sends a request.
     *
     * @param body null with GET
     * @param headers names and values
     */
    public static Answer of(String method, URI uri, byte[] body, String... headers) throws Exception {
        HttpRequest.BodyPublisher publisher =
                body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(body);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).method(method, publisher);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return new Answer(CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofByteArray()));
    }

    public int status() {
        return response.statusCode();
    }

    public Optional<String> header(String name) {
        return response.headers().firstValue(name);
    }

    public String text() {
        return new String(response.body(), UTF_8);
    }

    public JsonNode json() throws IOException {
        return new ObjectMapper().readTree(text());
    }

    /** Returns the reason of a refusal, alone or in OpenAI's form. */
    public String error() throws IOException {
        JsonNode error = json().path("error");
        return error.path("message").asText(error.asText());
    }
}
