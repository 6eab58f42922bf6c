package org.coop4j.graph.op;

import org.coop4j.graph.host.HostMatrix;

/**
 * The transforms of Winograd's F(2×2, 3×3) on a line of tiles: Bᵀ d B of the input, Aᵀ m A of the
 * result, and A dy Aᵀ for the kernel's gradient.
 *
 * <p>A tile is 2×2 pixels of the result, which 4×4 pixels of the input reach; a line of tiles has
 * every second pixel of a line in one array and the others in another, so that a step of the
 * transform is one long loop over tiles and channels. Planes are numbered 4 · row + column of the
 * transformed tile. One thread at a time.
 */
final class WinogradTiles {

    /** Elements of a transformed tile. */
    static final int PLANES = 16;

    private final Grid grid;
    private final int channels;
    private final int across;
    private final int down;
    private final float[] line;

    /** Padded pixels 2t and 2t + 1 of four lines, t from 0 to {@code across} inclusive. */
    private float[][] even = new float[4][];

    private float[][] odd = new float[4][];
    private final float[][] evenRow = new float[4][];
    private final float[][] oddRow = new float[4][];
    private final float[][] planes = new float[PLANES][];
    private final float[][] left = new float[4][];
    private final float[][] right = new float[4][];

    WinogradTiles(Grid grid, int channels) {
        this.grid = grid;
        this.channels = channels;
        this.across = across(grid);
        this.down = down(grid);
        this.line = new float[grid.width() * channels];
        int n = across * channels;
        for (int i = 0; i < 4; i++) {
            even[i] = new float[n + channels];
            odd[i] = new float[n + channels];
            evenRow[i] = new float[n + channels];
            oddRow[i] = new float[n + channels];
            left[i] = new float[n];
            right[i] = new float[n];
        }
        for (int i = 0; i < PLANES; i++) {
            planes[i] = new float[n];
        }
    }

    /** Tiles in a line. */
    static int across(Grid grid) {
        return (grid.width() + 1) / 2;
    }

    /** Lines of tiles in an image. */
    static int down(Grid grid) {
        return (grid.height() + 1) / 2;
    }

    /**
     * Bᵀ d B of tile line {@code tileLine}, counted over all images.
     *
     * @param x [batch · height · width, channels]
     * @param to [16 · rows, channels], plane after plane
     * @param rows tiles of a plane
     * @param row where the line's first tile goes in each plane
     * @param follows whether the last call had the line before, whose pixels are kept
     */
    void input(HostMatrix x, int tileLine, HostMatrix to, int rows, int row, boolean follows) {
        int image = tileLine / down;
        int y = tileLine % down * 2 - 1;
        boolean keep = follows && tileLine % down > 0;
        if (keep) {
            even = new float[][] {even[2], even[3], even[0], even[1]};
            odd = new float[][] {odd[2], odd[3], odd[0], odd[1]};
        }
        for (int i = keep ? 2 : 0; i < 4; i++) {
            read(x, image, y + i, even[i], odd[i]);
        }
        columns(even, evenRow);
        columns(odd, oddRow);
        int n = across * channels;
        for (int i = 0; i < 4; i++) {
            subtract(evenRow[i], 0, evenRow[i], channels, planes[4 * i], n);
            add(oddRow[i], 0, evenRow[i], channels, planes[4 * i + 1], n);
            subtract(evenRow[i], channels, oddRow[i], 0, planes[4 * i + 2], n);
            subtract(oddRow[i], 0, oddRow[i], channels, planes[4 * i + 3], n);
        }
        put(to, rows, row);
    }

    /** Rows 0 to 3 of Bᵀ d: d0 − d2, d1 + d2, d2 − d1, d1 − d3. */
    private static void columns(float[][] d, float[][] to) {
        int n = d[0].length;
        subtract(d[0], 0, d[2], 0, to[0], n);
        add(d[1], 0, d[2], 0, to[1], n);
        subtract(d[2], 0, d[1], 0, to[2], n);
        subtract(d[1], 0, d[3], 0, to[3], n);
    }

    /** Pixel x of line y is padded pixel x + 1; the array's other entries stay zero. */
    private void read(HostMatrix x, int image, int y, float[] evens, float[] odds) {
        if (y < 0 || y >= grid.height()) {
            java.util.Arrays.fill(evens, 0f);
            java.util.Arrays.fill(odds, 0f);
            return;
        }
        x.get((image * grid.height() + y) * grid.width(), 0, line, line.length);
        for (int pixel = 0; pixel < grid.width(); pixel++) {
            float[] half = (pixel & 1) == 0 ? odds : evens;
            int place = (pixel + 1) / 2 * channels;
            System.arraycopy(line, pixel * channels, half, place, channels);
        }
    }

    /**
     * A dy Aᵀ of a line of tiles; arguments as {@link #input}.
     *
     * @param dy [batch · height · width, channels], the gradient of the result
     */
    void outputGradient(HostMatrix dy, int tileLine, HostMatrix to, int rows, int row) {
        int image = tileLine / down;
        int y = tileLine % down * 2;
        readTiles(dy, image, y, left[0], right[0]);
        readTiles(dy, image, y + 1, left[3], right[3]);
        spread(left);
        spread(right);
        int n = across * channels;
        for (int i = 0; i < 4; i++) {
            System.arraycopy(left[i], 0, planes[4 * i], 0, n);
            add(left[i], 0, right[i], 0, planes[4 * i + 1], n);
            subtract(left[i], 0, right[i], 0, planes[4 * i + 2], n);
            negate(right[i], planes[4 * i + 3], n);
        }
        put(to, rows, row);
    }

    /** From y0 in place 0 and y1 in place 3: y0, y0 + y1, y0 − y1, −y1. */
    private static void spread(float[][] y) {
        int n = y[0].length;
        add(y[0], 0, y[3], 0, y[1], n);
        subtract(y[0], 0, y[3], 0, y[2], n);
        negate(y[3], y[3], n);
    }

    private void readTiles(HostMatrix dy, int image, int y, float[] lefts, float[] rights) {
        if (y >= grid.height()) {
            java.util.Arrays.fill(lefts, 0f);
            java.util.Arrays.fill(rights, 0f);
            return;
        }
        dy.get((image * grid.height() + y) * grid.width(), 0, line, line.length);
        for (int pixel = 0; pixel < grid.width(); pixel++) {
            float[] half = (pixel & 1) == 0 ? lefts : rights;
            int place = pixel / 2 * channels;
            System.arraycopy(line, pixel * channels, half, place, channels);
        }
    }

    private void put(HostMatrix to, int rows, int row) {
        for (int i = 0; i < PLANES; i++) {
            to.put(i * rows + row, 0, planes[i], planes[i].length);
        }
    }

    /**
     * Aᵀ m A of a line of tiles, plus a bias.
     *
     * @param from [16 · rows, channels], plane after plane
     * @param bias one a channel, repeated for every tile of a line, or null
     * @param y [batch · height · width, channels]
     */
    void output(HostMatrix from, int rows, int row, float[] bias, HostMatrix y, int tileLine) {
        for (int i = 0; i < PLANES; i++) {
            from.get(i * rows + row, 0, planes[i], planes[i].length);
        }
        for (int i = 0; i < 4; i++) {
            sum(planes[4 * i], planes[4 * i + 1], planes[4 * i + 2], left[i]);
            difference(planes[4 * i + 1], planes[4 * i + 2], planes[4 * i + 3], right[i]);
        }
        int image = tileLine / down;
        int top = tileLine % down * 2;
        float[] lefts = planes[0];
        float[] rights = planes[1];
        sum(left[0], left[1], left[2], lefts);
        sum(right[0], right[1], right[2], rights);
        write(y, image, top, lefts, rights, bias);
        if (top + 1 < grid.height()) {
            difference(left[1], left[2], left[3], lefts);
            difference(right[1], right[2], right[3], rights);
            write(y, image, top + 1, lefts, rights, bias);
        }
    }

    private void write(
            HostMatrix y, int image, int top, float[] lefts, float[] rights, float[] bias) {
        if (bias != null) {
            add(lefts, 0, bias, 0, lefts, lefts.length);
            add(rights, 0, bias, 0, rights, rights.length);
        }
        for (int pixel = 0; pixel < grid.width(); pixel++) {
            float[] half = (pixel & 1) == 0 ? lefts : rights;
            System.arraycopy(half, pixel / 2 * channels, line, pixel * channels, channels);
        }
        y.put((image * grid.height() + top) * grid.width(), 0, line, line.length);
    }

    private static void add(float[] a, int fromA, float[] b, int fromB, float[] to, int n) {
        for (int i = 0; i < n; i++) {
            to[i] = a[fromA + i] + b[fromB + i];
        }
    }

    private static void subtract(float[] a, int fromA, float[] b, int fromB, float[] to, int n) {
        for (int i = 0; i < n; i++) {
            to[i] = a[fromA + i] - b[fromB + i];
        }
    }

    private static void negate(float[] a, float[] to, int n) {
        for (int i = 0; i < n; i++) {
            to[i] = -a[i];
        }
    }

    /** a + b + c. */
    private static void sum(float[] a, float[] b, float[] c, float[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] = a[i] + b[i] + c[i];
        }
    }

    /** a − b − c. */
    private static void difference(float[] a, float[] b, float[] c, float[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] = a[i] - b[i] - c[i];
        }
    }
}
