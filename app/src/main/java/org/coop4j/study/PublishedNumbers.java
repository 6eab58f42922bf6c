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
     * @param source the paper
     * @param place table or figure of the paper
     * @param backbone name of the model
     * @param trainedOn benchmark that was learned from
     * @param dataset benchmark that was tested on
     * @param half the classes tested on
     * @param name name of the method in a sweep
     * @param method method with its settings
     * @param shots training images per class
     * @param accuracy accuracy in percent
     */
    public record Score(
            String source,
            String place,
            String backbone,
            String trainedOn,
            String dataset,
            ClassHalf half,
            String name,
            Method method,
            Shots shots,
            double accuracy) {

        private boolean isOf(ClassHalf classes, Setup setup) {
            return half == classes
                    && shots.equals(setup.shots())
                    && setup.method().published()
                    && setup.method().method().equals(method);
        }

        private boolean isOf(String learnedOn, String testedOn) {
            return isNamed(learnedOn.isEmpty() ? testedOn : learnedOn, trainedOn) && isNamed(testedOn, dataset);
        }
    }

    private static boolean isNamed(String dataset, String benchmark) {
        return DatasetNames.published(dataset).map(Benchmark::name).equals(Optional.of(benchmark));
    }

    private record Table(
            String source,
            String place,
            String backbone,
            String trainedOn,
            List<Column> columns,
            Map<String, List<Double>> rows) {}

    private record Column(String method, int shots, ClassHalf half) {}

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
                numbers.add(new Score(
                        table.source,
                        table.place,
                        table.backbone,
                        table.trainedOn == null ? dataset : table.trainedOn,
                        dataset,
                        column.half == null ? ClassHalf.ALL : column.half,
                        column.method,
                        methods.computeIfAbsent(column.method, Method::of),
                        new Shots(column.shots),
                        values.get(i)));
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
                                .filter(s -> s.backbone.equals(name) && s.isOf(trainedOn, dataset))
                                .limit(1))
                        .toList())
                .filter(found -> !found.isEmpty() && found.size() == datasets.size())
                .findFirst()
                .map(PublishedNumbers::average);
    }

    private static Score average(List<Score> found) {
        Score first = found.get(0);
        return new Score(
                first.source,
                first.place,
                first.backbone,
                first.trainedOn,
                first.dataset,
                first.half,
                first.name,
                first.method,
                first.shots,
                found.stream().mapToDouble(Score::accuracy).average().orElseThrow());
    }
}
