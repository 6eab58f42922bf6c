package org.coop4j.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.coop4j.data.ClassHalf;
import org.coop4j.study.BaseNew;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.Outcome;
import org.coop4j.study.PublishedNumbers.Protocol;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Robustness;

/**
 * The papers' numbers for what was run here: of the same backbone where they have it, of another
 * where not, which is always said.
 */
final class PublishedTable implements StudyTable {

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

    /** All comparisons of a study. */
    static List<Comparison> of(StudyView view) {
        List<Comparison> all = new ArrayList<>(fewShot(view));
        all.addAll(baseNew(view));
        view.robustness().forEach(table -> all.addAll(robustness(view, table)));
        return all;
    }

    static List<Comparison> fewShot(StudyView view) {
        return view.fewShot().cells().stream()
                .flatMap(cell -> fewShot(view, cell).stream())
                .toList();
    }

    private static Optional<Comparison> fewShot(StudyView view, Outcome cell) {
        return view.published()
                .fewShot(cell.dataset(), cell.method(), cell.shots(), view.backbone())
                .map(score -> comparison(score, Optional.of(cell)));
    }

    private static Comparison comparison(Score score, Optional<Outcome> cell) {
        return new Comparison(
                score,
                cell.map(Outcome::method),
                cell.map(c -> OptionalDouble.of(c.accuracy())).orElse(OptionalDouble.empty()));
    }

    /**
     * What was measured here.
     *
     * @param trainedOn the dataset learned from
     * @param half the classes tested on
     */
    private record Here(String trainedOn, ClassHalf half, Outcome outcome) {

        boolean isAt(Score score) {
            return half == score.half()
                    && isNamed(outcome.dataset(), score.dataset())
                    && score.isOf(outcome.method())
                    && outcome.shots().equals(score.shots());
        }
    }

    static List<Comparison> baseNew(StudyView view) {
        List<Here> here = new ArrayList<>();
        for (BaseNew.Row row : view.baseNew().rows()) {
            row.base().ifPresent(o -> here.add(new Here(row.dataset(), ClassHalf.BASE, o)));
            row.unseen().ifPresent(o -> here.add(new Here(row.dataset(), ClassHalf.NEW, o)));
        }
        return compare(Protocol.BASE_TO_NEW, view, here);
    }

    static List<Comparison> robustness(StudyView view, Robustness table) {
        List<Here> here = new ArrayList<>();
        for (Robustness.Row row : table.rows()) {
            Stream.concat(row.onSource().stream(), row.onTargets().values().stream())
                    .forEach(o -> here.add(new Here(table.source(), ClassHalf.ALL, o)));
        }
        return compare(Protocol.ROBUSTNESS, view, here);
    }

    /** The numbers of the methods that were run, on datasets that were tested or learned from. */
    private static List<Comparison> compare(Protocol protocol, StudyView view, List<Here> here) {
        List<Comparison> all = new ArrayList<>();
        List<MethodLabel> run = here.stream().map(h -> h.outcome.method()).toList();
        for (Score score : best(protocol, view, run)) {
            List<Here> there =
                    here.stream().filter(h -> isNamed(h.trainedOn, score.trainedOn())).toList();
            boolean onSource = score.dataset().equals(score.trainedOn());
            if (there.stream()
                    .anyMatch(h -> onSource || isNamed(h.outcome.dataset(), score.dataset()))) {
                Optional<Here> same = there.stream().filter(h -> h.isAt(score)).findFirst();
                all.add(comparison(score, same.map(Here::outcome)));
            }
        }
        return all;
    }

    private record Place(String trainedOn, String dataset, ClassHalf half, String method) {
        static Place of(Score score) {
            return new Place(score.trainedOn(), score.dataset(), score.half(), score.name());
        }
    }

    /**
     * The numbers of the methods that were run, each of the same backbone or else the first that
     * there is. Where none has the settings of a published one, all published ones are taken.
     */
    private static List<Score> best(Protocol protocol, StudyView view, List<MethodLabel> run) {
        List<Score> all = view.published().of(protocol);
        Map<Place, Score> best = new LinkedHashMap<>();
        for (Score score : all) {
            String method = score.method().id();
            boolean anySame =
                    all.stream()
                            .filter(other -> other.method().id().equals(method))
                            .anyMatch(other -> isAny(run, other));
            boolean ofSort = run.stream().anyMatch(label -> label.isOf(score.method()));
            if (isAny(run, score) || (ofSort && !anySame)) {
                best.merge(
                        Place.of(score),
                        score,
                        (known, other) -> closer(known, other, view.backbone()));
            }
        }
        return List.copyOf(best.values());
    }

    private static boolean isAny(List<MethodLabel> run, Score score) {
        return run.stream().anyMatch(score::isOf);
    }

    private static Score closer(Score known, Score other, Optional<String> backbone) {
        return Optional.of(other.backbone()).equals(backbone) ? other : known;
    }

    private static boolean isNamed(String dataset, String benchmark) {
        return DatasetNames.published(dataset).filter(b -> b.name().equals(benchmark)).isPresent();
    }

    /** The published method, with its backbone for people. */
    static Cell method(Score score) {
        return Cell.words(score.name(), score.title() + ", published, " + score.backbone());
    }

    @Override
    public ResultTable records(List<StudyView> views) {
        ResultTable table =
                new ResultTable(
                                "published",
                                "Accuracy in %, published and measured here",
                                "published numbers in italics, with their backbone")
                        .hidden("experiment", "learned_on")
                        .words("tested on", "tested_on")
                        .hidden("classes")
                        .words("method", "method")
                        .numbers("shots", "shots")
                        .numbers("published", "published")
                        .words("backbone", "published_backbone")
                        .hidden("source", "here_model", "here_method")
                        .numbers("here", "here")
                        .numbers("difference", "difference");
        for (StudyView view : views) {
            for (Comparison comparison : of(view)) {
                Score score = comparison.score;
                table.row(
                        Cell.words(experiment(score.protocol())),
                        Cell.words(score.trainedOn()),
                        Cell.words(score.dataset(), place(score)),
                        Cell.words(HandWrittenTable.half(score.half())),
                        Cell.words(score.title()),
                        Cell.shots(score.shots()),
                        Cell.number(score.accuracy()).in(Cell.Style.PUBLISHED),
                        Cell.words(score.backbone()).in(Cell.Style.PUBLISHED),
                        Cell.words(score.source() + ": " + score.place()),
                        Cell.words(view.model()),
                        Cell.words(comparison.ours.map(MethodLabel::id).orElse("")),
                        Cell.number(comparison.accuracy),
                        Cell.points(comparison.difference(view.backbone())));
            }
        }
        return table;
    }

    private static String experiment(Protocol protocol) {
        return protocol.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String place(Score score) {
        String place = DatasetNames.title(score.dataset());
        if (score.half() != ClassHalf.ALL) {
            place += ", " + HandWrittenTable.half(score.half()) + " classes";
        }
        return score.trainedOn().equals(score.dataset())
                ? place
                : place + ", from " + DatasetNames.title(score.trainedOn());
    }

    /** The few-shot numbers; the others stand beside ours in tables of their own. */
    static ResultTable fewShotTable(StudyView view) {
        ResultTable table =
                new ResultTable(
                                "published",
                                "Few-shot accuracy in %",
                                "published, in italics, and measured here")
                        .hidden("model")
                        .words(view.fewShot().datasets().size() < 2 ? "" : "dataset", "dataset")
                        .words("method", "method")
                        .numbers("shots", "shots")
                        .numbers("published")
                        .words("backbone")
                        .numbers("here")
                        .numbers("difference");
        for (Outcome cell : view.fewShot().cells()) {
            fewShot(view, cell)
                    .ifPresent(
                            c ->
                                    table.row(
                                            Cell.words(view.model()),
                                            FewShotTable.dataset(cell.dataset()),
                                            FewShotTable.method(cell.method()),
                                            Cell.shots(cell.shots()),
                                            Cell.number(c.score.accuracy())
                                                    .in(Cell.Style.PUBLISHED),
                                            Cell.words(c.score.backbone()).in(Cell.Style.PUBLISHED),
                                            Cell.number(c.accuracy),
                                            Cell.points(c.difference(view.backbone()))));
        }
        return table;
    }
}
