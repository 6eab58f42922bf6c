package org.coop4j.study;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import org.coop4j.base.Numbers;
import org.coop4j.study.Outcomes.Setup;

/**
 * The datasets and methods over which averages are made: all averages are over the same datasets,
 * so that they can be compared. A method that half of the datasets or fewer have is not averaged; a
 * dataset that lacks one of the others is left out.
 *
 * @param datasets averaged over; empty if there are fewer than two
 * @param setups averaged
 * @param notes what was left out and why, a sentence each
 */
record CommonDatasets(List<String> datasets, List<Setup> setups, List<String> notes) {

    private static final int MOST_NAMED = 4;

    static CommonDatasets of(
            List<String> datasets, List<Setup> setups, BiPredicate<String, Setup> has) {
        if (datasets.size() < 2) {
            return new CommonDatasets(List.of(), List.of(), List.of());
        }
        List<String> notes = new ArrayList<>();
        List<Setup> averaged = new ArrayList<>();
        List<Setup> rare = new ArrayList<>();
        for (Setup setup : setups) {
            long having = datasets.stream().filter(d -> has.test(d, setup)).count();
            (2 * having > datasets.size() ? averaged : rare).add(setup);
        }
        if (!rare.isEmpty()) {
            notes.add(
                    "not averaged over the "
                            + datasets.size()
                            + " datasets, as half of them or more lack it: "
                            + named(rare));
        }
        List<String> common = new ArrayList<>();
        for (String dataset : datasets) {
            List<Setup> lacking =
                    averaged.stream().filter(setup -> !has.test(dataset, setup)).toList();
            if (lacking.isEmpty()) {
                common.add(dataset);
            } else {
                notes.add("averages leave out " + dataset + ", which lacks " + named(lacking));
            }
        }
        if (common.size() < 2) {
            notes.add("no averages over datasets: fewer than two have all of " + named(averaged));
            return new CommonDatasets(List.of(), List.of(), notes);
        }
        return new CommonDatasets(common, averaged, notes);
    }

    private static String named(List<Setup> setups) {
        return Numbers.some(setups.stream().map(CommonDatasets::name).toList(), MOST_NAMED);
    }

    private static String name(Setup setup) {
        return setup.shots().equals(Shots.NONE)
                ? setup.method().id()
                : setup.method().id() + ", " + setup.shots().describe();
    }
}
