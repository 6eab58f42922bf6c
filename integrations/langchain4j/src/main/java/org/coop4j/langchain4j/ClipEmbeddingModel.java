package org.coop4j.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ContentType;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.output.Response;
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
 * EmbeddingModel model = ClipEmbeddingModel.of(clip);
 * Embedding text = model.embed("a red car").content();
 * Embedding picture = model.embed(EmbeddingRequest.from(EmbeddingInput.from(ImageContent.from(path, "image/png"))))
 *         .embeddings().get(0);
 * }</pre>
 *
 * <p>Where LangChain4j has requests of inputs (from 1.18), the texts of a request are encoded together, and so are its
 * pictures. An input is one text or one picture; a picture has its content in it, since no address is ever opened.
 * Thread-safe.
 *
 * <p>No method of this class names a type that LangChain4j 0.35 lacks: reflection on it would fail there.
 */
public class ClipEmbeddingModel implements EmbeddingModel {

    /** Class of LangChain4j's requests, which earlier versions lack. */
    private static final String REQUEST = "dev.langchain4j.model.embedding.request.EmbeddingRequest";

    final Clip clip;

    ClipEmbeddingModel(Clip clip) {
        this.clip = clip;
    }

    /** Uses a model, which the caller closes afterwards. */
    public static ClipEmbeddingModel of(Clip clip) {
        try {
            Class.forName(REQUEST, false, ClipEmbeddingModel.class.getClassLoader());
            return new OfRequests(clip);
        } catch (ClassNotFoundException e) {
            return new ClipEmbeddingModel(clip);
        }
    }

    /**
     * Returns the vectors of texts.
     *
     * @throws IllegalArgumentException if a text exceeds the context length
     */
    @Override
    public Response<List<Embedding>> embedAll(List<TextSegment> segments) {
        return Response.from(texts(segments.stream().map(TextSegment::text).toList()));
    }

    final List<Embedding> texts(List<String> texts) {
        return texts.isEmpty() ? List.of() : embeddings(clip.embedTexts(texts));
    }

    /**
     * Returns the vectors of pictures, for which no base64 is needed.
     *
     * @return unit vectors, [{@link #dimension}]
     * @throws IOException if a picture cannot be read or decoded; the first such error
     */
    public List<Embedding> embedImages(List<InputImage> pictures) throws IOException {
        return pictures.isEmpty() ? List.of() : embeddings(clip.embedImages(pictures));
    }

    private static List<Embedding> embeddings(FeatureMatrix vectors) {
        return Stream.of(vectors.toRows()).map(Embedding::new).toList();
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

    /** Texts and pictures of LangChain4j's requests, in a class of its own: reflection loads the types of each method. */
    private static final class OfRequests extends ClipEmbeddingModel {

        OfRequests(Clip clip) {
            super(clip);
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
                    request.inputs().stream().map(OfRequests::only).toList();
            for (Content content : contents) {
                if (content instanceof TextContent text) {
                    texts.add(text.text());
                } else {
                    pictures.add(
                            InputImage.of(bytes((ImageContent) content), "input " + (texts.size() + pictures.size())));
                }
            }
            try {
                Iterator<Embedding> ofTexts = texts(texts).iterator();
                Iterator<Embedding> ofPictures = embedImages(pictures).iterator();
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
    }
}
