package org.coop4j.weights.pickle;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.weights.pickle.Unpickler.Tuple;

/** The stack of the pickle machine; a mark stands below the values of each open container. */
final class PickleStack {
    private static final Object MARK = new Object();
    private static final int MAX_MARKS = 1_000;

    private final Budget budget;
    private final List<Object> values = new ArrayList<>();
    private int marks;

    PickleStack(Budget budget) {
        this.budget = budget;
    }

    void push(Object value) {
        values.add(value);
    }

    Object peek() throws IOException {
        Object top = values.isEmpty() ? MARK : values.get(values.size() - 1);
        if (top == MARK) {
            throw budget.problem("takes more than it put on the stack");
        }
        return top;
    }

    Object pop() throws IOException {
        Object top = peek();
        values.remove(values.size() - 1);
        return top;
    }

    /** Removes the top value or mark. */
    void discard() throws IOException {
        if (marks > 0 && values.get(values.size() - 1) == MARK) {
            popToMark();
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
        if (marks == MAX_MARKS) {
            throw budget.problem("nests more than " + MAX_MARKS + " containers");
        }
        marks++;
        values.add(MARK);
    }

    List<Object> popToMark() throws IOException {
        if (marks == 0) {
            throw budget.problem("closes a container that it did not open");
        }
        marks--;
        List<Object> open = values.subList(values.lastIndexOf(MARK), values.size());
        List<Object> items = new ArrayList<>(open.subList(1, open.size()));
        open.clear();
        return items;
    }
}
