package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import javax.imageio.ImageIO;
import org.coop4j.base.Folders;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.run.RunFolder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A user's folder of photographs, with messy names, three pictures in the wrong folder and two
 * pictures twice, and one command.
 */
class PhotoStoryTest {

    /** Names that folders have. */
    private static final Map<String, String> FOLDERS = Map.of(
            "Motorbikes", "Motor Bikes",
            "airplanes", "air-planes (2)",
            "car_side", "CARS",
            "dollar_bill", "dollar_bill",
            "inline_skate", "inline skate_NEW",
            "pagoda", "pagoda",
            "scissors", "Schere scissors",
            "sunflower", "Sun flower old");

    @TempDir
    private static Path folder;

    private static Path pictures;
    private static final List<String> WRONG = new ArrayList<>();
    private static final List<String> TWICE = new ArrayList<>();
    private static CommandRun done;
    private static String page;

    @BeforeAll
    static void train() throws IOException {
        pictures = Files.createDirectories(folder.resolve("my photos"));
        unpack();
        misplace("Motorbikes", 3, "pagoda");
        misplace("airplanes", 5, "scissors");
        misplace("inline_skate", 7, "sunflower");
        Path copied = picture("sunflower", 2);
        twice(copied, Files.copy(copied, copied.resolveSibling("copy of (1).jpg")));
        Path saved = picture("car_side", 4);
        Path again = saved.resolveSibling("zz saved again.png");
        BufferedImage image = ImageIO.read(saved.toFile());
        BufferedImage half = new BufferedImage(image.getWidth() / 2, image.getHeight() / 2, BufferedImage.TYPE_INT_RGB);
        half.createGraphics()
                .drawImage(image.getScaledInstance(half.getWidth(), -1, Image.SCALE_AREA_AVERAGING), 0, 0, null);
        ImageIO.write(half, "png", again.toFile());
        twice(saved, again);
        done = train(folder.resolve("run"));
        page = Files.readString(folder.resolve("run").resolve(RunFolder.REPORT));
    }

    private static CommandRun train(Path out) {
        return coop(
                "train -m coop4j-small -d % -o % --method auto --template % --bank % --json",
                pictures, out, "a picture of a {}.", folder.resolve("bank"));
    }

    private static void unpack() throws IOException {
        try (InputStream in = PhotoStoryTest.class.getResourceAsStream("photos.zip");
                ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                String[] path = entry.getName().split("/", -1);
                Path target = Files.createDirectories(pictures.resolve(FOLDERS.get(path[0])))
                        .resolve("IMG ä " + path[1].replace("image_", "").toUpperCase(Locale.ROOT));
                Files.copy(zip, target);
            }
        }
    }

    private static Path picture(String kind, int position) throws IOException {
        try (Stream<Path> files = Files.list(pictures.resolve(FOLDERS.get(kind)))) {
            return files.sorted().toList().get(position);
        }
    }

    private static void misplace(String from, int position, String to) throws IOException {
        Path picture = picture(from, position);
        String name = "misplaced " + from + ".jpg";
        Files.move(picture, pictures.resolve(FOLDERS.get(to)).resolve(name), StandardCopyOption.ATOMIC_MOVE);
        WRONG.add(name);
    }

    private static void twice(Path first, Path second) {
        TWICE.add(String.valueOf(first.getFileName()));
        TWICE.add(String.valueOf(second.getFileName()));
    }

    private static JsonNode json() throws IOException {
        return CommandRun.json(done);
    }

    private static String section(String heading) {
        String after = page.substring(page.indexOf("<h2>" + heading));
        return after.substring(0, after.indexOf("</section>")).replace('\u00a0', ' ');
    }

    @Test
    void theTableHasAllRows() throws IOException {
        List<String> kinds = json().get("comparison").findValuesAsText("kind");
        assertThat(kinds).contains("prompt", "own_prompt", "method");
        for (JsonNode row : json().get("comparison")) {
            assertThat(row.get("low").asDouble())
                    .isLessThanOrEqualTo(row.get("accuracy").asDouble());
            assertThat(row.get("high").asDouble())
                    .isGreaterThanOrEqualTo(row.get("accuracy").asDouble());
            assertThat(row.get("val_accuracy").isNumber()).isTrue();
        }
        assertThat(json().get("candidates").findValuesAsText("candidate"))
                .contains("prototypes")
                .anyMatch(name -> name.startsWith("zero-shot CLIP"));
        assertThat(section("Compared with baselines")).contains("(chosen)", "(yours)", "95 % interval");
    }

    @Test
    void onlyTheRateOfAMethodThatIsLearnedIsSaid() {
        assertThat(done.err()).doesNotContain("clap: rate", "cross-modal: rate");
    }

    @Test
    void wrongPredictionsAreNotCalledWrongLabels() {
        assertThat(section("Confusion matrix")).contains("have a wrong predicted label");
    }

    @Test
    void thePageNamesPicturesInTheWrongFolder() {
        String suspects = section("Labels that look wrong");
        assertThat(WRONG.stream().filter(suspects::contains).toList()).hasSizeGreaterThanOrEqualTo(2);
    }

    @Test
    void picturesAreNamedWithTheirFolders() {
        for (String heading : List.of("Confusion matrix", "Images that changed", "Least certain images")) {
            String pictures = section(heading);
            assertThat(FOLDERS.values()).as(heading).anyMatch(name -> pictures.contains(name + "/<wbr>IMG ä "));
        }
    }

    @Test
    void thePageNamesBothPicturesThatAreThereTwice() {
        assertThat(section("Near-duplicates")).contains(TWICE);
    }

    @Test
    void theCommandLineListsCopiesWithoutAModel() throws IOException {
        CommandRun shown = coop("datasets show --copies --json -d %", pictures).ok();
        assertThat(shown.out()).contains(TWICE);
        assertThat(CommandRun.json(shown).findValuesAsText("group"))
                .hasSize(TWICE.size())
                .doesNotContain(String.valueOf(TWICE.size() / 2 + 1));
    }

    @Test
    void thePageSaysOnWhatItsConfidenceWasChosenAndHowClassesWereLeftOut() {
        assertThat(section("Calibration")).contains("calibrated on 81 training images by 5-fold", "temperature");
        assertThat(section("Coverage and accuracy")).contains("on 81 training");
        assertThat(section("Unknown images")).contains("left out in turn", "learned again");
    }

    @Test
    void thePageIsWholeAndSaysWhereItIs() throws IOException {
        assertThat(json().get("report").asText())
                .isEqualTo(folder.resolve("run").resolve(RunFolder.REPORT).toString());
        assertThat(page)
                .contains(
                        "In short",
                        "Choice of the method",
                        "Confusion matrix",
                        "Precision and recall",
                        "Images that changed",
                        "Least certain images",
                        "Calibration",
                        "Coverage and accuracy",
                        "Unknown images");
    }

    @Test
    void thePageCountsWhatChangedAgainstThePrompt() {
        assertThat(section("Images that changed")).containsPattern("\\d+ corrected, \\d+ newly wrong");
    }

    private static final String[] CLASSES = {"blue sea", "green hill", "red sky"};
    private static final int EACH = 20;

    /** A picture to learn from is also a test picture, which the command warns of. */
    @Test
    void aPageDoesNotCallPicturesUnseenThatWereLearnedFrom() throws IOException {
        Path overlap = TestPictures.folder(folder.resolve("overlap"), 2, CLASSES);
        Path learned = overlap.resolve("train/red sky/picture-1.png");
        Files.copy(learned, overlap.resolve("test/red sky/again.png"));
        StringBuilder list = new StringBuilder("path,labels,split\n");
        for (Path file : Folders.files(overlap)) {
            Path place = overlap.relativize(file);
            list.append("%s,warm;%s,%s%n".formatted(place, place.getName(1), place.getName(0)));
        }
        Files.writeString(overlap.resolve("list.csv"), list);
        Map<Path, String> methods = Map.of(overlap, "prototypes", overlap.resolve("list.csv"), "linear-head");
        for (Map.Entry<Path, String> method : methods.entrySet()) {
            Path run = folder.resolve("overlap-" + method.getValue());
            CommandRun warned = coop(
                    "train -m % -d % --method % -o % --bank %",
                    MODEL, method.getKey(), method.getValue(), run, folder.resolve("bank"));
            assertThat(warned.ok().err()).contains("1 of 7 test images are also training images");
            assertThat(Files.readString(run.resolve(RunFolder.REPORT)))
                    .contains("tested on 7 images; it learned from 1 of them")
                    .doesNotContain("not seen");
        }
    }

    /** The section about wrong labels after training on pictures of which the first few of each class are misplaced. */
    private static String section(String name, int misplaced) throws IOException {
        Path pictures = folder.resolve(name);
        for (int label = 0; label < CLASSES.length; label++) {
            for (int i = 0; i < EACH; i++) {
                boolean wrong = i < misplaced;
                Path place = pictures.resolve(CLASSES[wrong ? (label + 1) % CLASSES.length : label]);
                TestPictures.write(
                        place.resolve((wrong ? "misplaced" : "picture") + "-" + label + "-" + i + ".png"),
                        label,
                        100L * label + i);
            }
        }
        Path run = folder.resolve(name + "-run");
        coop(
                        "train -m % -d % -o % --method prototypes --shots all --bank %",
                        MODEL, pictures, run, folder.resolve("bank"))
                .ok();
        String page = Files.readString(run.resolve(RunFolder.REPORT));
        String after = page.substring(page.indexOf("<h2>Labels that look wrong"));
        return after.substring(0, after.indexOf("</section>")).replace('\u00a0', ' ');
    }

    @Test
    void misplacedPicturesAreNamedWithTheNumberExpectedByChance() throws IOException {
        assertThat(section("mixed", 1))
                .contains("misplaced-0-0.png", "misplaced-1-0.png", "misplaced-2-0.png", "3 images", "expected")
                .doesNotContain("picture-");
    }

    @Test
    void withoutThemThePageNamesNone() throws IOException {
        assertThat(section("pure", 0)).contains("No label is suspect").doesNotContain("picture-");
    }
}
