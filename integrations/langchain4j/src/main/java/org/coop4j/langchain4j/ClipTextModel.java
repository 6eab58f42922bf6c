package org.coop4j.langchain4j;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.coop4j.base.Require;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.text.Tokenizer;

/**
 * CLIP as an embedding model that opens its own model, for programs that make one from a class name and parameters, such
 * as Apache Solr:
 *
 * <pre>{@code
 * {"class": "org.coop4j.langchain4j.ClipTextModel", "name": "clip", "params": {"model": "coop4j-small"}}
 * }</pre>
 */
public final class ClipTextModel extends ClipEmbeddingModel implements AutoCloseable {

    private ClipTextModel(Clip clip) {
        super(clip);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Parameters of a model; each method takes a text, since programs find the methods by reflection. */
    public static final class Builder {

        private String model;
        private Optional<Precision> precision = Optional.of(Precision.FLOAT32);

        private Builder() {}

        /** Sets the file of a converted model, or {@code coop4j-small} for the model that comes with coop4j. */
        public Builder model(String file) {
            model = file;
            return this;
        }

        /** Sets the precision: {@code float32}, the default, or {@code bf16}. */
        public Builder precision(String name) {
            precision = Optional.of(Precision.of(name));
            return this;
        }

        /**
         * Opens the model.
         *
         * @throws IOException if the file is not a converted model or cannot be read
         */
        public ClipTextModel build() throws IOException {
            Require.that(model != null, "model: expected the file of a converted model, or %s", ShippedModel.NAME);
            Path file = model.equals(ShippedModel.NAME) ? ShippedModel.cached() : Path.of(model);
            return new ClipTextModel(Clip.open(file, new Clip.Options(Tokenizer::of, Workers.standard(), precision)));
        }
    }

    @Override
    public void close() throws IOException {
        clip.close();
    }
}
