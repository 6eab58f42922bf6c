package org.coop4j.weights;

import java.util.Arrays;
import java.util.List;
import org.coop4j.base.Require;

/**
 * The dimensions of a tensor, outermost first; a scalar has none.
 *
 * @param dims sizes, each at least 0, whose product fits in a {@code long}
 */
public record Shape(List<Long> dims) {
    /** More dimensions than PyTorch itself allows. */
    public static final int MAX_RANK = 64;

    /** Checks the sizes and their product. */
    public Shape {
        dims = List.copyOf(dims);
        Require.that(dims.size() <= MAX_RANK, "expected at most %d dimensions, got %d", MAX_RANK, dims.size());
        Require.that(dims.stream().allMatch(dim -> dim >= 0), "a negative dimension in shape %s", dims);
        product(dims, 1);
    }

    /** Returns the shape with these sizes; without any, that of a single number. */
    public static Shape of(long... dims) {
        return new Shape(Arrays.stream(dims).boxed().toList());
    }

    /** Returns the number of dimensions. */
    public int rank() {
        return dims.size();
    }

    /** Returns the size of dimension {@code axis}, counted from 0. */
    public long dim(int axis) {
        return dims.get(axis);
    }

    /** Returns the sizes, outermost first. */
    public long[] toArray() {
        return dims.stream().mapToLong(Long::longValue).toArray();
    }

    /** Returns the number of elements: the product of the sizes, 1 for a scalar. */
    public long elements() {
        return product(dims, 1);
    }

    /**
     * Returns the size of the elements in bytes.
     *
     * @throws IllegalArgumentException if it exceeds a {@code long}
     */
    public long bytes(DType dtype) {
        return product(dims, dtype.bytes());
    }

    /** Returns the steps in elements between neighbours along each dimension of a row-major tensor. */
    public long[] rowMajorStrides() {
        long[] strides = new long[rank()];
        long step = 1;
        for (int axis = rank() - 1; axis >= 0; axis--) {
            strides[axis] = step;
            step *= Math.max(1, dim(axis));
        }
        return strides;
    }

    @Override
    public String toString() {
        return dims.toString();
    }

    private static long product(List<Long> dims, long each) {
        if (dims.contains(0L)) {
            return 0;
        }
        try {
            return dims.stream().reduce(each, Math::multiplyExact);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("shape " + dims + " overflows", e);
        }
    }
}
