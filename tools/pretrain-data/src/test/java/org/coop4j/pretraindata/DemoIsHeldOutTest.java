package org.coop4j.pretraindata;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Holds the demo's archive, as committed, against the list of what the tables have. */
class DemoIsHeldOutTest {
    private static final Path ARCHIVE =
            Path.of("../../src/main/resources/org/coop4j/demo/demo.zip");
    private static final Path TRAINING_LIST = Path.of("training-pictures.tsv.gz");
    private static final long LARGEST_ARCHIVE = 5_000_000;

    private record Trained(String id, String drawing, PerceptualHash hash) {}

    private record Shown(String path, String id, String drawing, BufferedImage picture) {
        String split() {
            return path.substring(0, path.indexOf('/'));
        }

        String className() {
            return path.substring(path.indexOf('/') + 1, path.lastIndexOf('/'));
        }
    }

    private static List<Trained> trained;
    private static List<Shown> shown;
    private static List<String> attribution;

    @BeforeAll
    static void readBoth() throws IOException {
        trained = readTrained();
        try (ZipFile zip = new ZipFile(ARCHIVE.toFile())) {
            attribution = lines(zip.getInputStream(zip.getEntry("attribution.csv")));
            shown = readShown(zip);
        }
    }

    private static List<Trained> readTrained() throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(TRAINING_LIST))) {
            List<Trained> pictures = new ArrayList<>();
            for (String line : lines(in)) {
                List<String> fields = List.of(line.split("\t", -1));
                PerceptualHash hash =
                        new PerceptualHash(
                                Long.parseUnsignedLong(fields.get(2), 16),
                                Long.parseUnsignedLong(fields.get(3), 16));
                pictures.add(new Trained(fields.get(0), fields.get(1), hash));
            }
            return pictures;
        }
    }

    /** The ids and drawings never need quotes, and stand before the fields that may. */
    private static List<Shown> readShown(ZipFile zip) throws IOException {
        List<Shown> pictures = new ArrayList<>();
        for (String line : attribution.subList(1, attribution.size())) {
            List<String> fields = List.of(line.split(",", 4));
            ZipEntry entry = zip.getEntry(fields.get(0));
            assertThat(entry).as(line).isNotNull();
            try (InputStream in = zip.getInputStream(entry)) {
                BufferedImage picture = ImageIO.read(new ByteArrayInputStream(in.readAllBytes()));
                pictures.add(new Shown(fields.get(0), fields.get(1), fields.get(2), picture));
            }
        }
        assertThat(zip.size()).as("entries of the archive").isEqualTo(pictures.size() + 2);
        return pictures;
    }

    private static List<String> lines(InputStream in) throws IOException {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return reader.lines().toList();
        }
    }

    @Test
    void bothListsAreThere() {
        assertThat(trained).hasSizeGreaterThan(10_000);
        assertThat(shown).hasSizeGreaterThan(500);
    }

    @Test
    void noDemoPictureIsInATable() {
        Set<String> ids = trained.stream().map(Trained::id).collect(Collectors.toSet());
        assertThat(shown).extracting(Shown::id).doesNotContainAnyElementsOf(ids);
    }

    @Test
    void noVariantOfADemoDrawingIsInATable() {
        Set<String> drawings = trained.stream().map(Trained::drawing).collect(Collectors.toSet());
        assertThat(shown).extracting(Shown::drawing).doesNotContainAnyElementsOf(drawings);
    }

    @Test
    void noDemoDrawingLooksLikeATrainingDrawing() {
        List<Trained> clipArt =
                trained.stream().filter(t -> t.id().startsWith("openclipart/")).toList();
        for (Shown picture : shown) {
            if (!picture.split().equals("emoji")) {
                PerceptualHash hash = PerceptualHash.of(picture.picture());
                assertThat(clipArt)
                        .as(picture.path())
                        .noneMatch(training -> training.hash().isNear(hash));
            }
        }
    }

    @Test
    void theEmojiOfTheDemoAreByAnArtistNoTableHas() {
        assertThat(shown.stream().filter(s -> s.split().equals("emoji")))
                .allMatch(s -> s.id().startsWith("twemoji/"));
        assertThat(trained).noneMatch(t -> t.id().startsWith("twemoji/"));
    }

    @Test
    void noDrawingIsInBothTrainAndTest() {
        Map<String, String> splitOf = new HashMap<>();
        for (Shown picture : shown) {
            String before = splitOf.putIfAbsent(picture.drawing(), picture.split());
            assertThat(before).as(picture.path()).isIn(null, picture.split());
        }
    }

    @Test
    void everyClassHasSixteenShotsAndATest() {
        Map<String, Map<String, Long>> counts =
                shown.stream()
                        .collect(
                                Collectors.groupingBy(
                                        Shown::className,
                                        TreeMap::new,
                                        Collectors.groupingBy(
                                                Shown::split, Collectors.counting())));
        assertThat(counts).hasSizeBetween(12, 20);
        counts.forEach(
                (name, of) -> {
                    assertThat(of.get("train")).as(name).isGreaterThanOrEqualTo(16);
                    assertThat(of.get("test")).as(name).isGreaterThanOrEqualTo(10);
                    assertThat(of.get("emoji")).as(name).isGreaterThanOrEqualTo(5);
                });
    }

    @Test
    void everyPictureIsSquareAndNamesItsLicence() {
        assertThat(shown)
                .allMatch(s -> s.picture().getWidth() == SquarePicture.SIDE)
                .allMatch(s -> s.picture().getHeight() == SquarePicture.SIDE);
        assertThat(attribution.subList(1, attribution.size()))
                .allMatch(line -> line.endsWith("public domain") || line.endsWith("CC BY 4.0"));
    }

    @Test
    void theArchiveIsSmall() throws IOException {
        assertThat(Files.size(ARCHIVE)).isLessThanOrEqualTo(LARGEST_ARCHIVE);
    }
}
