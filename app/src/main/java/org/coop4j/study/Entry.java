package org.coop4j.study;

import java.util.List;
import org.coop4j.data.ClassHalf;
import org.coop4j.run.RunResult;
import org.coop4j.study.Findings.FinishedRun;

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

    ClassHalf half() {
        return result().half();
    }

    /** All that two results of the same run have in common. */
    List<Object> identity() {
        return List.of(dataset, result().trainedOn(), half(), shots(), method, result().seed());
    }

    /** All that it has in common with runs of other seeds: "DTD (learned on Pets), new classes, coop, 16 shots". */
    String withoutSeed() {
        String classes =
                switch (half()) {
                    case ALL -> "";
                    case BASE -> ", base classes";
                    case NEW -> ", new classes";
                };
        return dataset
                + (run.isTransferred() ? " (learned on " + result().trainedOn() + ")" : "")
                + classes
                + ", "
                + method.id()
                + (shots().equals(Shots.NONE) ? "" : ", " + shots().describe());
    }
}
