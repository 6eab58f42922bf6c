package org.coop4j.weights.pickle;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.weights.pickle.Python.Tuple;

/** The stack of the pickle machine, with the marks at which its open containers begin. */
final class PickleStack {
    private final Budget budget;
    private final List<Integer> marks = new ArrayList<>();
    private final List<Object> values = new ArrayList<>();

    PickleStack(Budget budget) {
        this.budget = budget;
    }

    void push(Object value) {
        values.add(value);
    }

    private int floor() {
        return marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
    }

    Object peek() throws IOException {
        if (values.size() <= floor()) {
            throw budget.problem("takes more than it put on the stack");
        }
        return values.get(values.size() - 1);
    }

    Object pop() throws IOException {
        Object top = peek();
        values.remove(values.size() - 1);
        return top;
    }

    /** Removes the top value, or the top mark if no value lies above it. */
    void discard() throws IOException {
        if (values.size() == floor() && !marks.isEmpty()) {
            marks.remove(marks.size() - 1);
        } else {
            pop();
        }
    }

    Tuple popTuple() throws IOException {
        if (pop() instanceof Tuple tuple) {
            return tuple;
        }
        throw budget.problem("calls with arguments that are not a tuple");
    }

    /** Pops {@code count} values into a tuple, in the order in which they were pushed. */
    Tuple popTuple(int count) throws IOException {
        Object[] items = new Object[count];
        for (int i = count - 1; i >= 0; i--) {
            items[i] = pop();
        }
        return Tuple.of(items);
    }

    void mark() throws IOException {
        int most = budget.limits().maxMarks();
        if (marks.size() == most) {
            throw budget.problem("nests more than " + most + " containers");
        }
        marks.add(values.size());
    }

    List<Object> popToMark() throws IOException {
        if (marks.isEmpty()) {
            throw budget.problem("closes a container that it did not open");
        }
        List<Object> open = values.subList(marks.remove(marks.size() - 1), values.size());
        List<Object> items = new ArrayList<>(open);
        open.clear();
        return items;
    }
}
