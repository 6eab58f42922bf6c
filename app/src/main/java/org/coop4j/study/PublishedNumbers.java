package org.coop4j.study;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.coop4j.base.Resource;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.method.Method;
import org.coop4j.study.MethodResult.Setup;

/**
 * Numbers that the CoOp and CoCoOp papers have published.
 *
 * @param all every number
 */
public record PublishedNumbers(List<Score> all) {

    /** The backbone of the papers' few-shot experiments. */
    private static final String USUAL_BACKBONE = "RN50";

    /**
     * One number.
     *
     * @param dataset benchmark that was tested on
     * @param method method with its settings
     * @param accuracy accuracy in percent
     */
    public record Score(Table table, Column column, String dataset, Method method, double accuracy) {

        /** Returns the name of the model. */
        public String backbone() {
            return table.backbone;
        }

        private boolean isOf(ClassHalf classes, Setup setup) {
            return column.half == classes
                    && column.shots == setup.shots().count()
                    && setup.method().published()
                    && setup.method().method().equals(method);
        }

        private boolean isOf(String learnedOn, String testedOn) {
            return isNamed(testedOn, dataset)
                    && isNamed(
                            learnedOn.isEmpty() ? testedOn : learnedOn,
                            Objects.requireNonNullElse(table.trainedOn, dataset));
        }
    }

    private static boolean isNamed(String dataset, String benchmark) {
        return DatasetNames.published(dataset).map(Benchmark::name).equals(Optional.of(benchmark));
    }

    /**
     * A table or figure of a paper.
     *
     * @param source the paper
     * @param place the table or figure
     * @param backbone name of the model
     * @param trainedOn benchmark that was learned from; null if each was learned from itself
     * @param rows accuracies by benchmark that was tested on
     */
    public record Table(
            String source,
            String place,
            String backbone,
            String trainedOn,
            List<Column> columns,
            Map<String, List<Double>> rows) {}

    /**
     * A column of a table.
     *
     * @param method name of the method in a sweep
     * @param shots training images per class
     * @param half the classes tested on
     */
    public record Column(String method, int shots, ClassHalf half) {

        /** Tests on all classes where the file names no half. */
        public Column {
            half = half == null ? ClassHalf.ALL : half;
        }
    }

    /** Reads the numbers that are shipped. */
    public static PublishedNumbers shipped() {
        try (InputStream in = Resource.open(PublishedNumbers.class, "published.json")) {
            JsonMapper json = JsonMapper.builder()
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build();
            List<Score> numbers = new ArrayList<>();
            for (Table table : json.treeToValue(json.readTree(in).get("tables"), Table[].class)) {
                add(table, numbers);
            }
            return new PublishedNumbers(List.copyOf(numbers));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void add(Table table, List<Score> numbers) {
        Map<String, Method> methods = new HashMap<>();
        table.rows.forEach((dataset, values) -> {
            for (int i = 0; i < values.size(); i++) {
                Column column = table.columns.get(i);
                Method method = methods.computeIfAbsent(column.method, Method::of);
                numbers.add(new Score(table, column, dataset, method, values.get(i)));
            }
        });
    }

    /**
     * Returns the accuracy of a method with the same settings, averaged over the datasets tested on: of the backbone at
     * hand if all of its numbers are published, else of another.
     *
     * @param trainedOn any name of the dataset learned from; empty if each dataset was learned from itself
     * @param datasets any names of the datasets tested on
     * @param backbone backbone of the model, if it is a published one
     */
    public Optional<Score> find(
            String trainedOn, List<String> datasets, ClassHalf half, Setup setup, Optional<String> backbone) {
        List<Score> ofMethod =
                all.stream().filter(score -> score.isOf(half, setup)).toList();
        Stream<String> preferred = Stream.concat(backbone.stream(), Stream.of(USUAL_BACKBONE));
        return Stream.concat(preferred, ofMethod.stream().map(Score::backbone))
                .map(name -> datasets.stream()
                        .flatMap(dataset -> ofMethod.stream()
                                .filter(s -> s.backbone().equals(name) && s.isOf(trainedOn, dataset))
                                .limit(1))
                        .toList())
                .filter(found -> !found.isEmpty() && found.size() == datasets.size())
                .findFirst()
                .map(PublishedNumbers::average);
    }

    private static Score average(List<Score> found) {
        Score first = found.get(0);
        double accuracy =
                found.stream().mapToDouble(Score::accuracy).average().orElseThrow();
        return new Score(first.table, first.column, first.dataset, first.method, accuracy);
    }
}
