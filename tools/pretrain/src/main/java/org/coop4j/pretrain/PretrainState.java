package org.coop4j.pretrain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.TensorChecksum;

/**
 * The state of a pre-training after some steps: weights and moments. Random
 * streams have no state, as they are made from the seed and the epoch.
 *
 * @param epochs number of finished epochs
 * @param steps finished steps, those of an unfinished epoch among them
 * @param total losses of the steps of the unfinished epoch, added up
 * @param last what the last epoch gave; null in a file of before it was kept
 * @param metrics the lines of the epochs before the last; null in a state of memory or an earlier
 *     version
 * @param arrays by kind and name
 */
public record PretrainState(
        int epochs, long steps, double total, Pretraining.Epoch last, String metrics, Map<String, float[]> arrays) {

    private static final String EPOCHS = "coop4j.pretrain.epochs";
    private static final String STEPS = "coop4j.pretrain.steps";
    private static final String TOTAL = "coop4j.pretrain.total";
    private static final String METRICS = "coop4j.pretrain.metrics";
    private static final String LAST_EPOCH = "coop4j.pretrain.last_epoch";
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String VALUE = "value/";
    private static final String FIRST_MOMENT = "first moment/";
    private static final String SECOND_MOMENT = "second moment/";

    public PretrainState {
        arrays = Collections.unmodifiableMap(new LinkedHashMap<>(arrays));
    }

    /** Returns a copy of the state after so many epochs, the last of which gave {@code last}, and perhaps some steps. */
    static PretrainState of(int epochs, double total, Pretraining.Epoch last, TrainableClip clip, AdamW optimizer) {
        Map<String, float[]> state = new LinkedHashMap<>();
        List<TrainedArray> arrays = clip.arrays();
        for (int i = 0; i < arrays.size(); i++) {
            TrainedArray array = arrays.get(i);
            float[] values = new float[array.length()];
            array.values().get(0, values);
            state.put(VALUE + array.name(), values);
            state.put(FIRST_MOMENT + array.name(), optimizer.firstMoment(i).clone());
            state.put(SECOND_MOMENT + array.name(), optimizer.secondMoment(i).clone());
        }
        return new PretrainState(epochs, optimizer.steps(), total, last, null, state);
    }

    /**
     * Puts everything back.
     *
     * @throws IllegalArgumentException if the state is of another model
     */
    void restore(TrainableClip clip, AdamW optimizer) {
        List<TrainedArray> trained = clip.arrays();
        if (arrays.size() != 3 * trained.size()) {
            throw isOfAnother();
        }
        for (int i = 0; i < trained.size(); i++) {
            TrainedArray array = trained.get(i);
            array.values().put(0, saved(VALUE + array.name(), array.length()));
            copy(FIRST_MOMENT + array.name(), optimizer.firstMoment(i));
            copy(SECOND_MOMENT + array.name(), optimizer.secondMoment(i));
        }
        clip.takeValues();
        optimizer.restore(steps);
    }

    /** Returns the refusal of a state that does not fit. */
    IllegalArgumentException isOfAnother() {
        return new IllegalArgumentException(
                "a checkpoint of another model, data or seed (epoch %d, step %d)".formatted(epochs, steps));
    }

    private void copy(String name, float[] to) {
        System.arraycopy(saved(name, to.length), 0, to, 0, to.length);
    }

    private float[] saved(String name, int length) {
        float[] values = arrays.get(name);
        if (values == null || values.length != length) {
            throw new IllegalArgumentException("the checkpoint has %s numbers of \"%s\" where the model has %d"
                    .formatted(values == null ? "no" : values.length, name, length));
        }
        return values;
    }

    /**
     * Writes the state as a safetensors file with a checksum, whole or not at all.
     *
     * @param lines the lines of {@code metrics.jsonl} before the last epoch's
     */
    public void write(Path file, String lines) throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(EPOCHS, Integer.toString(epochs));
        metadata.put(STEPS, Long.toString(steps));
        metadata.put(TOTAL, Double.toString(total));
        metadata.put(METRICS, lines);
        metadata.put(LAST_EPOCH, JSON.writeValueAsString(last));
        List<TensorSpec> specs = new ArrayList<>();
        arrays.forEach((name, values) -> specs.add(new TensorSpec(name, DType.F32, Shape.of(values.length))));
        TensorChecksum.write(file, specs, metadata, arrays);
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IOException if the file is something else or damaged
     */
    public static PretrainState read(Path file) throws IOException {
        try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
            Map<String, float[]> arrays = TensorChecksum.read(tensors);
            String epochs = tensors.metadata().getOrDefault(EPOCHS, "");
            String steps = tensors.metadata().getOrDefault(STEPS, "");
            if (!epochs.matches("\\d{1,9}") || !steps.matches("\\d{1,18}")) {
                throw new IOException(file + " is no checkpoint of coop pretrain");
            }
            String last = tensors.metadata().getOrDefault(LAST_EPOCH, "null");
            return new PretrainState(
                    Integer.parseInt(epochs),
                    Long.parseLong(steps),
                    Double.parseDouble(tensors.metadata().getOrDefault(TOTAL, "0")),
                    JSON.readValue(last, Pretraining.Epoch.class),
                    tensors.metadata().get(METRICS),
                    arrays);
        } catch (JsonProcessingException e) {
            throw new IOException(file + " is damaged: " + e.getOriginalMessage(), e);
        }
    }
}
