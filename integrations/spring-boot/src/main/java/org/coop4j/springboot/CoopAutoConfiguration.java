package org.coop4j.springboot;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.coop4j.base.Spelling;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.image.ImageDecoder.ImageException;
import org.coop4j.predict.ImageClassifier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.BeanCreationNotAllowedException;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionBuilder;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.multipart.MaxUploadSizeExceededException;

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
    private static final String RELOAD = "coop4j.reload";
    private static final String PROBLEMS = "coop4j.problem-details";
    private static final List<String> KNOWN = List.of(MODEL, CLASSIFIERS, RELOAD, PROBLEMS);
    private static final String HEALTH = "management.health.coop4j.enabled";

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnProperty(MODEL)
    Clip coop4jClip(Environment environment) {
        String model = environment.getRequiredProperty(MODEL);
        return UnusableFile.unless(
                MODEL, model, () -> model.equals(ShippedModel.NAME) ? Clip.shipped() : Clip.open(Path.of(model)));
    }

    /** Refuses a misspelt property; an application may have others of its own. */
    private static void requireSpelling(Environment environment) {
        Binder.get(environment)
                .bind("coop4j", Bindable.mapOf(String.class, Object.class))
                .orElse(Map.of())
                .keySet()
                .forEach(key -> {
                    String name = "coop4j." + key.replaceFirst("\\..*", "");
                    boolean known = KNOWN.stream().anyMatch(one -> letters(one).equals(letters(name)));
                    String hint = known ? "" : Spelling.hint(name, KNOWN);
                    if (!hint.isEmpty()) {
                        throw new UnusableFile(name, name + " is not a property of coop4j" + hint, null);
                    }
                });
    }

    /** Returns a property's name without what may be written in several ways. */
    private static String letters(String name) {
        return name.replaceAll("[-_]", "").toLowerCase(Locale.ROOT);
    }

    /** Registers a bean for each classifier, of its name. */
    @Bean
    static BeanDefinitionRegistryPostProcessor coop4jClassifiers(Environment environment) {
        requireSpelling(environment);
        return registry -> Binder.get(environment)
                .bind(CLASSIFIERS, Bindable.mapOf(String.class, String.class))
                .orElse(Map.of())
                .forEach((name, run) -> registry.registerBeanDefinition(
                        name,
                        BeanDefinitionBuilder.genericBeanDefinition(
                                        ImageClassifier.class,
                                        () -> open(CLASSIFIERS + "." + name, run, (BeanFactory) registry))
                                .getBeanDefinition()));
    }

    private static ImageClassifier open(String property, String run, BeanFactory beans) {
        Clip clip = beans.getBeanProvider(Clip.class).getIfAvailable();
        return UnusableFile.unless(property, run, () -> {
            ImageClassifier classifier =
                    clip == null ? ImageClassifier.load(Path.of(run)) : ImageClassifier.load(Path.of(run), clip);
            classifier.classify(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB));
            return classifier;
        });
    }

    /** A property that is misspelt, or names a file that cannot be used. */
    static final class UnusableFile extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private final String property;

        private UnusableFile(String property, String problem, Exception cause) {
            super(problem, cause);
            this.property = property;
        }

        private static <T> T unless(String property, String value, Callable<T> opening) {
            try {
                return opening.call();
            } catch (Exception e) {
                throw new UnusableFile(
                        property, "%s=%s cannot be used: %s".formatted(property, value, e.getMessage()), e);
            }
        }

        /** Says so in place of a stack trace. */
        static final class Analyzer extends AbstractFailureAnalyzer<UnusableFile> {

            @Override
            protected FailureAnalysis analyze(Throwable root, UnusableFile failure) {
                if (failure.getCause() == null) {
                    return new FailureAnalysis(
                            failure.getMessage(), "Correct or remove " + failure.property + ".", failure);
                }
                String expected = failure.property.equals(MODEL)
                        ? "a model that coop convert wrote, or " + ShippedModel.NAME
                        : "the folder of a run, or a classifier's file, learned with the model of " + MODEL;
                return new FailureAnalysis(
                        failure.getMessage(), "Let " + failure.property + " name " + expected + ".", failure);
            }
        }
    }

    /** Takes over classifiers whose files were replaced; those of the application, which have none, stay. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnProperty(RELOAD)
    static class Reloading {

        private static final Logger LOG = LoggerFactory.getLogger(CoopAutoConfiguration.class);

        /** The thread, hidden from Spring, whose own executors give way to a bean of that kind. */
        record Reloads(ScheduledExecutorService thread) implements AutoCloseable {

            @Override
            public void close() {
                thread.shutdownNow();
            }
        }

        @Bean
        Reloads coop4jReloading(Environment environment, ListableBeanFactory beans) {
            long pause =
                    Binder.get(environment).bind(RELOAD, Duration.class).get().toMillis();
            ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
                Thread daemon = new Thread(task, "coop4j-reload");
                daemon.setDaemon(true);
                return daemon;
            });
            Map<String, String> problems = new HashMap<>();
            ScheduledFuture<?> unused = thread.scheduleWithFixedDelay(
                    () -> {
                        for (String name : beans.getBeanNamesForType(ImageClassifier.class, false, true)) {
                            try {
                                ImageClassifier classifier = beans.getBean(name, ImageClassifier.class);
                                if (classifier.reload()) {
                                    problems.remove(name);
                                    LOG.info("{} was replaced: {}", name, classifier);
                                }
                            } catch (BeanCreationNotAllowedException e) {
                                return; // the application ends
                            } catch (IOException | RuntimeException e) {
                                String problem = String.valueOf(e.getMessage());
                                if (!problem.equals(problems.put(name, problem))) {
                                    LOG.warn("{} was not replaced: {}", name, problem);
                                }
                            }
                        }
                    },
                    pause,
                    pause,
                    TimeUnit.MILLISECONDS);
            return new Reloads(thread);
        }
    }

    /** Answers for pictures that cannot be classified; advice of the application's own takes precedence. */
    @RestControllerAdvice
    @Order(Ordered.LOWEST_PRECEDENCE)
    static class Problems {

        @ExceptionHandler
        ProblemDetail unreadable(ImageException problem) {
            return ProblemDetail.forStatusAndDetail(HttpStatusCode.valueOf(422), problem.problem());
        }

        @ExceptionHandler
        ProblemDetail tooLarge(MaxUploadSizeExceededException problem) {
            return ProblemDetail.forStatusAndDetail(HttpStatusCode.valueOf(413), problem.getMessage());
        }
    }

    /** Problem details, where there is a web application. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication
    @ConditionalOnClass(RestControllerAdvice.class)
    static class Answers {

        @Bean
        @ConditionalOnProperty(name = PROBLEMS, matchIfMissing = true)
        Problems coop4jProblems() {
            return new Problems();
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
                    Map<String, Object> state = new TreeMap<>(Map.of("waiting", classifier.waiting()));
                    classifier.sha256().ifPresent(hash -> state.put("sha256", hash));
                    details.put(name, state);
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
