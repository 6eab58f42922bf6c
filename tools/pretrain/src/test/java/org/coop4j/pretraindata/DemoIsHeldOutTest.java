package org.coop4j.pretraindata;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
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

/** Holds the demo's archive, as committed, against the lists of what the tables have. */
class DemoIsHeldOutTest {
    private static final Path ARCHIVE = Path.of("../../app/src/main/resources/org/coop4j/demo/demo.zip");
    private static final Path DRAWINGS = Path.of("training-pictures.tsv.gz");
    private static final Path PHOTOGRAPHS = Path.of("training-photographs.hashes");
    private static final long LARGEST_ARCHIVE = 4_000_000;

    private record Trained(String id, PerceptualHash hash) {}

    private record Shown(String path, String id, BufferedImage picture) {
        String side() {
            return path.substring(0, path.indexOf('/'));
        }

        String className() {
            return path.substring(path.indexOf('/') + 1, path.lastIndexOf('/'));
        }

        boolean isDrawing() {
            return side().equals("drawings");
        }
    }

    private static List<Trained> drawings;
    private static long[] photographs;
    private static List<Shown> shown;
    private static List<String> attribution;

    @BeforeAll
    static void readAll() throws IOException {
        drawings = readDrawings();
        ByteBuffer hashes = ByteBuffer.wrap(Files.readAllBytes(PHOTOGRAPHS));
        photographs = new long[hashes.remaining() / Long.BYTES];
        hashes.asLongBuffer().get(photographs);
        try (ZipFile zip = new ZipFile(ARCHIVE.toFile())) {
            attribution = lines(zip.getInputStream(zip.getEntry("attribution.csv")));
            shown = readShown(zip);
        }
    }

    private static List<Trained> readDrawings() throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(DRAWINGS))) {
            List<Trained> pictures = new ArrayList<>();
            for (String line : lines(in)) {
                List<String> fields = List.of(line.split("\t", -1));
                PerceptualHash hash = new PerceptualHash(
                        Long.parseUnsignedLong(fields.get(2), 16), Long.parseUnsignedLong(fields.get(3), 16));
                pictures.add(new Trained(fields.get(0), hash));
            }
            return pictures;
        }
    }

    /** Paths and ids never need quotes, and stand before the fields that may. */
    private static List<Shown> readShown(ZipFile zip) throws IOException {
        List<Shown> pictures = new ArrayList<>();
        for (String line : attribution.subList(1, attribution.size())) {
            List<String> fields = List.of(line.split(",", 3));
            ZipEntry entry = zip.getEntry(fields.get(0));
            assertThat(entry).as(line).isNotNull();
            try (InputStream in = zip.getInputStream(entry)) {
                BufferedImage picture = ImageIO.read(new ByteArrayInputStream(in.readAllBytes()));
                pictures.add(new Shown(fields.get(0), fields.get(1), picture));
            }
        }
        assertThat(zip.size()).as("entries of the archive").isEqualTo(pictures.size() + 3);
        return pictures;
    }

    private static List<String> lines(InputStream in) throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return reader.lines().toList();
        }
    }

    @Test
    void allListsAreThere() {
        assertThat(drawings).hasSizeGreaterThan(10_000);
        assertThat(photographs).hasSize(100_000);
        assertThat(shown).hasSizeGreaterThan(500);
    }

    @Test
    void noPhotographOfTheDemoLooksLikeATrainingPhotograph() {
        for (Shown picture : shown) {
            if (picture.isDrawing()) {
                continue;
            }
            long hash = PerceptualHash.stretched(picture.picture());
            int nearest = Long.SIZE;
            for (long training : photographs) {
                nearest = Math.min(nearest, Long.bitCount(hash ^ training));
            }
            assertThat(nearest).as(picture.path()).isGreaterThan(PerceptualHash.NEAR);
        }
    }

    @Test
    void noDrawingOfTheDemoIsInATable() {
        Set<String> ids = drawings.stream().map(Trained::id).collect(Collectors.toSet());
        assertThat(shown).extracting(Shown::id).doesNotContainAnyElementsOf(ids);
        assertThat(ids).noneMatch(id -> id.startsWith("twemoji/"));
    }

    @Test
    void noDrawingOfTheDemoLooksLikeATrainingDrawing() {
        List<Trained> clipArt =
                drawings.stream().filter(t -> t.id().startsWith("openclipart/")).toList();
        for (Shown picture : shown) {
            if (picture.id().startsWith("openclipart/")) {
                PerceptualHash hash = PerceptualHash.of(picture.picture());
                assertThat(clipArt).as(picture.path()).noneMatch(training -> training.hash()
                        .isNear(hash));
            }
        }
    }

    @Test
    void noPictureIsInBothTrainAndTest() {
        Set<String> ids = new HashSet<>();
        assertThat(shown).allMatch(picture -> ids.add(picture.id()));
    }

    @Test
    void everyClassHasSixteenShotsAndATest() {
        Map<String, Map<String, Long>> counts = shown.stream()
                .collect(Collectors.groupingBy(
                        Shown::className, TreeMap::new, Collectors.groupingBy(Shown::side, Collectors.counting())));
        assertThat(counts).hasSizeBetween(16, 20);
        counts.forEach((name, of) -> {
            assertThat(of.get("train")).as(name).isGreaterThanOrEqualTo(16);
            assertThat(of.get("test")).as(name).isGreaterThanOrEqualTo(10);
        });
        assertThat(counts.values()).filteredOn(of -> of.containsKey("drawings")).hasSizeGreaterThanOrEqualTo(10);
    }

    /** The rule by which the classes were chosen: no accuracy of any method took part. */
    @Test
    void everyClassIsNamedInTheCaptionsOfTheTrainingPhotographs() {
        Set<String> captions =
                Photographs.captions().values().stream().flatMap(List::stream).collect(Collectors.toSet());
        assertThat(DemoArchive.classes())
                .extracting(DemoArchive.DemoClass::name)
                .doesNotHaveDuplicates()
                .allMatch(name -> captions.contains("a photo of " + Captions.withArticle(name) + "."));
    }

    @Test
    void everyPictureIsSmallAndNamesItsLicence() {
        assertThat(shown).allSatisfy(s -> assertThat(
                        Math.min(s.picture().getWidth(), s.picture().getHeight()))
                .as(s.path())
                .isLessThanOrEqualTo(SmallPhotograph.SHORTER_SIDE));
        assertThat(attribution.subList(1, attribution.size()))
                .allMatch(line -> line.endsWith("public domain") || line.endsWith("CC BY 4.0"));
    }

    @Test
    void theArchiveIsSmall() throws IOException {
        assertThat(Files.size(ARCHIVE)).isLessThanOrEqualTo(LARGEST_ARCHIVE);
    }
}
