package org.coop4j.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.coop4j.http.Refusal.require;
import static org.coop4j.serve.InferenceRequest.JSON;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.RefusedException;
import org.coop4j.clip.Clip;
import org.coop4j.console.Json;
import org.coop4j.http.Clients;
import org.coop4j.http.Clients.Client;
import org.coop4j.http.Refusal;
import org.coop4j.http.Uploads;
import org.coop4j.text.Tokenizer.Overflow;

/**
 * {@code POST /v1/embeddings}: unit vectors of texts and pictures in the form of OpenAI's API, with pictures as in
 * Jina's; {@code GET /v1/models}: the models that it knows.
 */
record EmbeddingsApi(Classifiers classifiers, Uploads uploads) {

    static final String PATH = "/v1/embeddings";

    private static final String INPUT = "expected a text, or an array of texts, {\"text\": …} and {\"image\": BASE64}";

    /** Refusal of an address in place of a picture. */
    static final String ADDRESS =
            "an address is never opened: send the picture in base64 (FileScheme: data in PhotoPrism's vision.yml)";

    /**
     * A request; other properties, such as {@code user}, are ignored.
     *
     * @param model name of a classifier, whose CLIP encodes, or of a CLIP; null for the only CLIP
     * @param encoding_format float, or base64 for little-endian floats; null for float
     * @param dimensions null, or the width of the vectors
     */
    private record Body(
            String model,
            @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) List<Item> input,
            String encoding_format,
            Integer dimensions) {}

    /**
     * A text or a picture; the other is null.
     *
     * @param image content of an image file
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Item(String text, @JsonDeserialize(using = Picture.class) byte[] image) {

        @JsonCreator
        Item {
            require((text == null) != (image == null), "input: " + INPUT);
        }

        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        static Item of(String text) {
            return new Item(text, null);
        }
    }

    /** Decodes a picture in base64 or a data URL from the request itself: the string of the parser would be limited. */
    static final class Picture extends JsonDeserializer<byte[]> {

        @Override
        public byte[] deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            byte[] json = (byte[]) context.getAttribute(Picture.class);
            int at = (int) parser.currentTokenLocation().getByteOffset();
            require(at >= 0 && json[at] == '"', "image: expected a string, in UTF-8");
            int from = at + 1;
            int end = from;
            for (int i = from; i < json.length - 1 && json[i] != '"'; i++) {
                if (json[i] != '\\' || json[i + 1] != '/') { // some clients escape slashes
                    json[end++] = json[i];
                }
            }
            String start = new String(json, from, Math.min(end - from, 64), ISO_8859_1);
            require(!start.matches("(?i)https?:.*"), "image: " + ADDRESS);
            from += start.matches("data:[^,]*;base64,.*") ? start.indexOf(',') + 1 : 0;
            try {
                byte[] content = Base64.getDecoder().decode(Arrays.copyOfRange(json, from, end));
                return content.length > 0 ? content : null;
            } catch (IllegalArgumentException e) {
                throw Refusal.badRequest("image: expected base64, or a data URL in base64");
            }
        }
    }

    void addTo(RoutesConfig routes) {
        routes.post(PATH, this::embed);
        long started = Instant.now().getEpochSecond();
        ObjectNode models = list(classifiers.encoders().stream()
                .map(name ->
                        object("model").put("id", name).put("created", started).put("owned_by", "coop4j")));
        routes.get("/v1/models", c -> c.json(models));
    }

    private static ObjectNode object(String kind) {
        return Json.object().put("object", kind);
    }

    private static ObjectNode list(Stream<ObjectNode> data) {
        return object("list").putPOJO("data", data.toList());
    }

    /** Reads a request with items. */
    static <T> T read(Class<T> type, byte[] json) throws IOException {
        return InferenceRequest.read(
                () -> JSON.readerFor(type).withAttribute(Picture.class, json).readValue(json));
    }

    private void embed(Context context) throws IOException {
        Body body = read(Body.class, uploads.open(context).readAllBytes());
        boolean given = body != null && body.input != null && !body.input.isEmpty() && !body.input.contains(null);
        require(given, "input: " + INPUT);
        ServedClassifier served = classifiers.encoder(body.model);
        Clip clip = served.classifier().clip();
        boolean packed = "base64".equals(body.encoding_format);
        require(
                packed || body.encoding_format == null || body.encoding_format.equals("float"),
                "encoding_format: expected float or base64");
        require(
                body.dimensions == null || body.dimensions == clip.embedDim(),
                "dimensions: expected %d, the width of the model's vectors, got %d"
                        .formatted(clip.embedDim(), body.dimensions));
        classifiers.requirePlaces(served, body.input.size());
        Client client = Clients.of(context);
        int tokens = 0;
        for (int i = 0; i < body.input.size(); i++) {
            if (client.hasLeft()) {
                throw Refusal.badRequest("the client has left");
            }
            tokens += tokens(clip, body.input.get(i));
        }
        ObjectNode usage = Json.object().put("prompt_tokens", tokens).put("total_tokens", tokens);
        context.future(() -> classifiers
                .embed(served, body.input, context)
                .thenAccept(vectors ->
                        context.json(list(IntStream.range(0, vectors.size()).mapToObj(i -> object("embedding")
                                        .put("index", i)
                                        .putPOJO("embedding", packed ? packed(vectors.get(i)) : vectors.get(i))))
                                .put("model", body.model == null ? served.info().clip() : body.model)
                                .set("usage", usage))));
    }

    /** Returns the number of a text's tokens, with the start and the end; 0 for a picture. */
    static int tokens(Clip clip, Item item) {
        try {
            if (item.text == null) {
                return 0;
            }
            int context = clip.architecture().text().contextLength();
            return clip.tokenizer().framed(item.text, context, Overflow.FAIL).length;
        } catch (RefusedException e) {
            throw Refusal.badRequest(e.getMessage());
        }
    }

    /** Returns floats as the bytes that Jackson writes in base64. */
    private static byte[] packed(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * vector.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return bytes.array();
    }
}
