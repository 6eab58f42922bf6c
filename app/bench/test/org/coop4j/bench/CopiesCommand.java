package org.coop4j.bench;

import static org.coop4j.cli.BenchCommand.DEFAULT;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.coop4j.base.Sha256;
import org.coop4j.cli.BenchCommand;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.InputImage;
import org.coop4j.console.Table;
import org.coop4j.data.ImageFiles;
import org.coop4j.data.LabelledImage;
import org.coop4j.findings.RunComparison.Located;
import org.coop4j.findings.RunComparison.NearDuplicates;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.PillowResize;
import org.coop4j.image.Preprocessing.PixelReader;
import org.coop4j.image.RgbImage;
import org.coop4j.image.RgbImage.CropBox;
import org.coop4j.model.PreprocessConfig.Interpolation;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code copies}: near-duplicates that are found among altered copies of photographs, and false ones. */
@Command(
        name = "copies",
        description = {
            "Alter each photograph in several ways, and count the copies that are found, and the pairs of different photographs"
                    + " that are called copies."
        },
        footer = "  copies -m coop4j-small -d 101_ObjectCategories")
final class CopiesCommand extends ConsoleCommand {

    @Mixin
    private BenchCommand.Subject subject;

    @Option(names = "-d", required = true, paramLabel = "DIR", description = "A folder of class folders.")
    private Path data;

    @Option(names = "--each", paramLabel = "N", description = "First photographs of each class" + DEFAULT)
    private int each = 5;

    /** An alteration: the part that is kept, the scale of its sides, and the quality of the JPEG. */
    private record Change(double kept, double scale, boolean mirrored, float quality) {

        private byte[] of(RgbImage image) throws IOException {
            int width = (int) (kept * image.width());
            int height = (int) (kept * image.height());
            CropBox part = new CropBox((image.width() - width) / 2, (image.height() - height) / 2, width, height);
            RgbImage resized = PillowResize.resize(
                    image,
                    part,
                    Math.max(1, (int) (scale * width)),
                    Math.max(1, (int) (scale * height)),
                    Interpolation.BICUBIC);
            return jpeg(mirrored ? resized.flipped() : resized, quality);
        }
    }

    private static byte[] jpeg(RgbImage image, float quality) throws IOException {
        BufferedImage copy = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                copy.setRGB(x, y, image.rgb(x, y));
            }
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpg").next();
        ImageWriteParam settings = writer.getDefaultWriteParam();
        settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        settings.setCompressionQuality(quality);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(copy, null, null), settings);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    private static Map<String, Change> changes() {
        Map<String, Change> changes = new LinkedHashMap<>();
        changes.put("half the side", new Change(1, 0.5, false, 0.9f));
        changes.put("a quarter of the side", new Change(1, 0.25, false, 0.9f));
        changes.put("JPEG of quality 50", new Change(1, 1, false, 0.5f));
        changes.put("JPEG of quality 20", new Change(1, 1, false, 0.2f));
        changes.put("half the side, quality 50", new Change(1, 0.5, false, 0.5f));
        changes.put("mirrored", new Change(1, 1, true, 0.9f));
        changes.put("cropped to 95 % of the sides", new Change(0.95, 1, false, 0.9f));
        changes.put("cropped to 90 % of the sides", new Change(0.9, 1, false, 0.9f));
        changes.put("cropped to 80 % of the sides", new Change(0.8, 1, false, 0.9f));
        return changes;
    }

    /** Pictures as they are compared. */
    private record Compared(List<Located> located, FeatureMatrix features, List<Long> outlines) {

        /** Returns the percentage of copies that are found, and the number of other pairs. */
        private double[] counts(boolean byOutlines) {
            int n = located.size() / 2;
            int[] counts = new int[2];
            List<Long> known = byOutlines ? outlines : Collections.nCopies(located.size(), null);
            NearDuplicates.of(located, features, known).forEach(pair -> {
                boolean copy =
                        pair.first().image().path().equals(pair.second().image().path());
                boolean originals = !pair.crossesParts() && pair.first().part().equals("original");
                counts[0] += copy ? 1 : 0;
                counts[1] += originals ? 1 : 0;
            });
            return new double[] {100.0 * counts[0] / n, counts[1]};
        }
    }

    /** A row of the table. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Row(String change, double[] cosine, double[] both) {}

    @Override
    public Integer call() throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path folder : new ImageFiles().folders(data)) {
            ImageFiles.in(folder).stream().limit(each).forEach(files::add);
        }
        ImageDecoder decoder = new ImageDecoder();
        List<byte[]> originals = new ArrayList<>();
        for (Path file : files) {
            originals.add(Files.readAllBytes(file));
        }
        Table<Row> rows = new Table<Row>()
                .text("copies", Row::change)
                .among(List.copyOf(changes().keySet()))
                .number("found_by_cosine", 1, row -> row.cosine[0])
                .number("found", 1, row -> row.both[0])
                .number("false_pairs_by_cosine", 0, row -> row.cosine[1])
                .number("false_pairs", 0, row -> row.both[1]);
        try (Clip clip = Clip.open(subject.file(console))) {
            PixelReader reader = new PixelReader(decoder, clip.preprocessing(), ExifOrientation.APPLY);
            for (Map.Entry<String, Change> change : changes().entrySet()) {
                List<byte[]> all = new ArrayList<>(originals);
                for (byte[] original : originals) {
                    all.add(change.getValue().of(decoder.decode(original, "original")));
                }
                List<Located> located = new ArrayList<>();
                List<Long> outlines = new ArrayList<>();
                for (int i = 0; i < all.size(); i++) {
                    LabelledImage image = new LabelledImage(files.get(i % files.size()), 0, "photograph")
                            .read(Sha256.of(all.get(i)), LabelledImage.UPRIGHT);
                    located.add(new Located(image, i < files.size() ? "original" : "copy"));
                    outlines.add(decoder.decode(all.get(i), "copy").outline());
                }
                FeatureMatrix features = clip.imageEncoder()
                        .encode(all.size(), (i, target, offset) -> InputImage.of(all.get(i))
                                .read(reader, target, offset))
                        .all()
                        .normalized();
                Compared compared = new Compared(located, features, outlines);
                rows.row(new Row(change.getKey(), compared.counts(false), compared.counts(true)));
            }
        }
        console.print("%d photographs".formatted(files.size()));
        rows.print(Table.Format.TABLE, console);
        return 0;
    }
}
