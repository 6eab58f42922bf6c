package org.coop4j.study;

import static java.util.Comparator.comparing;
import static java.util.Comparator.naturalOrder;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Resource;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.method.Method;
import org.coop4j.study.Score.Setup;

/** Numbers that the CoOp and CoCoOp papers have published. */
public record PublishedNumbers(List<Table> tables) {

    private static final Benchmarks BENCHMARKS = Benchmarks.published();

    /** Published datasets as in the papers' tables, others behind them by name. */
    static final Comparator<String> DATASETS = comparing((String dataset) ->
                    BENCHMARKS.find(dataset).map(BENCHMARKS.all()::indexOf).orElse(Integer.MAX_VALUE))
            .thenComparing(naturalOrder());

    /** The backbone of the papers' few-shot experiments. */
    private static final String USUAL_BACKBONE = "RN50";

    /**
     * One number, or the average of several.
     *
     * @param table the table that it is from
     * @param accuracy accuracy in percent
     */
    public record Published(Table table, double accuracy) {

        /** Returns the name of the model. */
        public String backbone() {
            return table.backbone;
        }
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
            Map<String, List<Double>> rows) {

        private Stream<Published> scores(String learnedOn, String testedOn, ClassHalf half, Setup setup) {
            String tested = benchmark(testedOn);
            String learned = learnedOn.isEmpty() ? tested : benchmark(learnedOn);
            List<Double> row = learned.equals(Objects.requireNonNullElse(trainedOn, tested))
                    ? rows.getOrDefault(tested, List.of())
                    : List.of();
            return IntStream.range(0, row.size())
                    .filter(i -> columns.get(i).isOf(half, setup))
                    .mapToObj(i -> new Published(this, row.get(i)));
        }

        private static String benchmark(String dataset) {
            return BENCHMARKS.find(dataset).map(Benchmark::name).orElse("");
        }
    }

    /**
     * A column of a table.
     *
     * @param method name of the method in a sweep
     * @param shots training images per class
     * @param half the classes tested on; null for all
     */
    public record Column(String method, int shots, ClassHalf half) {

        private boolean isOf(ClassHalf classes, Setup setup) {
            return Objects.requireNonNullElse(half, ClassHalf.ALL) == classes
                    && shots == setup.shots().count()
                    && setup.method().published()
                    && setup.method().method().isSame(Method.of(method));
        }
    }

    /** Returns a dataset's name in the papers' tables, or its own. */
    static String title(String dataset) {
        return BENCHMARKS.find(dataset).map(Benchmark::title).orElse(dataset);
    }

    /** Reads the numbers that are shipped. */
    public static PublishedNumbers shipped() {
        try (InputStream in = Resource.open(PublishedNumbers.class, "published.json")) {
            return JsonMapper.builder()
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build()
                    .readValue(in, PublishedNumbers.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns the accuracy of a method with the same settings, averaged over the datasets tested on: of the backbone at
     * hand if all of its numbers are published, else of another.
     *
     * @param trainedOn any name of the dataset learned from; empty if each dataset was learned from itself
     * @param datasets any names of the datasets tested on
     * @param backbone backbone of the model, if it is a published one
     */
    public Optional<Published> find(
            String trainedOn, List<String> datasets, ClassHalf half, Setup setup, Optional<String> backbone) {
        Stream<String> preferred = Stream.concat(backbone.stream(), Stream.of(USUAL_BACKBONE));
        return Stream.concat(preferred, tables.stream().map(Table::backbone))
                .map(name -> datasets.stream()
                        .flatMap(dataset -> tables.stream()
                                .filter(table -> table.backbone.equals(name))
                                .flatMap(table -> table.scores(trainedOn, dataset, half, setup))
                                .limit(1))
                        .toList())
                .filter(found -> !found.isEmpty() && found.size() == datasets.size())
                .findFirst()
                .map(found -> new Published(
                        found.get(0).table,
                        found.stream()
                                .mapToDouble(Published::accuracy)
                                .average()
                                .orElseThrow()));
    }
}
