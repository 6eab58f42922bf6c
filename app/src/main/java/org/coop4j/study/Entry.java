package org.coop4j.study;

import org.coop4j.data.ClassHalf;
import org.coop4j.run.RunResult;

/**
 * A run under the names that the tables give it.
 *
 * @param run the run
 * @param dataset the test data's name, with more where one name stands for several sets of images
 * @param method the method, told apart from others of its name
 */
public record Entry(FinishedRun run, String dataset, MethodLabel method) {

    RunResult result() {
        return run.result();
    }

    Shots shots() {
        return method.isWithoutTraining() ? Shots.NONE : run.shots();
    }

    /** All that two runs of different seeds have in common. */
    Group group() {
        return new Group(dataset, run.isTransferred() ? result().trainedOn() : "", half(), shots());
    }

    ClassHalf half() {
        return result().half();
    }

    /**
     * What was tested on what.
     *
     * @param dataset the test data
     * @param source where a transferred context was learned, else empty
     * @param half the classes tested on
     * @param shots training images a class
     */
    record Group(String dataset, String source, ClassHalf half, Shots shots) {

        String describe(MethodLabel method) {
            String data = source.isEmpty() ? dataset : dataset + " (learned on " + source + ")";
            String classes =
                    switch (half) {
                        case ALL -> "";
                        case BASE -> ", base classes";
                        case NEW -> ", new classes";
                    };
            String amount = shots.equals(Shots.NONE) ? "" : ", " + shots.describe();
            return data + classes + ", " + method.id() + amount;
        }
    }
}
