package org.coop4j.pool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.base.Log;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.TensorChecksum;

/**
 * The neighbours of a pool in a file, by the contents of the features: of a pool that has changed, only pictures that are new or
 * that lost a neighbour are compared. A file that cannot be read or written costs time alone.
 */
final class KeptNeighbours {

    /** Number of 16-bit parts of a feature's hash; a float holds a part exactly. */
    private static final int PARTS = 8;

    private static final String KEYS = "keys";
    private static final String ROWS = "neighbours";

    private KeptNeighbours() {}

    /**
     * Compares pictures, and keeps the result.
     *
     * @param file need not exist
     */
    static Neighbours of(FeatureMatrix units, int count, Path file, Progress progress) {
        List<Key> keys = IntStream.range(0, units.rows())
                .parallel()
                .mapToObj(i -> Key.of(units.row(i)))
                .toList();
        int[] known = new int[units.rows() * Math.min(count, units.rows() - 1)];
        Arrays.fill(known, -1);
        if (Files.exists(file)) {
            try (SafetensorsFile kept = SafetensorsFile.open(file)) {
                kept.tensor(KEYS); // or it is another file
                kept.tensor(ROWS);
                Map<String, float[]> tensors = TensorChecksum.read(kept);
                find(Key.read(tensors.get(KEYS)), tensors.get(ROWS), keys, known.length / units.rows(), known);
            } catch (IOException e) {
                Log.of(KeptNeighbours.class).warn("the pictures are compared again: {}", e.getMessage());
            }
        }
        Neighbours neighbours = Neighbours.of(units, count, known, progress);
        if (IntStream.of(known).anyMatch(row -> row < 0)) {
            write(file, keys, neighbours);
        }
        return neighbours;
    }

    /** A row of features, by its content. */
    private record Key(long high, long low) {

        static Key of(float[] features) {
            ByteBuffer bytes = ByteBuffer.allocate(features.length * Float.BYTES);
            bytes.asFloatBuffer().put(features);
            ByteBuffer hash = ByteBuffer.wrap(new Sha256().add(bytes).bytes());
            return new Key(hash.getLong(), hash.getLong());
        }

        static List<Key> read(float[] parts) {
            List<Key> keys = new ArrayList<>();
            for (int from = 0; from + PARTS <= parts.length; from += PARTS) {
                keys.add(new Key(number(parts, from), number(parts, from + PARTS / 2)));
            }
            return keys;
        }

        private static long number(float[] parts, int from) {
            long number = 0;
            for (int part = from; part < from + PARTS / 2; part++) {
                number = number << Short.SIZE | (long) parts[part];
            }
            return number;
        }

        void write(float[] parts, int from) {
            for (int part = 0; part < PARTS / 2; part++) {
                int shift = Long.SIZE - Short.SIZE * (part + 1);
                parts[from + part] = high >>> shift & 0xFFFF;
                parts[from + PARTS / 2 + part] = low >>> shift & 0xFFFF;
            }
        }
    }

    /** Finds pictures all of whose neighbours are still there, in the same order: it decides between equal cosines. */
    private static void find(List<Key> old, float[] rows, List<Key> keys, int count, int[] known) {
        if (rows.length != old.size() * count) { // of a pool with fewer pictures than neighbours
            return;
        }
        Map<Key, Deque<Integer>> places = new HashMap<>();
        IntStream.range(0, keys.size()).forEach(i -> places.computeIfAbsent(keys.get(i), key -> new ArrayDeque<>())
                .add(i));
        int[] now = new int[old.size()];
        int last = -1;
        for (int i = 0; i < now.length; i++) {
            Integer place = places.getOrDefault(old.get(i), new ArrayDeque<>()).poll();
            now[i] = place == null || place < last ? -1 : place;
            last = Math.max(last, now[i]);
        }
        for (int i = 0; i < now.length; i++) {
            int from = i * count;
            if (now[i] >= 0 && IntStream.range(from, from + count).allMatch(at -> now[(int) rows[at]] >= 0)) {
                for (int place = 0; place < count; place++) {
                    known[now[i] * count + place] = now[(int) rows[from + place]];
                }
            }
        }
    }

    private static void write(Path file, List<Key> keys, Neighbours neighbours) {
        int n = keys.size();
        float[] parts = new float[n * PARTS];
        float[] rows = new float[n * neighbours.count()];
        for (int i = 0; i < n; i++) {
            keys.get(i).write(parts, i * PARTS);
            for (int place = 0; place < neighbours.count(); place++) {
                rows[i * neighbours.count() + place] = neighbours.row(i, place); // exact below 2²⁴
            }
        }
        List<TensorSpec> specs = List.of(
                new TensorSpec(KEYS, DType.F32, Shape.of(n, PARTS)),
                new TensorSpec(ROWS, DType.F32, Shape.of(n, neighbours.count())));
        try {
            Files.createDirectories(file.getParent());
            TensorChecksum.write(file, specs, Map.of(), Map.of(KEYS, parts, ROWS, rows));
        } catch (IOException e) {
            Log.of(KeptNeighbours.class).debug("the neighbours are not kept", e);
        }
    }
}
