package org.coop4j.springai;

import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.springframework.ai.chat.metadata.EmptyUsage;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.BatchingStrategy;
import org.springframework.ai.embedding.DocumentEmbeddingModel;
import org.springframework.ai.embedding.DocumentEmbeddingRequest;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.EmbeddingResponseMetadata;
import org.springframework.ai.embedding.EmbeddingResultMetadata;
import org.springframework.ai.embedding.EmbeddingResultMetadata.ModalityType;
import org.springframework.ai.embedding.observation.DefaultEmbeddingModelObservationConvention;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationContext;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationDocumentation;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;

/**
 * CLIP as an embedding model of Spring AI: texts and pictures as vectors of length 1 in one space, so that a sentence
 * finds pictures in a vector store.
 *
 * <pre>{@code
 * VectorStore store = SimpleVectorStore.builder(new ClipEmbeddingModel(clip)).build();
 * store.add(List.of(ClipEmbeddingModel.document("car.jpg", InputImage.of(file), Map.of())));
 * store.similaritySearch("a red car");
 * }</pre>
 *
 * <p>A document is a text, or a picture as its media with its content, since no address is ever opened. Spring AI's stores take
 * only documents with a text; those of {@link #document} have one beside the picture. The texts of a request are
 * encoded together, and so are its pictures. Thread-safe.
 */
public final class ClipEmbeddingModel implements EmbeddingModel {

    private final Clip clip;
    private final ObservationRegistry observations;

    /** Uses a model, which the caller closes afterwards. */
    public ClipEmbeddingModel(Clip clip) {
        this(clip, ObservationRegistry.NOOP);
    }

    /** Uses a model, and reports each request to a registry, as Spring AI's other models do. */
    public ClipEmbeddingModel(Clip clip, ObservationRegistry observations) {
        this.clip = clip;
        this.observations = observations;
    }

    /**
     * Returns a document for stores, whose vector is that of its picture.
     *
     * @param text stored, and found with the document; not encoded
     */
    public static Document document(String text, InputImage picture, Map<String, Object> metadata) {
        return new Pictured(text, picture, metadata);
    }

    private static final class Pictured extends Document {

        private static final MimeType IMAGE = MimeType.valueOf("image/*");

        private final InputImage picture;

        Pictured(String text, InputImage picture, Map<String, Object> metadata) {
            super(text, metadata);
            this.picture = picture;
        }
    }

    /** Returns the same model for documents. */
    public DocumentEmbeddingModel ofDocuments() {
        return new DocumentEmbeddingModel() {
            @Override
            public EmbeddingResponse call(DocumentEmbeddingRequest request) {
                return respond(request.getInstructions(), request.getOptions());
            }

            @Override
            public int dimensions() {
                return ClipEmbeddingModel.this.dimensions();
            }
        };
    }

    /**
     * Returns the vectors of texts.
     *
     * @throws IllegalArgumentException if a text exceeds the context length, or the options ask for another model or
     *     other dimensions
     */
    @Override
    public EmbeddingResponse call(EmbeddingRequest request) {
        return respond(request.getInstructions().stream().map(Document::new).toList(), request.getOptions());
    }

    @Override
    public float[] embed(Document document) {
        return respond(List.of(document), null).getResult().getOutput();
    }

    /** Returns the vectors of documents; the model makes its own batches. */
    @Override
    public List<float[]> embed(List<Document> documents, EmbeddingOptions options, BatchingStrategy batching) {
        return respond(documents, options).getResults().stream()
                .map(Embedding::getOutput)
                .toList();
    }

    @Override
    public int dimensions() {
        return clip.embedDim();
    }

    /** Returns the name of the model's file. */
    public String modelName() {
        return clip.model().path().getFileName().toString();
    }

    private EmbeddingResponse respond(List<Document> documents, EmbeddingOptions options) {
        check(options);
        EmbeddingOptions own = EmbeddingOptions.builder()
                .model(modelName())
                .dimensions(dimensions())
                .build();
        List<String> inputs = documents.stream()
                .map(document -> document.isText() ? document.getText() : document.getId())
                .toList();
        EmbeddingModelObservationContext context = EmbeddingModelObservationContext.builder()
                .embeddingRequest(new EmbeddingRequest(inputs, own))
                .provider("coop4j")
                .build();
        return EmbeddingModelObservationDocumentation.EMBEDDING_MODEL_OPERATION
                .observation(null, new DefaultEmbeddingModelObservationConvention(), () -> context, observations)
                .observe(() -> {
                    EmbeddingResponse response = encode(documents);
                    context.setResponse(response);
                    return response;
                });
    }

    private void check(EmbeddingOptions options) {
        if (options != null && options.getModel() != null && !options.getModel().equals(modelName())) {
            throw new IllegalArgumentException("the options ask for the model %s: leave it out, or ask for %s"
                    .formatted(options.getModel(), modelName()));
        }
        if (options != null && options.getDimensions() != null && options.getDimensions() != dimensions()) {
            throw new IllegalArgumentException("the options ask for %d dimensions: leave them out, or ask for %d"
                    .formatted(options.getDimensions(), dimensions()));
        }
    }

    private EmbeddingResponse encode(List<Document> documents) {
        List<String> texts = new ArrayList<>();
        List<InputImage> pictures = new ArrayList<>();
        for (Document document : documents) {
            if (isPicture(document)) {
                pictures.add(picture(document));
            } else {
                texts.add(document.getText());
            }
        }
        try {
            Iterator<float[]> ofTexts =
                    rows(texts.isEmpty() ? null : clip.embedTexts(texts).toRows());
            Iterator<float[]> ofPictures =
                    rows(pictures.isEmpty() ? null : clip.embedImages(pictures).toRows());
            List<Embedding> results = IntStream.range(0, documents.size())
                    .mapToObj(i -> {
                        Document document = documents.get(i);
                        return new Embedding(
                                (isPicture(document) ? ofPictures : ofTexts).next(), i, metadata(document));
                    })
                    .toList();
            return new EmbeddingResponse(results, new EmbeddingResponseMetadata(modelName(), new EmptyUsage()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Iterator<float[]> rows(float[][] rows) {
        return Stream.of(rows == null ? new float[0][] : rows).iterator();
    }

    private static boolean isPicture(Document document) {
        return document instanceof Pictured || !document.isText();
    }

    private static EmbeddingResultMetadata metadata(Document document) {
        boolean picture = isPicture(document);
        MimeType type = document.getMedia() != null
                ? document.getMedia().getMimeType()
                : picture ? Pictured.IMAGE : MimeTypeUtils.TEXT_PLAIN;
        return new EmbeddingResultMetadata(
                document.getId(), picture ? ModalityType.IMAGE : ModalityType.TEXT, type, null);
    }

    private static InputImage picture(Document document) {
        if (document instanceof Pictured pictured) {
            return pictured.picture;
        }
        if (document.getMedia().getData() instanceof byte[] content) {
            return InputImage.of(content, "of the document " + document.getId());
        }
        throw new IllegalArgumentException(
                "expected a picture with its content, got the address %s: use new Media(type, resource)"
                        .formatted(document.getMedia().getData()));
    }
}
