package org.coop4j.study;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.Resource;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.method.Method;

/** Numbers that the CoOp and CoCoOp papers have published. */
public final class PublishedNumbers {

    private final List<Score> numbers;

    private PublishedNumbers(List<Score> numbers) {
        this.numbers = List.copyOf(numbers);
    }

    /** The backbone of the papers' few-shot experiments. */
    private static final String USUAL_BACKBONE = "RN50";

    /** What an experiment measures. */
    public enum Protocol {
        /** Learned from and tested on all classes of one dataset. */
        FEW_SHOT,
        /** Learned on base classes. */
        BASE_TO_NEW,
        /** Learned on one dataset, tested on others. */
        ROBUSTNESS
    }

    /**
     * One number.
     *
     * @param protocol the experiment
     * @param source the paper
     * @param place where in it
     * @param backbone the model
     * @param trainedOn what was learned from, by the benchmark's name
     * @param dataset what was tested on, by the benchmark's name
     * @param half the classes tested on
     * @param name the method's, as a sweep names it
     * @param method the method
     * @param title the method for people
     * @param shots training images a class
     * @param accuracy in percent
     */
    public record Score(
            Protocol protocol,
            String source,
            String place,
            String backbone,
            String trainedOn,
            String dataset,
            ClassHalf half,
            String name,
            Method method,
            String title,
            Shots shots,
            double accuracy) {

        /** Whether it is of this method, with these settings. */
        public boolean isOf(MethodLabel label) {
            return label.published() && label.method().equals(method);
        }
    }

    private record Table(
            Protocol protocol,
            String source,
            String place,
            String backbone,
            String trainedOn,
            List<Column> columns,
            Map<String, List<Double>> rows) {}

    private record Column(String method, String title, int shots, ClassHalf half) {}

    /** The numbers that are shipped. */
    public static PublishedNumbers shipped() {
        try (InputStream in = Resource.open(PublishedNumbers.class, "published.json")) {
            JsonMapper json = JsonMapper.builder()
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build();
            List<Score> numbers = new ArrayList<>();
            for (JsonNode table : json.readTree(in).get("tables")) {
                add(json.treeToValue(table, Table.class), numbers);
            }
            return new PublishedNumbers(numbers);
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
                        table.protocol,
                        table.source,
                        table.place,
                        table.backbone,
                        table.trainedOn == null ? dataset : table.trainedOn,
                        dataset,
                        column.half == null ? ClassHalf.ALL : column.half,
                        column.method,
                        methods.computeIfAbsent(column.method, Method::of),
                        column.title,
                        new Shots(column.shots),
                        values.get(i)));
            }
        });
    }

    /**
     * The few-shot accuracy of a method on a dataset: of this backbone if it is published, else of
     * the one that is.
     *
     * @param dataset any name of a published dataset
     * @param backbone of the model at hand, if it is a published one
     */
    public Optional<Score> fewShot(String dataset, MethodLabel method, Shots shots, Optional<String> backbone) {
        return backbone.flatMap(own -> exactly(dataset, method, shots, own))
                .or(() -> exactly(dataset, method, shots, USUAL_BACKBONE));
    }

    private Optional<Score> exactly(String dataset, MethodLabel method, Shots shots, String backbone) {
        String name = DatasetNames.published(dataset).map(Benchmark::name).orElse("");
        return numbers.stream()
                .filter(n -> n.dataset.equals(name) && n.trainedOn.equals(name))
                .filter(n -> n.half == ClassHalf.ALL && n.backbone.equals(backbone))
                .filter(n -> n.isOf(method) && n.shots.equals(shots))
                .findFirst();
    }

    /**
     * The average of such accuracies over datasets, if all are published for one backbone.
     *
     * @param datasets any names of published datasets
     */
    public Optional<Score> fewShotAverage(
            List<String> datasets, MethodLabel method, Shots shots, Optional<String> backbone) {
        return backbone.flatMap(own -> average(datasets, method, shots, own))
                .or(() -> average(datasets, method, shots, USUAL_BACKBONE));
    }

    private Optional<Score> average(List<String> datasets, MethodLabel method, Shots shots, String backbone) {
        List<Score> found = new ArrayList<>();
        for (String dataset : datasets) {
            exactly(dataset, method, shots, backbone).ifPresent(found::add);
        }
        if (found.isEmpty() || found.size() < datasets.size()) {
            return Optional.empty();
        }
        Score first = found.get(0);
        return Optional.of(new Score(
                first.protocol,
                first.source,
                first.place,
                backbone,
                "",
                "",
                first.half,
                first.name,
                first.method,
                first.title,
                shots,
                found.stream().mapToDouble(Score::accuracy).average().orElseThrow()));
    }

    /** All numbers of an experiment. */
    public List<Score> of(Protocol protocol) {
        return numbers.stream().filter(n -> n.protocol == protocol).toList();
    }
}
