package org.coop4j.bench;

import static org.coop4j.cli.BenchCommand.DEFAULT;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Progress;
import org.coop4j.cli.BenchCommand.Subject;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.DataSpec;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.Predictions;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.Trainer;
import org.coop4j.pool.Acceptance;
import org.coop4j.pool.Pool;
import org.coop4j.pool.Pool.Answers;
import org.coop4j.pool.Pool.Evidence;
import org.coop4j.pool.Pool.Question;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pool}: what pictures without labels add to the answers. */
@Command(
        name = "pool",
        description = {
            "Measure what pictures without labels add.",
            "",
            "A random half of the images is the pool; of the other half some are labelled (ProKeR learns from them). Joint"
                    + " answers beside answers one by one, strangers (a third of the classes), answers accepted at 90 % with"
                    + " 200 checked pictures, and labels asked by their use or at random."
        },
        footer = "  pool -m coop4j-small -d photographs")
final class PoolCommand extends ConsoleCommand {

    private static final List<Integer> SHOTS = List.of(0, 1, 4, 16);
    private static final int CHECKED = 200;
    private static final int ASKED = 12;
    private static final int MOST_BLOCKS = 32;

    @Mixin
    private Subject subject;

    @Option(names = "-d", required = true, paramLabel = "DIR", description = "A folder of labelled images.")
    private Path folder;

    @Option(names = "--draws", paramLabel = "N", description = "Draws" + DEFAULT)
    private int draws = 5;

    private Clip clip;
    private List<String> names;
    private FeatureMatrix texts;
    private FeatureMatrix units;
    private int[] labels;

    /** A pool, and labelled pictures beside it. */
    private static final class Halves {

        private final int[] pool;
        private final int[] others;

        Halves(List<Integer> order) {
            int half = order.size() / 2;
            pool = ints(order.subList(0, half));
            others = ints(order.subList(half, order.size()));
        }
    }

    @Override
    public Integer call() throws IOException {
        try (Clip opened = Clip.open(subject.file(console))) {
            clip = opened;
            read();
            for (int shots : SHOTS) {
                answers(shots);
            }
            blocks();
            strangers();
            labels();
        }
        return 0;
    }

    private void read() throws IOException {
        Images images =
                new Images(clip, Run.Options.of(CacheFolder.of(System.getenv()).resolve("bank")));
        ImageDataset data = images.dataset(DataSpec.of(folder), 1);
        List<LabelledImage> all = Arrays.stream(Split.values())
                .flatMap(split -> data.images(split).stream())
                .distinct()
                .toList();
        FeatureSet features = images.pictures(all, "images", console).features(FeatureKind.EMBEDDED);
        names = data.classNames();
        units = features.matrix().normalized();
        labels = features.labels();
        texts = PromptEnsemble.of("a photo of a {}.").classWeights(clip, names);
    }

    private Halves halves(int draw) {
        List<Integer> order = IntStream.range(0, labels.length).boxed().collect(Collectors.toList());
        Collections.shuffle(order, new Random(draw));
        return new Halves(order);
    }

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    private FeatureSet few(int[] rows, int shots) {
        Map<Integer, Integer> seen = new HashMap<>();
        return some(IntStream.of(rows)
                .filter(row -> seen.merge(labels[row], 1, Integer::sum) <= shots)
                .toArray());
    }

    private FeatureSet some(int[] rows) {
        return FeatureSet.of(units.rows(rows), IntStream.of(rows).map(row -> labels[row]));
    }

    private FeatureMatrix logits(FeatureSet labelled, FeatureMatrix pictures) throws IOException {
        if (labelled.size() == 0) {
            return pictures.products(texts).times(clip.logitScale());
        }
        Method method = Method.fewShot();
        FewShotFeatures data = new FewShotFeatures(labelled, FeatureSet.none(labelled.width()));
        Task task = new Task(names, "a photo of a {}.", 1);
        try (Classifier learned = method.learner(clip, task).fit(data, new Trainer(method.training(1), 1))) {
            return learned.logits(pictures);
        }
    }

    private static int[] answered(FeatureMatrix logits) {
        return Predictions.argmax(logits.toRows());
    }

    private double right(int[] answers, int[] rows) {
        return 100.0
                * IntStream.range(0, rows.length)
                        .filter(i -> answers[i] == labels[rows[i]])
                        .count()
                / rows.length;
    }

    private void print(String what, double... values) {
        console.print(what + Arrays.stream(values).mapToObj(" %.1f"::formatted).collect(Collectors.joining()));
    }

    private void answers(int shots) throws IOException {
        double[] sums = new double[4];
        double worst = Double.POSITIVE_INFINITY;
        for (int draw = 1; draw <= draws; draw++) {
            Halves halves = halves(draw);
            FeatureMatrix pictures = units.rows(halves.pool);
            FeatureSet labelled = few(halves.others, shots);
            Pool pool = Pool.of(pictures, Progress.NONE);
            Answers answers = pool.joint(
                    Evidence.of(logits(labelled, pictures)).texts(texts).labelled(labelled), Progress.NONE);
            double alone = right(answers.alone(), halves.pool);
            double joint = right(answers.labels(), halves.pool);
            worst = Math.min(worst, joint - alone);
            int[] checked =
                    IntStream.range(0, Math.min(CHECKED, pictures.rows())).toArray(); // the order is random
            boolean[] correct = new boolean[checked.length];
            IntStream.of(checked).forEach(i -> correct[i] = answers.labels()[i] == labels[halves.pool[i]]);
            Acceptance acceptance = Acceptance.of(answers.confidences(), checked, correct, 0.1, 0.05);
            int[] accepted = IntStream.range(0, pictures.rows())
                    .filter(i -> acceptance.accepts(answers.confidences()[i]))
                    .toArray();
            long wrong = IntStream.of(accepted)
                    .filter(i -> answers.labels()[i] != labels[halves.pool[i]])
                    .count();
            sums[0] += alone;
            sums[1] += joint - alone;
            sums[2] += 100.0 * accepted.length / pictures.rows();
            sums[3] += accepted.length == 0 ? 0 : 100.0 * wrong / accepted.length;
        }
        print(
                "%d shots: one by one, joint, worst, accepted, wrong of them:".formatted(shots),
                sums[0] / draws,
                sums[1] / draws,
                worst,
                sums[2] / draws,
                sums[3] / draws);
    }

    /** Answers the pool in blocks of fewer pictures, without labels. */
    private void blocks() {
        for (int parts = 1; parts <= MOST_BLOCKS; parts *= 2) {
            double gain = 0;
            int size = 0;
            for (int draw = 1; draw <= draws; draw++) {
                int[] pool = halves(draw).pool;
                size = (pool.length + parts - 1) / parts;
                for (int from = 0; from < pool.length; from += size) {
                    int[] block = Arrays.copyOfRange(pool, from, Math.min(from + size, pool.length));
                    FeatureMatrix pictures = units.rows(block);
                    FeatureMatrix logits = pictures.products(texts).times(clip.logitScale());
                    Answers answers = Pool.of(pictures, Progress.NONE)
                            .joint(Evidence.of(logits).texts(texts), Progress.NONE);
                    gain += (right(answers.labels(), block) - right(answers.alone(), block))
                            * block.length
                            / pool.length
                            / draws;
                }
            }
            print("blocks of %d: joint over one by one:".formatted(size), gain);
        }
    }

    private void strangers() throws IOException {
        double[] sums = new double[3];
        for (int draw = 1; draw <= draws; draw++) {
            Random random = new Random(draw);
            List<Integer> order = IntStream.range(0, names.size()).boxed().collect(Collectors.toList());
            Collections.shuffle(order, random);
            int[] own = ints(order.subList(0, names.size() * 2 / 3));
            Map<Integer, Integer> number = new HashMap<>();
            IntStream.range(0, own.length).forEach(k -> number.put(own[k], k));
            Halves halves = halves(draw);
            FeatureMatrix pictures = units.rows(halves.pool);
            FeatureMatrix some = texts.rows(own);
            FeatureMatrix logits = pictures.products(some).times(clip.logitScale());
            Pool pool = Pool.of(pictures, Progress.NONE);
            double[] ownness = pool.ownness(logits, clip.logitScale());
            boolean[] isOwn = new boolean[halves.pool.length];
            IntStream.range(0, isOwn.length).forEach(i -> isOwn[i] = number.containsKey(labels[halves.pool[i]]));
            Answers answers = pool.joint(Evidence.of(logits).texts(some), Progress.NONE);
            int[] ofClasses =
                    IntStream.range(0, isOwn.length).filter(i -> isOwn[i]).toArray();
            sums[0] += auroc(ownness, isOwn);
            sums[1] += share(ofClasses, i -> answers.alone()[i] == number.get(labels[halves.pool[i]]) ? 1 : 0);
            sums[2] += share(ofClasses, i -> answers.labels()[i] == number.get(labels[halves.pool[i]]) ? 1 : 0);
        }
        print("a third strangers: AUROC, one by one, joint:", sums[0] / draws, sums[1] / draws, sums[2] / draws);
    }

    private static double share(int[] rows, ToDoubleFunction<Integer> right) {
        return 100
                * IntStream.of(rows).mapToDouble(right::applyAsDouble).average().orElse(0);
    }

    private static double auroc(double[] scores, boolean[] positive) {
        Integer[] order = IntStream.range(0, scores.length).boxed().toArray(Integer[]::new);
        Arrays.sort(order, (a, b) -> Double.compare(scores[a], scores[b]));
        double sum = 0;
        long count = 0;
        for (int rank = 0; rank < order.length; rank++) {
            if (positive[order[rank]]) {
                sum += rank + 1;
                count++;
            }
        }
        return 100 * (sum - count * (count + 1) / 2.0) / (count * (scores.length - count));
    }

    private void labels() throws IOException {
        int most = 8 * names.size();
        Map<Integer, double[]> curve = new HashMap<>();
        for (int draw = 1; draw <= draws; draw++) {
            Halves halves = halves(draw);
            Pool pool = Pool.of(units.rows(halves.pool), Progress.NONE);
            FeatureMatrix tests = units.rows(halves.others);
            Map<Integer, Integer> answered = new HashMap<>();
            List<Integer> asked = new ArrayList<>();
            while (asked.size() < most && asked.size() < pool.size()) {
                FeatureMatrix logits = logits(some(rows(asked, halves)), pool.units());
                List<Question> next = pool.next(logits, clip.logitScale(), answered, ASKED);
                for (Question one : next) {
                    answered.put(one.row(), labels[halves.pool[one.row()]]);
                    asked.add(one.row());
                }
            }
            for (int budget = Math.max(ASKED, names.size() / 2); budget <= most; budget *= 2) {
                List<Integer> chosen = asked.subList(0, Math.min(budget, asked.size()));
                List<Integer> random = IntStream.range(0, chosen.size()).boxed().toList();
                double[] sums = curve.computeIfAbsent(budget, b -> new double[2]);
                sums[0] += right(answered(logits(some(rows(random, halves)), tests)), halves.others) / draws;
                sums[1] += right(answered(logits(some(rows(chosen, halves)), tests)), halves.others) / draws;
            }
        }
        curve.keySet().stream()
                .sorted()
                .forEach(budget -> print(budget + " labels: random, asked:", curve.get(budget)));
    }

    private static int[] rows(List<Integer> pool, Halves halves) {
        return pool.stream().mapToInt(row -> halves.pool[row]).toArray();
    }
}
