package org.coop4j.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.DatasetException;
import org.coop4j.data.FeatureTensors;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.bank.FeatureBank;
import org.coop4j.data.bank.ImageFeatures.HashedImage;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/**
 * Writes the features of a dataset's images to a file for {@link org.coop4j.data.FeatureList}, from which the same sample
 * is drawn and the same bits are learned as from the images.
 */
public final class FeatureExport {

    private static final int SHA256_BYTES = 32;
    private static final ObjectMapper JSON = new ObjectMapper();

    private FeatureExport() {}

    /**
     * Encodes images that the bank lacks, and writes the file atomically.
     *
     * @param parts the parts of the data to write; images that are both val and test are written once
     * @param normalized true to divide rows by their norms
     * @return the number of images
     */
    public static int write(
            SharedData shared, ImageDataset dataset, Set<Split> parts, boolean normalized, Path out, Progress progress)
            throws IOException {
        Map<Split, LabelledFeatures> encoded = new EnumMap<>(Split.class);
        FeatureBank.Lists lists = new FeatureBank.Lists();
        for (Split part : Split.values()) {
            boolean again = part == Split.TEST && dataset.validatesOnTest() && parts.contains(Split.VAL);
            if (parts.contains(part) && !again) {
                LabelledFeatures images =
                        lists.encode(() -> shared.features(dataset.images(part), part.label() + " images", progress));
                encoded.put(part, images);
            }
        }
        lists.requireReadable();
        List<HashedImage> images = encoded.values().stream()
                .flatMap(part -> part.images().stream())
                .toList();
        if (images.isEmpty()) {
            throw new DatasetException(dataset.name() + " has no such images");
        }
        FeatureSpace space = shared.space();
        List<String> paths =
                images.stream().map(i -> i.image().path().toString()).toList();
        Map<String, String> metadata = metadata(space, paths, "image", normalized);
        metadata.put(FeatureTensors.CLASS_NAMES, JSON.writeValueAsString(dataset.classNames()));
        int n = images.size();
        List<TensorSpec> specs = List.of(
                new TensorSpec(FeatureTensors.FEATURES, DType.F32, Shape.of(n, space.embedDim())),
                new TensorSpec(FeatureTensors.LABELS, DType.I32, Shape.of(n)),
                new TensorSpec(FeatureTensors.SPLIT, DType.I32, Shape.of(n)),
                new TensorSpec(FeatureTensors.SHA256, DType.U8, Shape.of(n, SHA256_BYTES)));
        try (SafetensorsWriter writer = SafetensorsWriter.create(out, specs, metadata)) {
            LongStream.Builder splits = LongStream.builder();
            for (Map.Entry<Split, LabelledFeatures> part : encoded.entrySet()) {
                FeatureMatrix features = part.getValue().features();
                FeatureMatrix rows = normalized ? features.normalized() : features;
                for (int row = 0; row < rows.rows(); row++) {
                    writer.writeFloats(FeatureTensors.FEATURES, rows.row(row));
                    splits.add(List.of(Split.values()).indexOf(part.getKey()));
                }
            }
            long[] labels = images.stream().mapToLong(i -> i.image().label()).toArray();
            writer.writeLongs(FeatureTensors.LABELS, labels);
            writer.writeLongs(FeatureTensors.SPLIT, splits.build().toArray());
            for (HashedImage image : images) {
                byte[] hash = HexFormat.of().parseHex(image.sha256());
                writer.writeBytes(FeatureTensors.SHA256, ByteBuffer.wrap(hash));
            }
            writer.commit();
        }
        return n;
    }

    /**
     * Returns the metadata of a file of features.
     *
     * @param inputs texts or file names of the rows
     * @param kind {@code image} or {@code text}
     * @param normalized true if rows have norm 1
     */
    public static Map<String, String> metadata(FeatureSpace space, List<String> inputs, String kind, boolean normalized)
            throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(FeatureTensors.MODEL_SHA256, space.modelSha256());
        metadata.put(FeatureTensors.LOGIT_SCALE, Float.toString(space.logLogitScale()));
        metadata.put(FeatureTensors.NORMALIZED, String.valueOf(normalized));
        metadata.put(FeatureTensors.INPUTS, JSON.writeValueAsString(inputs));
        metadata.put(FeatureTensors.KIND, kind);
        metadata.put(FeatureTensors.PRECISION, space.precision().id());
        return metadata;
    }
}
