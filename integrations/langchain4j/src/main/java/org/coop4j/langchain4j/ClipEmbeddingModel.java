package org.coop4j.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ContentType;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.InputImage;

/**
 * CLIP as an embedding model of LangChain4j: texts and pictures as vectors of length 1 in one space.
 *
 * <pre>{@code
 * EmbeddingModel model = new ClipEmbeddingModel(clip);
 * Embedding text = model.embed("a red car").content();
 * Embedding picture = model.embed(EmbeddingRequest.from(EmbeddingInput.from(ImageContent.from(path, "image/png"))))
 *         .embeddings().get(0);
 * }</pre>
 *
 * <p>The texts of a request are encoded together, and so are its pictures. An input is one text or one picture; a
 * picture has its content in it, since no address is ever opened. Thread-safe.
 */
public final class ClipEmbeddingModel implements EmbeddingModel {

    private final Clip clip;

    /** Uses a model, which the caller closes afterwards. */
    public ClipEmbeddingModel(Clip clip) {
        this.clip = clip;
    }

    /**
     * Returns the vectors of pictures, for which no base64 is needed.
     *
     * @return unit vectors, [{@link #dimension}]
     * @throws IOException if a picture cannot be read or decoded; the first such error
     */
    public List<Embedding> embedImages(List<InputImage> pictures) throws IOException {
        return embeddings(clip.embedImages(pictures));
    }

    /**
     * Returns the vectors of texts and pictures.
     *
     * @throws IllegalArgumentException if an input is not one text or one picture with its content, or a text exceeds the
     *     context length
     * @throws UncheckedIOException if a picture cannot be decoded
     */
    @Override
    public EmbeddingResponse doEmbed(EmbeddingRequest request) {
        List<String> texts = new ArrayList<>();
        List<InputImage> pictures = new ArrayList<>();
        List<Content> contents =
                request.inputs().stream().map(ClipEmbeddingModel::only).toList();
        for (Content content : contents) {
            if (content instanceof TextContent text) {
                texts.add(text.text());
            } else {
                pictures.add(InputImage.of(bytes((ImageContent) content), "input " + (texts.size() + pictures.size())));
            }
        }
        try {
            Iterator<Embedding> ofTexts = texts.isEmpty()
                    ? none()
                    : embeddings(clip.embedTexts(texts)).iterator();
            Iterator<Embedding> ofPictures =
                    pictures.isEmpty() ? none() : embedImages(pictures).iterator();
            return EmbeddingResponse.builder()
                    .embeddings(contents.stream()
                            .map(content -> (content instanceof TextContent ? ofTexts : ofPictures).next())
                            .toList())
                    .modelName(modelName())
                    .build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Iterator<Embedding> none() {
        return List.<Embedding>of().iterator();
    }

    private static List<Embedding> embeddings(FeatureMatrix vectors) {
        return Stream.of(vectors.toRows()).map(Embedding::new).toList();
    }

    private static Content only(EmbeddingInput input) {
        if (input.contents().size() != 1) {
            throw new IllegalArgumentException("expected inputs of one text or one picture, got one of "
                    + input.contents().size() + " parts: make each part an input");
        }
        return input.contents().get(0);
    }

    private static byte[] bytes(ImageContent picture) {
        String base64 = picture.image().base64Data();
        if (base64 == null) {
            throw new IllegalArgumentException("expected a picture with its content, got the address "
                    + picture.image().url() + ": use ImageContent.from(path, mimeType)");
        }
        return Base64.getDecoder().decode(base64);
    }

    @Override
    public Set<ContentType> supportedContentTypes() {
        return Set.of(ContentType.TEXT, ContentType.IMAGE);
    }

    @Override
    public int dimension() {
        return clip.embedDim();
    }

    /** Returns the name of the model's file. */
    @Override
    public String modelName() {
        return clip.model().path().getFileName().toString();
    }
}
