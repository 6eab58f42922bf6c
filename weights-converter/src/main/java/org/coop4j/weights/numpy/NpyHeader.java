package org.coop4j.weights.numpy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;

/**
 * What stands before the elements of an array (NumPy Enhancement Proposal 1, versions 1 to 3 of the
 * format): a Python literal with the element type, the order and the shape.
 *
 * @param bytes from the start of the array's file to its elements
 * @param columnMajor whether the first index changes fastest
 */
record NpyHeader(DType dtype, Shape shape, boolean columnMajor, int bytes) {

    /** NumPy itself reads no more of an untrusted file. */
    private static final int MAX_BYTES = 10_000;

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final Pattern LITERAL =
            Pattern.compile("\\{\\s*'descr':\\s*'([^']{1,20})',\\s*'fortran_order':\\s*(True|False),"
                    + "\\s*'shape':\\s*\\(([\\d, ]*)\\),?\\s*\\}\\s*");

    /**
     * Reads the header of an array.
     *
     * @param name the array's, for messages
     * @throws InputException when it breaks the format, or its elements are no numbers or texts
     */
    static NpyHeader read(String name, FileRegion array) throws IOException {
        byte[] start = array.slice(0, Math.min(12, array.length())).bytes();
        for (int i = 0; i < MAGIC.length; i++) {
            if (start.length < 12 || start[i] != MAGIC[i]) {
                throw problem(array, name, "is not in NumPy's format");
            }
        }
        ByteBuffer prefix = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN);
        boolean first = start[6] == 1;
        long length = first ? prefix.getShort(8) & 0xffff : Integer.toUnsignedLong(prefix.getInt(8));
        int from = first ? 10 : 12;
        if (length > MAX_BYTES || length > array.length() - from) {
            throw problem(array, name, "has a header of " + length + " bytes");
        }
        String literal = new String(array.slice(from, length).bytes(), StandardCharsets.ISO_8859_1);
        Matcher parts = LITERAL.matcher(literal);
        if (!parts.matches()) {
            throw problem(array, name, "has a header that is none of a plain array: " + literal.strip());
        }
        try {
            Shape shape = shape(parts.group(3));
            return of(array, name, parts, shape, (int) (from + length));
        } catch (IllegalArgumentException e) {
            throw new InputException("%s: array %s: %s".formatted(array.file(), name, e.getMessage()), e);
        }
    }

    private static NpyHeader of(FileRegion array, String name, Matcher parts, Shape shape, int bytes)
            throws InputException {
        String descr = parts.group(1);
        boolean columnMajor = parts.group(2).equals("True") && shape.rank() > 1;
        if (descr.matches("<U\\d{1,6}")) {
            if (columnMajor) {
                throw problem(array, name, "has texts in column-major order");
            }
            List<Long> codePoints = new ArrayList<>(shape.dims());
            codePoints.add(Long.parseLong(descr.substring(2)));
            return new NpyHeader(DType.U32, new Shape(codePoints), false, bytes);
        }
        DType dtype =
                switch (descr) {
                    case "<f8" -> DType.F64;
                    case "<f4" -> DType.F32;
                    case "<f2" -> DType.F16;
                    case "<i8" -> DType.I64;
                    case "<i4" -> DType.I32;
                    case "<i2" -> DType.I16;
                    case "|i1" -> DType.I8;
                    case "<u8" -> DType.U64;
                    case "<u4" -> DType.U32;
                    case "<u2" -> DType.U16;
                    case "|u1" -> DType.U8;
                    case "|b1" -> DType.BOOL;
                    case "|O" -> throw problem(array, name, "holds Python objects, which are never loaded");
                    default ->
                        throw problem(
                                array,
                                name,
                                "has elements of type " + descr + ": expected little-endian numbers or texts");
                };
        return new NpyHeader(dtype, shape, columnMajor, bytes);
    }

    private static Shape shape(String text) {
        List<Long> dims = new ArrayList<>();
        for (String dim : text.split(",", -1)) {
            if (!dim.isBlank()) {
                if (!dim.strip().matches("\\d{1,18}")) {
                    throw new IllegalArgumentException("not a shape: (" + text + ")");
                }
                dims.add(Long.parseLong(dim.strip()));
            }
        }
        return new Shape(dims);
    }

    /** Steps in elements along each dimension. */
    long[] strides() {
        long[] strides = new long[shape.rank()];
        long step = 1;
        for (int i = 0; i < strides.length; i++) {
            int axis = columnMajor ? i : strides.length - 1 - i;
            strides[axis] = step;
            step *= Math.max(1, shape.dim(axis));
        }
        return strides;
    }

    static InputException problem(FileRegion array, String name, String what) {
        return InputException.in(array.file(), "array " + name + " " + what);
    }
}
