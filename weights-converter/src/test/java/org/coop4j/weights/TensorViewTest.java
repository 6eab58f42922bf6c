package org.coop4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.base.OpenFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorViewTest {
    @TempDir
    private Path folder;

    private final List<OpenFile> files = new ArrayList<>();

    @AfterEach
    void closeFiles() throws IOException {
        for (OpenFile file : files) {
            file.close();
        }
    }

    private FileRegion region(ByteBuffer contents) throws IOException {
        Path file = folder.resolve("storage");
        byte[] bytes = new byte[contents.capacity()];
        contents.clear().get(bytes);
        Files.write(file, bytes);
        OpenFile open = OpenFile.open(file);
        files.add(open);
        return open.region();
    }

    private FileRegion floats(int count) throws IOException {
        ByteBuffer contents = littleEndian(count * Float.BYTES);
        for (int i = 0; i < count; i++) {
            contents.putFloat(i);
        }
        return region(contents);
    }

    private static ByteBuffer littleEndian(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void aRowIsAViewOfTheInnerDimensions() throws IOException {
        TensorView view = TensorView.contiguous("t", DType.F32, Shape.of(2, 3), floats(6));
        assertThat(view.row(1).floats()).containsExactly(3, 4, 5);
        assertThat(view.transposed().row(2).floats()).containsExactly(2, 5);
        assertThat(view.row(1).row(2).floats()).containsExactly(5);
        for (long outside : new long[] {-1, 2}) {
            assertThrown(() -> view.row(outside), "has no row " + outside);
        }
        assertThrown(() -> view.row(0).row(0).row(0), "has no row 0");
    }

    @Test
    void aTransposedMatrixLargerThanTheChunkIsWhole() throws IOException {
        int rows = 300;
        int columns = 700;
        TensorView view = TensorView.contiguous("t", DType.F32, Shape.of(rows, columns), floats(rows * columns));
        float[] transposed = view.transposed().floats();
        for (int c = 0; c < columns; c++) {
            for (int r = 0; r < rows; r++) {
                assertThat(transposed[c * rows + r]).isEqualTo((float) (r * columns + c));
            }
        }
    }

    @Test
    void aScalarAndAnEmptyTensorAreRead() throws IOException {
        FileRegion storage = floats(3);
        TensorView scalar = TensorView.strided("s", DType.F32, Shape.of(), storage, 2);
        assertThat(scalar.floats()).containsExactly(2);
        TensorView empty = TensorView.strided("e", DType.F32, Shape.of(0, 5), storage, 0, 5, 1);
        assertThat(empty.floats()).isEmpty();
    }

    @Test
    void halvesBfloat16sAndDoublesBecomeSingles() throws IOException {
        ByteBuffer halves = littleEndian(4).putShort((short) 0x3c00).putShort((short) 0x0001);
        assertThat(TensorView.contiguous("h", DType.F16, Shape.of(2), region(halves))
                        .floats())
                .containsExactly(1, 0x1p-24f);
        ByteBuffer bfloats = littleEndian(4).putShort((short) 0xbf80).putShort((short) 0x4049);
        assertThat(TensorView.contiguous("b", DType.BF16, Shape.of(2), region(bfloats))
                        .floats())
                .containsExactly(-1, 3.140625f);
        ByteBuffer doubles = littleEndian(8).putDouble(0.1);
        assertThat(TensorView.contiguous("d", DType.F64, Shape.of(1), region(doubles))
                        .floats())
                .containsExactly(0.1f);
    }

    @Test
    void integersKeepOrLoseTheirSignAsTheirTypeSays() throws IOException {
        ByteBuffer bytes = littleEndian(8).putLong(-1);
        FileRegion storage = region(bytes);
        assertThat(longs(DType.I64, storage)).containsExactly(-1);
        assertThat(longs(DType.I32, storage)).containsExactly(-1);
        assertThat(longs(DType.U32, storage)).containsExactly(0xffff_ffffL);
        assertThat(longs(DType.I16, storage)).containsExactly(-1);
        assertThat(longs(DType.U16, storage)).containsExactly(0xffff);
        assertThat(longs(DType.I8, storage)).containsExactly(-1);
        assertThat(longs(DType.U8, storage)).containsExactly(255);
    }

    private static long[] longs(DType dtype, FileRegion storage) throws IOException {
        return TensorView.strided("i", dtype, Shape.of(1), storage, 0, 1).longs();
    }

    @Test
    void floatsAreNotReadAsIntegersNorTheOtherWayRound() throws IOException {
        TensorView floats = TensorView.contiguous("f", DType.F32, Shape.of(2), floats(2));
        assertThrown(InputException.class, floats::longs, "tensor f holds F32");
        TensorView longs = TensorView.strided("l", DType.I64, Shape.of(1), floats(2), 0, 1);
        assertThrown(InputException.class, longs::floats, "tensor l holds I64");
    }

    @Test
    void aTensorThatReachesBeyondItsStorageIsRefused() throws IOException {
        FileRegion storage = floats(24);
        assertRefused(storage, Shape.of(25), 0, 1);
        assertRefused(storage, Shape.of(24), 1, 1);
        assertRefused(storage, Shape.of(4, 6), 0, 7, 1);
        assertRefused(storage, Shape.of(2), 0, -1);
        assertRefused(storage, Shape.of(2), -1, 1);
        assertRefused(storage, Shape.of(2, 2), 0, 1);
        assertRefused(storage, Shape.of(1L << 40, 3), 0, 1L << 60, 1);
        assertRefused(storage, Shape.of(3), 0, Long.MAX_VALUE);
    }

    @Test
    void aTensorExpandedFarBeyondItsStorageIsRefused() throws IOException {
        FileRegion storage = floats(1);
        assertRefused(storage, Shape.of(1L << 40), 0, 0);
        assertThat(TensorView.strided("e", DType.F32, Shape.of(1000), storage, 0, 0)
                        .floats())
                .containsOnly(0f);
    }

    private static void assertRefused(FileRegion storage, Shape shape, long offset, long... strides) {
        assertThrown(
                InputException.class,
                () -> TensorView.strided("bad", DType.F32, shape, storage, offset, strides),
                "tensor bad");
    }

    @Test
    void aShapeWhoseProductOverflowsIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Shape.of(1L << 32, 1L << 32));
        assertThatIllegalArgumentException().isThrownBy(() -> Shape.of(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> Shape.of(1L << 61).bytes(DType.F32));
        assertThat(Shape.of(0, 1L << 62, 1L << 62).elements()).isZero();
        assertThat(Shape.of().elements()).isEqualTo(1);
    }

    @Test
    void everyHalfHasItsIeeeValue() {
        for (int bits = 0; bits < 0x7c00; bits++) {
            int exponent = bits >>> 10;
            double fraction = (bits & 0x3ff) / 1024.0;
            double value = exponent == 0 ? Math.scalb(fraction, -14) : Math.scalb(1 + fraction, exponent - 15);
            assertThat(HalfFloats.fromHalf((short) bits)).isEqualTo((float) value);
            assertThat(HalfFloats.toHalf((float) value)).isEqualTo((short) bits);
            assertThat(HalfFloats.fromHalf((short) (bits | 0x8000))).isEqualTo((float) -value);
        }
        assertThat(HalfFloats.fromHalf((short) 0x7c00)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(HalfFloats.fromHalf((short) 0xfc00)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(HalfFloats.fromHalf((short) 0x7c01)).isNaN();
        assertThat(1 / HalfFloats.fromHalf((short) 0x8000)).isEqualTo(Float.NEGATIVE_INFINITY);
    }

    @Test
    void roundingGoesToTheNearestHalfAndTiesToEven() {
        for (int bits = 0; bits < 0x7bff; bits++) {
            float low = HalfFloats.fromHalf((short) bits);
            float high = HalfFloats.fromHalf((short) (bits + 1));
            float middle = (low + high) / 2;
            int even = (bits & 1) == 0 ? bits : bits + 1;
            assertThat(HalfFloats.toHalf(middle)).isEqualTo((short) even);
            assertThat(HalfFloats.toHalf(Math.nextDown(middle))).isEqualTo((short) bits);
            assertThat(HalfFloats.toHalf(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
        }
        assertThat(HalfFloats.toHalf(65519.996f)).isEqualTo((short) 0x7bff);
        assertThat(HalfFloats.toHalf(65520f)).isEqualTo((short) 0x7c00);
        assertThat(HalfFloats.toHalf(1e9f)).isEqualTo((short) 0x7c00);
        assertThat(HalfFloats.toHalf(-1e-10f)).isEqualTo((short) 0x8000);
    }

    @Test
    void bfloat16KeepsTheUpperHalfOfASingle() {
        assertThat(HalfFloats.fromBfloat16((short) 0x3fc0)).isEqualTo(1.5f);
        assertThat(HalfFloats.toBfloat16(1.5f)).isEqualTo((short) 0x3fc0);
        // 1 + 2^-8 lies between 0x3f80 and 0x3f81: the even one wins.
        assertThat(HalfFloats.toBfloat16(1 + 0x1p-8f)).isEqualTo((short) 0x3f80);
        assertThat(HalfFloats.toBfloat16(1 + 3 * 0x1p-8f)).isEqualTo((short) 0x3f82);
        assertThat(HalfFloats.fromBfloat16(HalfFloats.toBfloat16(Float.NaN))).isNaN();
        assertThat(HalfFloats.toBfloat16(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
    }
}
