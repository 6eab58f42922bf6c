package org.coop4j.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.coop4j.data.ClassHalf;
import org.coop4j.results.BaseNew;
import org.coop4j.results.DatasetNames;
import org.coop4j.results.MethodLabel;
import org.coop4j.results.Outcome;
import org.coop4j.results.PublishedNumbers;
import org.coop4j.results.PublishedNumbers.Protocol;
import org.coop4j.results.PublishedNumbers.Score;
import org.coop4j.results.Robustness;

/**
 * The papers' numbers for what was run here: of the same backbone where they have it, of another
 * where not, which is always said.
 */
final class PublishedTable implements TableFiles {

    private final PublishedNumbers published;

    PublishedTable(PublishedNumbers published) {
        this.published = published;
    }

    /**
     * A published number beside the one measured here.
     *
     * @param ours the method that is the same, if one was run
     * @param accuracy its accuracy
     */
    record Comparison(Score score, Optional<MethodLabel> ours, OptionalDouble accuracy) {

        /** Points above the published number, if that is of the backbone used here. */
        OptionalDouble difference(Optional<String> backbone) {
            boolean same = backbone.equals(Optional.of(score.backbone()));
            return same && accuracy.isPresent()
                    ? OptionalDouble.of(accuracy.getAsDouble() - score.accuracy())
                    : OptionalDouble.empty();
        }
    }

    @Override
    public String name() {
        return "published";
    }

    /** All comparisons of a study. */
    List<Comparison> of(StudyView view) {
        List<Comparison> all = new ArrayList<>(fewShot(view));
        all.addAll(baseNew(view));
        view.robustness().forEach(table -> all.addAll(robustness(view, table)));
        return all;
    }

    List<Comparison> fewShot(StudyView view) {
        List<Comparison> all = new ArrayList<>();
        for (Outcome cell : view.fewShot().cells()) {
            published
                    .fewShot(cell.dataset(), cell.method(), cell.shots(), view.backbone())
                    .ifPresent(score -> all.add(comparison(score, Optional.of(cell))));
        }
        return all;
    }

    private static Comparison comparison(Score score, Optional<Outcome> cell) {
        return new Comparison(
                score,
                cell.map(Outcome::method),
                cell.map(c -> OptionalDouble.of(c.accuracy())).orElse(OptionalDouble.empty()));
    }

    /** Those of the methods that were run, on datasets that were tested. */
    List<Comparison> baseNew(StudyView view) {
        List<Comparison> all = new ArrayList<>();
        List<MethodLabel> run = view.baseNew().rows().stream().map(BaseNew.Row::method).toList();
        for (Score score : best(Protocol.BASE_TO_NEW, view.backbone(), run)) {
            List<BaseNew.Row> rows =
                    view.baseNew().rows().stream()
                            .filter(row -> isNamed(row.dataset(), score.dataset()))
                            .toList();
            if (!rows.isEmpty()) {
                all.add(
                        comparison(
                                score,
                                rows.stream()
                                        .filter(row -> isSame(row.method(), score))
                                        .filter(row -> row.shots().equals(score.shots()))
                                        .flatMap(row -> half(row, score.half()).stream())
                                        .findFirst()));
            }
        }
        return all;
    }

    private static Optional<Outcome> half(BaseNew.Row row, ClassHalf half) {
        return half == ClassHalf.BASE ? row.base() : row.unseen();
    }

    /** Those of the methods that were run, on targets that were tested and on the source. */
    List<Comparison> robustness(StudyView view, Robustness table) {
        List<Comparison> all = new ArrayList<>();
        List<MethodLabel> run = table.rows().stream().map(Robustness.Row::method).toList();
        for (Score score : best(Protocol.ROBUSTNESS, view.backbone(), run)) {
            boolean onSource = isNamed(table.source(), score.dataset());
            Optional<String> target =
                    table.targets().stream().filter(t -> isNamed(t, score.dataset())).findFirst();
            boolean wanted = onSource || target.isPresent();
            if (!isNamed(table.source(), score.trainedOn()) || !wanted) {
                continue;
            }
            all.add(
                    comparison(
                            score,
                            table.rows().stream()
                                    .filter(row -> isSame(row.method(), score))
                                    .filter(row -> row.shots().equals(score.shots()))
                                    .flatMap(row -> cell(row, onSource, target).stream())
                                    .findFirst()));
        }
        return all;
    }

    private static Optional<Outcome> cell(
            Robustness.Row row, boolean onSource, Optional<String> target) {
        return onSource ? row.onSource() : target.map(row.onTargets()::get);
    }

    private record Place(String trainedOn, String dataset, ClassHalf half, String method) {
        static Place of(Score score) {
            return new Place(score.trainedOn(), score.dataset(), score.half(), score.method());
        }
    }

    /**
     * The numbers of the methods that were run, each of the same backbone or else the first that
     * there is. Where no context is the same as a published one, all published ones are taken.
     */
    private List<Score> best(Protocol protocol, Optional<String> backbone, List<MethodLabel> run) {
        List<Score> all = published.of(protocol);
        Map<Place, Score> best = new LinkedHashMap<>();
        for (Score score : all) {
            boolean same = run.stream().anyMatch(method -> isSame(method, score));
            boolean sort =
                    run.stream().anyMatch(method -> isOfSort(method, score))
                            && all.stream()
                                    .filter(
                                            other ->
                                                    isOfSort(MethodLabel.of(other.method()), score))
                                    .noneMatch(
                                            other -> run.stream().anyMatch(m -> isSame(m, other)));
            if (same || sort) {
                best.merge(
                        Place.of(score), score, (known, other) -> closer(known, other, backbone));
            }
        }
        return List.copyOf(best.values());
    }

    private static Score closer(Score known, Score other, Optional<String> backbone) {
        return Optional.of(other.backbone()).equals(backbone) ? other : known;
    }

    private static boolean isNamed(String dataset, String benchmark) {
        return DatasetNames.published(dataset).filter(b -> b.name().equals(benchmark)).isPresent();
    }

    private static boolean isOfSort(MethodLabel method, Score score) {
        return method.kind() == MethodLabel.of(score.method()).kind();
    }

    private static boolean isSame(MethodLabel method, Score score) {
        return method.published().equals(score.method());
    }

    @Override
    public CsvTable csv(List<StudyView> views) {
        CsvTable csv =
                new CsvTable(
                        "experiment",
                        "learned_on",
                        "tested_on",
                        "classes",
                        "method",
                        "shots",
                        "published",
                        "published_backbone",
                        "source",
                        "here_model",
                        "here_method",
                        "here",
                        "difference");
        for (StudyView view : views) {
            for (Comparison comparison : of(view)) {
                Score score = comparison.score();
                csv.row()
                        .add(experiment(score.protocol()), score.trainedOn(), score.dataset())
                        .add(HandWrittenTable.half(score.half()), score.title())
                        .add(score.shots().label())
                        .number(score.accuracy())
                        .add(score.backbone(), score.source() + ": " + score.place())
                        .add(view.model(), comparison.ours().map(MethodLabel::id).orElse(""))
                        .number(comparison.accuracy())
                        .number(comparison.difference(view.backbone()))
                        .end();
            }
        }
        return csv;
    }

    static String experiment(Protocol protocol) {
        return switch (protocol) {
            case FEW_SHOT -> "few-shot";
            case BASE_TO_NEW -> "base-to-new";
            case ROBUSTNESS -> "robustness";
        };
    }

    /** The few-shot numbers; the others stand beside ours in their own tables on the page. */
    @Override
    public List<Latex> latex(StudyView view) {
        List<Comparison> all = of(view);
        if (all.isEmpty()) {
            return List.of();
        }
        Latex table =
                new Latex(
                        "Published accuracies (%, in italics, with their backbone) and those"
                                + " measured here with "
                                + view.model()
                                + ".",
                        "published");
        table.header(
                3, List.of("Tested on", "Method", "Backbone", "Published", "Here", "Difference"));
        for (Comparison comparison : all) {
            Score score = comparison.score();
            String place = StudyView.title(score.dataset());
            if (score.half() != ClassHalf.ALL) {
                place += ", " + HandWrittenTable.half(score.half()) + " classes";
            }
            if (!score.trainedOn().equals(score.dataset())) {
                place += ", from " + StudyView.title(score.trainedOn());
            }
            table.add(
                    List.of(
                            Latex.escape(place),
                            Latex.escape(BaseNewTable.title(score.title(), score.shots())),
                            Latex.escape(score.backbone()),
                            Latex.published(score.accuracy()),
                            number(comparison.accuracy()),
                            number(comparison.difference(view.backbone()))));
        }
        return List.of(table);
    }

    private static String number(OptionalDouble value) {
        return Latex.number(value.orElse(Double.NaN), false);
    }
}
