package org.coop4j.springai;

import io.micrometer.observation.ObservationRegistry;
import org.coop4j.clip.Clip;
import org.coop4j.springboot.CoopAutoConfiguration;
import org.springframework.ai.embedding.DocumentEmbeddingModel;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/**
 * The model of {@code coop4j.model}, or a {@link Clip} of the application, as embedding models of Spring AI. Where others
 * are on the class path, {@code spring.ai.model.embedding=coop4j} chooses it.
 */
@AutoConfiguration(after = CoopAutoConfiguration.class)
@ConditionalOnBean(Clip.class)
@ConditionalOnProperty(name = "spring.ai.model.embedding", havingValue = "coop4j", matchIfMissing = true)
public class CoopAiAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    ClipEmbeddingModel coop4jEmbeddingModel(Clip clip, ObjectProvider<ObservationRegistry> observations) {
        return new ClipEmbeddingModel(clip, observations.getIfUnique(() -> ObservationRegistry.NOOP));
    }

    @Bean
    @ConditionalOnMissingBean
    DocumentEmbeddingModel coop4jDocumentEmbeddingModel(ClipEmbeddingModel model) {
        return model.ofDocuments();
    }
}
