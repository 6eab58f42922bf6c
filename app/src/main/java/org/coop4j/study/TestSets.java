package org.coop4j.study;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.coop4j.data.ClassHalf;
import org.coop4j.run.RunResult;

/** Tells apart datasets of one name that are not the same test images. */
final class TestSets {

    private TestSets() {}

    private record Name(String dataset, ClassHalf half) {}

    /** What is known of a run's test images; {@code names} is empty where a result has none. */
    private record TestSet(int images, int classes, List<String> names) {

        static TestSet of(RunResult result) {
            return new TestSet(
                    result.testImages(),
                    result.classes(),
                    result.perClass().stream().map(RunResult.PerClass::name).sorted().toList());
        }

        boolean sameSize(TestSet other) {
            return images == other.images && classes == other.classes;
        }
    }

    /**
     * The dataset's name for each run; longer where runs on other images have the same name.
     *
     * @param notes is told what was told apart
     */
    static List<String> label(List<FinishedRun> runs, Consumer<String> notes) {
        Map<Name, List<TestSet>> sets = new LinkedHashMap<>();
        List<TestSet> ofRun = new ArrayList<>();
        for (FinishedRun run : runs) {
            ofRun.add(TestSet.of(run.result()));
            sets.computeIfAbsent(name(run), n -> new ArrayList<>()).add(TestSet.of(run.result()));
        }
        Map<Name, Map<TestSet, String>> labels = new LinkedHashMap<>();
        sets.forEach((name, all) -> labels.put(name, labels(name, withNames(all), notes)));
        List<String> result = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            Name name = name(runs.get(i));
            TestSet set = withNames(ofRun.get(i), sets.get(name));
            result.add(labels.get(name).get(set));
        }
        return result;
    }

    private static Name name(FinishedRun run) {
        return new Name(run.result().dataset(), run.result().half());
    }

    private static List<TestSet> withNames(List<TestSet> sets) {
        return sets.stream().map(set -> withNames(set, sets)).toList();
    }

    /** A result without classes belongs to the one set of its size, if there is but one. */
    private static TestSet withNames(TestSet set, List<TestSet> all) {
        if (!set.names.isEmpty()) {
            return set;
        }
        List<TestSet> named =
                all.stream()
                        .filter(other -> other.sameSize(set) && !other.names.isEmpty())
                        .distinct()
                        .toList();
        return named.size() == 1 ? named.get(0) : set;
    }

    private static Map<TestSet, String> labels(
            Name name, List<TestSet> all, Consumer<String> notes) {
        List<TestSet> sets = all.stream().distinct().toList();
        Map<TestSet, String> labels = new LinkedHashMap<>();
        if (sets.size() == 1) {
            labels.put(sets.get(0), name.dataset);
            return labels;
        }
        boolean imagesDiffer = sets.stream().map(TestSet::images).distinct().count() > 1;
        boolean classesDiffer = sets.stream().map(TestSet::classes).distinct().count() > 1;
        Set<String> used = new HashSet<>();
        for (TestSet set : sets) {
            List<String> marks = new ArrayList<>();
            if (imagesDiffer) {
                marks.add(String.format(Locale.ROOT, "%,d test images", set.images));
            }
            if (classesDiffer) {
                marks.add(String.format(Locale.ROOT, "%,d classes", set.classes));
            }
            String mark = String.join(", ", marks);
            for (int n = 1; mark.isEmpty() || !used.add(mark); n++) {
                marks.removeIf(m -> m.startsWith("list of classes "));
                marks.add("list of classes " + n);
                mark = String.join(", ", marks);
            }
            labels.put(set, name.dataset + " (" + mark + ")");
        }
        notes.accept(
                name.dataset
                        + ": runs on different test images have this name and are shown apart: "
                        + sets.stream()
                                .map(set -> mention(labels.get(set), set, all))
                                .collect(Collectors.joining("; ")));
        return labels;
    }

    private static String mention(String label, TestSet set, List<TestSet> all) {
        long runs = all.stream().filter(set::equals).count();
        return label + ", " + runs + (runs == 1 ? " run" : " runs");
    }
}
