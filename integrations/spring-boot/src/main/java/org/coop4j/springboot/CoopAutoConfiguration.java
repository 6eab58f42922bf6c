package org.coop4j.springboot;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.predict.ImageClassifier;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionBuilder;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * The model and the classifiers that an application's properties name, as beans. Each classifies a first image before the
 * application starts. They are closed with the context, after the web server has answered its last requests.
 *
 * <pre>
 * coop4j.classifiers.pets=runs/pets
 * coop4j.model=vit-b-32.safetensors
 * </pre>
 *
 * <p>With {@code coop4j.model} (a converted file, or {@code coop4j-small}) or a {@link Clip} of the application, all
 * classifiers share that model. Without one, each opens the model that it was learned with.
 */
@AutoConfiguration
public class CoopAutoConfiguration {

    private static final String MODEL = "coop4j.model";
    private static final String CLASSIFIERS = "coop4j.classifiers";
    private static final String HEALTH = "management.health.coop4j.enabled";

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnProperty(MODEL)
    Clip coop4jClip(Environment environment) throws IOException {
        String model = environment.getRequiredProperty(MODEL);
        return model.equals(ShippedModel.NAME) ? Clip.shipped() : Clip.open(Path.of(model));
    }

    /** Registers a bean for each classifier, of its name. */
    @Bean
    static BeanDefinitionRegistryPostProcessor coop4jClassifiers(Environment environment) {
        return registry -> Binder.get(environment)
                .bind(CLASSIFIERS, Bindable.mapOf(String.class, String.class))
                .orElse(Map.of())
                .forEach((name, run) -> registry.registerBeanDefinition(
                        name,
                        BeanDefinitionBuilder.genericBeanDefinition(
                                        ImageClassifier.class, () -> open(Path.of(run), (BeanFactory) registry))
                                .getBeanDefinition()));
    }

    private static ImageClassifier open(Path run, BeanFactory beans) {
        Clip clip = beans.getBeanProvider(Clip.class).getIfAvailable();
        try {
            ImageClassifier classifier = clip == null ? ImageClassifier.load(run) : ImageClassifier.load(run, clip);
            classifier.classify(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB));
            return classifier;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** States of the classifiers by name: the number of waiting images, or "closed". */
    private record States(Map<String, Object> details, boolean open) {

        private static final String CLOSED = "closed";

        static States of(ListableBeanFactory beans) {
            Map<String, Object> details = new TreeMap<>();
            beans.getBeansOfType(ImageClassifier.class).forEach((name, classifier) -> {
                try {
                    classifier.submitAll(List.of()); // refused if it is closed
                    details.put(name, Map.of("waiting", classifier.waiting()));
                } catch (IllegalStateException e) {
                    details.put(name, CLOSED);
                }
            });
            return new States(details, !details.containsValue(CLOSED));
        }
    }

    /** Health as Spring Boot 4 knows it. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(org.springframework.boot.health.contributor.HealthIndicator.class)
    @ConditionalOnProperty(name = HEALTH, matchIfMissing = true)
    static class Health {

        @Bean
        org.springframework.boot.health.contributor.HealthIndicator coop4jHealthIndicator(ListableBeanFactory beans) {
            return () -> {
                States states = States.of(beans);
                var health = org.springframework.boot.health.contributor.Health.up();
                return (states.open ? health : health.down())
                        .withDetails(states.details)
                        .build();
            };
        }
    }

    /** Health as Spring Boot 3 knows it. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(org.springframework.boot.actuate.health.HealthIndicator.class)
    @ConditionalOnProperty(name = HEALTH, matchIfMissing = true)
    static class HealthOfBoot3 {

        @Bean
        org.springframework.boot.actuate.health.HealthIndicator coop4jHealthIndicator(ListableBeanFactory beans) {
            return () -> {
                States states = States.of(beans);
                var health = org.springframework.boot.actuate.health.Health.up();
                return (states.open ? health : health.down())
                        .withDetails(states.details)
                        .build();
            };
        }
    }

    /** Meters of the service's names. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterBinder.class)
    static class Meters {

        @Bean
        MeterBinder coop4jMeters(ListableBeanFactory beans) {
            return registry -> beans.getBeansOfType(ImageClassifier.class).forEach((name, classifier) -> {
                Gauge.builder("coop.queue.images", classifier, ImageClassifier::waiting)
                        .description("images that wait to be encoded")
                        .tag("model", name)
                        .register(registry);
                FunctionCounter.builder("coop.batches", classifier, ImageClassifier::batches)
                        .description("batches of images encoded together")
                        .tag("model", name)
                        .register(registry);
            });
        }
    }
}
