package org.coop4j.findings;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.coop4j.base.InputException;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.FeatureTensors;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.FeatureBanks;
import org.coop4j.image.Preprocessing.PixelReader;
import org.coop4j.run.Images;
import org.coop4j.run.Images.Pictures;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/**
 * Writes features to a safetensors file, whole or not at all.
 *
 * @param file replaced if it exists
 * @param normalized true to divide rows by their norms
 */
public record FeatureExport(Path file, boolean normalized, Progress progress) {

    private static final int SHA256_BYTES = 32;
    private static final String PIXELS = "pixels";
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Writes the features of a dataset's images for a data file, from which the same sample is
     * drawn and the same bits are learned as from the images. Encodes images that the bank lacks.
     *
     * @param parts the parts of the data to write; images that are both val and test are written once
     * @return the number of images
     */
    public int dataset(Images all, ImageDataset dataset, Set<Split> parts) throws IOException {
        List<Pictures> encoded = new ArrayList<>();
        List<LabelledImage> images = new ArrayList<>();
        LongStream.Builder splits = LongStream.builder();
        FeatureBanks.Lists lists = new FeatureBanks.Lists();
        for (Split part : Split.values()) {
            boolean again = part == Split.TEST && dataset.validatesOnTest() && parts.contains(Split.VAL);
            if (parts.contains(part) && !again) {
                Pictures some =
                        lists.encode(() -> all.pictures(dataset.images(part), part.label() + " images", progress));
                encoded.add(some);
                images.addAll(some.images());
                some.images()
                        .forEach(image -> splits.add(List.of(Split.values()).indexOf(part)));
            }
        }
        lists.requireReadable();
        InputException.require(!images.isEmpty(), "%s has no images of the chosen splits", dataset.name());
        List<String> paths = images.stream().map(i -> i.path().toString()).toList();
        Map<String, String> metadata = metadata(all.space(), paths, "image");
        metadata.put(FeatureTensors.CLASS_NAMES, JSON.writeValueAsString(dataset.classNames()));
        int n = images.size();
        List<TensorSpec> specs = List.of(
                new TensorSpec(
                        FeatureTensors.FEATURES,
                        DType.F32,
                        Shape.of(n, all.space().embedDim())),
                new TensorSpec(
                        FeatureTensors.LABELS,
                        DType.I32,
                        dataset.hasSets() ? Shape.of(n, dataset.classCount()) : Shape.of(n)),
                new TensorSpec(FeatureTensors.SPLIT, DType.I32, Shape.of(n)),
                new TensorSpec(FeatureTensors.SHA256, DType.U8, Shape.of(n, SHA256_BYTES)));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, metadata)) {
            for (Pictures some : encoded) {
                write(some.features(FeatureKind.EMBEDDED).matrix(), writer);
            }
            writer.writeLongs(
                    FeatureTensors.LABELS,
                    images.stream()
                            .map(LabelledImage::labels)
                            .flatMapToInt(labels -> labels.isSingle()
                                    ? IntStream.of(labels.single())
                                    : IntStream.range(0, dataset.classCount()).map(labels::state))
                            .asLongStream()
                            .toArray());
            writer.writeLongs(FeatureTensors.SPLIT, splits.build().toArray());
            for (LabelledImage image : images) {
                byte[] hash = HexFormat.of().parseHex(image.sha256());
                writer.writeBytes(FeatureTensors.SHA256, ByteBuffer.wrap(hash));
            }
            writer.commit();
        }
        return n;
    }

    /**
     * Writes features of texts or image files, maybe with pixels [n, 3, size, size].
     *
     * @param kind {@code image} or {@code text}
     * @param inputs texts or file names of the rows
     * @param pixelsOf the images whose pixels are written too; read a second time, so that memory does not grow with
     *     their number
     */
    public void rows(
            Clip clip,
            FeatureMatrix features,
            String kind,
            List<String> inputs,
            List<Path> pixelsOf,
            PixelReader reader)
            throws IOException {
        int side = clip.preprocessing().size();
        int n = features.rows();
        List<TensorSpec> specs = new ArrayList<>();
        specs.add(new TensorSpec(FeatureTensors.FEATURES, DType.F32, Shape.of(n, features.width())));
        if (!pixelsOf.isEmpty()) {
            specs.add(new TensorSpec(PIXELS, DType.F32, Shape.of(n, 3, side, side)));
        }
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, metadata(clip, inputs, kind))) {
            write(features, writer);
            FloatBuffer image = FloatBuffer.allocate(3 * side * side);
            for (Path path : pixelsOf) {
                reader.read(path, image, 0);
                writer.writeFloats(PIXELS, image.duplicate());
            }
            writer.commit();
        }
    }

    private void write(FeatureMatrix features, SafetensorsWriter writer) throws IOException {
        FeatureMatrix rows = normalized ? features.normalized() : features;
        for (int row = 0; row < rows.rows(); row++) {
            writer.writeFloats(FeatureTensors.FEATURES, rows.row(row));
        }
    }

    private Map<String, String> metadata(FeatureSpace space, List<String> inputs, String kind) throws IOException {
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
