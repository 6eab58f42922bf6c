package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.coop4j.base.Folders;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.BenchmarkSource;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.data.benchmark.MiniatureBenchmarks;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DatasetsCommandTest {

    @TempDir
    Path root;

    static Stream<Benchmark> all() {
        return Benchmarks.published().all().stream();
    }

    private static JsonNode json(CommandRun run) throws IOException {
        return new ObjectMapper().readTree(run.out());
    }

    @Test
    void theListCanBeReadByOtherPrograms() throws IOException {
        List<String> csv = coop("datasets", "--csv").out().lines().toList();
        assertThat(csv).hasSize(16);
        assertThat(csv.get(0)).isEqualTo("name,also_called,classes,train,val,test,template");
        assertThat(csv.get(3))
                .isEqualTo("OxfordPets,\"pets, oxford-iiit-pet\",37,2944,736,3669,\"a photo of a {}, a type of pet.\"");
        JsonNode datasets = json(coop("datasets", "--json"));
        assertThat(datasets).hasSize(15);
        JsonNode caltech = datasets.path(1);
        assertThat(caltech.path("train").asInt()).isEqualTo(4128);
        assertThat(caltech.at("/needs/split_zhou_Caltech101.json").asText()).isEqualTo("for_published_split");
        assertThat(caltech.path("renamed").path("Faces").asText()).isEqualTo("face");
        assertThat(caltech.path("left_out")).hasSize(2);
    }

    @ParameterizedTest
    @MethodSource("all")
    void showTellsWhereADatasetComesFromAndWhatItNeeds(Benchmark benchmark) throws IOException {
        CommandRun run = coop("datasets", "show", benchmark.name().toLowerCase(Locale.ROOT))
                .ok();
        assertThat(run.err()).isEmpty();
        assertThat(run.out().lines()).allMatch(line -> line.length() <= 90);
        String directory = "DATA/" + benchmark.layout().directory() + "/";
        assertThat(run.out())
                .contains(benchmark.template(), benchmark.about().homepage())
                .contains(benchmark.layout().folders().stream()
                        .map(f -> directory + f)
                        .toList());
        for (String list : benchmark.layout().lists()) {
            assertThat(run.out()).contains(directory + list);
        }
        benchmark.layout().splitFile().ifPresent(f -> assertThat(run.out()).contains(directory + f));
        assertThat(json(coop("datasets", "show", "--json", benchmark.title())).path("template"))
                .hasToString('"' + benchmark.template() + '"');
    }

    @Test
    void whatIsNotThereAtAllIsSaidAndNoFault() throws IOException {
        CommandRun all = coop("datasets", "check", root).ok();
        assertThat(all.out().lines()).hasSize(1);
        assertThat(all.out()).startsWith("not in " + root + ": ImageNet, Caltech101, ");
        CommandRun named = coop("datasets", "check", root, "dtd", "DTD", "cars").ok();
        assertThat(named.out()).isEqualTo("not in " + root + ": DescribableTextures, StanfordCars\n");
        JsonNode json = json(coop("datasets", "check", root, "dtd", "--json"));
        JsonNode dtd = json.path(0);
        assertThat(dtd.path("status").asText()).isEqualTo("absent");
        assertThat(dtd.has("train")).isFalse();
        assertThat(root).isEmptyDirectory();
    }

    @Test
    void missingImagesAreCountedAndTheFirstNamed() throws IOException {
        MiniatureBenchmarks.plant("OxfordPets", root);
        Path image = root.resolve("oxford_pets/images/shiba_inu_7.jpg");
        Files.delete(image);
        Files.delete(root.resolve("oxford_pets/images/Abyssinian_201.jpg"));
        CommandRun run = coop("datasets", "check", root, "pets");
        run.failed(1);
        assertThat(run.out())
                .containsPattern("OxfordPets +incomplete +2 +20 +6 +2 +2 +no split file")
                .containsPattern("OxfordPets: 2 images .*\\Q" + image)
                .containsPattern("OxfordPets: .*\\b2\\b.*\\b37\\b.*\\b20\\b.*\\b2,944\\b");
        JsonNode pets = json(coop("datasets", "check", root, "pets", "--json")).path(0);
        assertThat(pets.path("missing").asInt()).isEqualTo(2);
        assertThat(pets.path("train").asInt()).isEqualTo(20);
        assertThat(pets.path("published_train").asInt()).isEqualTo(2944);
        List<String> csv =
                coop("datasets", "check", root, "pets", "--csv").out().lines().toList();
        assertThat(csv).hasSize(2);
        assertThat(csv.get(0))
                .startsWith("name,status,classes,train,val,test,published_classes,")
                .endsWith(",missing,division,problems");
        assertThat(csv.get(1)).startsWith("OxfordPets,incomplete,2,20,6,2,37,2944,736,3669,2,\"no split file");
    }

    @Test
    void atMostFiveMissingImagesAreNamedAndACyclicLinkIsReported() throws IOException {
        MiniatureBenchmarks.plant("DescribableTextures", root);
        ImageDataset dataset = new BenchmarkSource(Benchmarks.published().get("dtd"), root, 1).load();
        for (LabelledImage image : dataset.train().subList(0, 9)) {
            Files.delete(image.path());
        }
        JsonNode dtd = json(coop("datasets", "check", root, "dtd", "--json")).path(0);
        assertThat(dtd.path("missing").asInt()).isEqualTo(9);
        assertThat(dtd.at("/problems/0").asText())
                .contains(dataset.train().get(4).path().toString())
                .doesNotContain(dataset.train().get(5).path().toString());
        assertThat(dtd.path("status").asText()).isEqualTo("incomplete");
        assertThat(dtd.path("train").asInt()).isEqualTo(16);

        Files.delete(root.resolve("dtd/split_zhou_DescribableTextures.json"));
        Path loop = root.resolve("dtd/images/banded/again");
        Files.createSymbolicLink(loop, root.resolve("dtd/images/banded"));
        assertThat(coop("datasets", "check", root, "dtd").out())
                .containsPattern("DescribableTextures +incomplete")
                .contains("DescribableTextures: " + loop);
    }

    /** Every dataset in small, which has other sizes than the published one. */
    @Test
    void checkingComparesSizesAndWritesNothing() throws IOException {
        for (Benchmark benchmark : all().toList()) {
            MiniatureBenchmarks.plant(benchmark.name(), root);
        }
        List<Path> before = Folders.files(root);
        JsonNode datasets = json(coop("datasets", "check", root, "--json"));
        assertThat(datasets).hasSize(15);
        for (JsonNode dataset : datasets) {
            assertThat(dataset.path("status").asText()).isEqualTo("different");
            assertThat(dataset.path("missing").asInt()).isZero();
            assertThat(dataset.path("problems")).hasSize(1);
        }
        assertThat(datasets.path(8).at("/problems/0").asText())
                .isEqualTo("2 classes instead of 47, 16 train images instead of 2,820, 6 val images instead of 1,128,"
                        + " 8 test images instead of 1,692");
        assertThat(Folders.files(root)).isEqualTo(before);
    }

    @Test
    void aMadeSplitIsToldFromAPublishedOne() throws IOException {
        MiniatureBenchmarks.wholeDtd(root, "coop4j: by some rule, seed 1");
        CommandRun made = coop("datasets", "check", root, "dtd").ok();
        assertThat(made.out())
                .containsPattern("split_zhou_DescribableTextures.json, .*coop4j.*by some rule")
                .contains("complete");
    }

    @Test
    void aDamagedSplitIsNamedAndTheOthersAreCheckedAllTheSame() throws IOException {
        MiniatureBenchmarks.wholeDtd(root, "");
        MiniatureBenchmarks.plant("EuroSAT", root);
        Path split = root.resolve("eurosat/split_zhou_EuroSAT.json");
        Files.writeString(split, "{\"train\": [[\"\u001b[2J");
        CommandRun run = coop("datasets", "check", root);
        run.failed(1);
        assertThat(run.out())
                .containsPattern("DescribableTextures +complete")
                .containsPattern("EuroSAT +incomplete")
                .contains("EuroSAT: " + split)
                .doesNotContain("\u001b");
        coop("datasets", "check", root, "dtd").ok();
    }

    @Test
    void whatIsNeededAndAbsentIsListed() throws IOException {
        Files.createDirectories(root.resolve("ucf101"));
        CommandRun run = coop("datasets", "check", root, "ucf101");
        run.failed(1);
        assertThat(run.out())
                .contains("UCF101: there is no " + root.resolve("ucf101/UCF-101-midframes"))
                .contains("trainlist01.txt");
    }

    @Test
    void aDatasetsOwnFolderIsRecognised() throws IOException {
        Path own = Files.createDirectories(root.resolve("caltech-101"));
        assertThat(coop("datasets", "check", own).out()).contains("the folder of Caltech101");
    }

    @TempDir
    private static Path folder;

    private static Path data;

    @BeforeAll
    static void write() throws IOException {
        data = folder.resolve("data");
        List<String> classes = List.of("banded", "dotted", "polka-dotted");
        for (int label = 0; label < classes.size(); label++) {
            for (int i = 0; i < 10; i++) {
                Path image = Path.of("dtd", "images", classes.get(label), "image_" + i + ".png");
                TestPictures.write(data.resolve(image), label, i);
            }
        }
        Path shifted = data.resolve("imagenet-adversarial");
        for (int label = 0; label < 2; label++) {
            Path image = shifted.resolve("imagenet-a/n0" + label).resolve("1.png");
            TestPictures.write(image, label, 7);
        }
        Files.writeString(shifted.resolve("classnames.txt"), "n00 dotted\nn01 great white shark\n");
    }

    private static CommandRun zeroShot(Object... arguments) {
        return coop("zero-shot", "-m", MODEL, "--data", data, arguments);
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    @Test
    void zeroShotTakesADatasetsTestImagesAndItsTemplate() throws IOException {
        CommandRun run = zeroShot("--dataset", "dtd", "--json");
        JsonNode json = json(run);
        assertThat(texts(json.path("classes"))).containsExactly("banded", "dotted", "polka-dotted");
        assertThat(texts(json.path("templates"))).containsExactly("{} texture.");
        assertThat(json.at("/scores/images").asInt()).isEqualTo(9);
        assertThat(json.path("guesses").path(0).path("truth").asText()).isEqualTo("banded");
        assertThat(run.err()).contains("DescribableTextures", "9 test images", "3 classes", "{} texture.");
    }

    @Test
    void splitAndHalfChooseThePart() throws IOException {
        JsonNode json = json(zeroShot("--dataset", "DTD", "--split", "val", "--half", "base", "--json"));
        assertThat(json.at("/scores/images").asInt()).isEqualTo(4);
        assertThat(texts(json.path("classes"))).containsExactly("banded", "dotted");
    }

    @Test
    void shiftedImageNetsAreTestedAmongTheirOwnClasses() throws IOException {
        JsonNode json = json(zeroShot("--dataset", "imagenet-a", "--json"));
        assertThat(texts(json.path("classes"))).containsExactly("dotted", "great white shark");
        assertThat(texts(json.path("templates"))).containsExactly("a photo of a {}.");
        assertThat(json.at("/scores/images").asInt()).isEqualTo(2);
        CommandRun val = zeroShot("--dataset", "imagenet-a", "--split", "val");
        assertThat(val.failed(1)).contains("ImageNetA", "val");
    }

    @Test
    void aPromptLearnedOnADatasetIsComparedWithItsTemplateAndTestedByName() throws IOException {
        Path run = folder.resolve("run");
        CommandRun trained = coop(
                        "train -m % -d % --dataset describable-textures -k 2 --epochs 2 -M 2 --bank % -o % --json",
                        MODEL, data, folder.resolve("bank"), run)
                .ok();
        assertThat(trained.out()).contains("\"{} texture.\"");
        assertThat(Files.readString(run.resolve("config.json"))).contains("\"DescribableTextures\"");
        JsonNode tested = json(coop("eval -p % -d % --dataset dtd --bank % --json", run, data, folder.resolve("bank")));
        assertThat(tested.path("images").asInt()).isEqualTo(9);
        JsonNode elsewhere =
                json(coop("eval -p % -d % --dataset imagenet-a --bank % --json", run, data, folder.resolve("bank")));
        assertThat(elsewhere.path("images").asInt()).isEqualTo(2);
        assertThat(elsewhere.at("/classes/1/class").asText()).isEqualTo("great white shark");
    }
}
