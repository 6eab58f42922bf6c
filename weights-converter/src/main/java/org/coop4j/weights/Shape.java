package org.coop4j.weights;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The dimensions of a tensor, outermost first; no dimensions mean a scalar.
 *
 * @param dims sizes, each at least 0, whose product fits in a {@code long}
 */
public record Shape(List<Long> dims) {
    /** More dimensions than PyTorch itself allows. */
    static final int MAX_RANK = 64;

    private static final Shape SCALAR = new Shape(List.of());

    /** Checks the sizes and their product. */
    public Shape {
        dims = List.copyOf(dims);
        if (dims.size() > MAX_RANK) {
            throw new IllegalArgumentException("a tensor of " + dims.size() + " dimensions; at most " + MAX_RANK);
        }
        for (long dim : dims) {
            if (dim < 0) {
                throw new IllegalArgumentException("a negative dimension in shape " + dims);
            }
        }
        product(dims);
    }

    /** The shape with these sizes. */
    public static Shape of(long... dims) {
        return new Shape(Arrays.stream(dims).boxed().toList());
    }

    /** The shape of a single number. */
    public static Shape scalar() {
        return SCALAR;
    }

    /** Number of dimensions. */
    public int rank() {
        return dims.size();
    }

    /** Size of dimension {@code axis}, counted from 0. */
    public long dim(int axis) {
        return dims.get(axis);
    }

    /** The sizes, outermost first. */
    public long[] toArray() {
        return dims.stream().mapToLong(Long::longValue).toArray();
    }

    /** Number of elements: the product of the sizes, 1 for a scalar. */
    public long elements() {
        return product(dims);
    }

    /**
     * Bytes that the elements take.
     *
     * @throws IllegalArgumentException when that exceeds a {@code long}
     */
    public long bytes(DType dtype) {
        try {
            return Math.multiplyExact(elements(), (long) dtype.bytes());
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("shape " + this + " overflows", e);
        }
    }

    /** Steps in elements between neighbours along each dimension of a row-major tensor. */
    public long[] rowMajorStrides() {
        long[] strides = new long[rank()];
        long step = 1;
        for (int axis = rank() - 1; axis >= 0; axis--) {
            strides[axis] = step;
            step *= Math.max(1, dim(axis));
        }
        return strides;
    }

    /** The shape with its two dimensions exchanged. */
    Shape transposed() {
        return of(dim(1), dim(0));
    }

    @Override
    public String toString() {
        return dims.toString();
    }

    private static long product(List<Long> dims) {
        if (dims.contains(0L)) {
            return 0;
        }
        long product = 1;
        for (long dim : dims) {
            try {
                product = Math.multiplyExact(product, dim);
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("shape " + new ArrayList<>(dims) + " overflows", e);
            }
        }
        return product;
    }
}
