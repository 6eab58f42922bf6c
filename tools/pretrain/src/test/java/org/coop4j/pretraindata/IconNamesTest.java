package org.coop4j.pretraindata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IconNamesTest {

    @TempDir
    private Path folder;

    private IconNames names;

    @BeforeEach
    void readWords() throws IOException {
        Path list = folder.resolve("words");
        Files.write(list, List.of("side", "seat", "burning", "forest", "marker", "acoustic"));
        names = new IconNames(Words.read(list));
    }

    @Test
    void theLastThingOfANameCountsOrElseTheFirst() {
        assertThat(names.subject("burning-forest"))
                .contains(new Subject("burning forest", List.of("forest"), List.of("landscape", "nature")));
        assertThat(names.subject("guitar-acoustic"))
                .contains(new Subject("guitar acoustic", List.of("guitar"), List.of("musical instrument", "music")));
        assertThat(names.subject("dog")).contains(new Subject("dog", List.of(), List.of("mammal", "animal")));
    }

    @Test
    void numbersAndStylesAreNoPartOfTheName() {
        assertThat(names.subject("dog-side-2-duotone").map(Subject::name)).contains("dog");
        assertThat(names.subject("car-3").map(Subject::name)).contains("car");
    }

    @Test
    void signsOfAnInterfaceAndWordsThatAreNotEnglishAreOfNoUse() {
        assertThat(names.subject("car-off")).isEmpty();
        assertThat(names.subject("car-xyzzy")).isEmpty();
        assertThat(names.subject("acoustic")).isEmpty();
        assertThat(names.subject("burning-forest-seat-car")).isEmpty();
        assertThat(names.subject("2-duotone")).isEmpty();
    }

    @Test
    void everyThingIsListedOnceAndEveryLineHasAKind() {
        List<String> things = Resources.texts("icon-things.json").values().stream()
                .flatMap(line -> List.of(line.split(" ", -1)).stream())
                .toList();
        assertThat(things).isNotEmpty().doesNotContain("").doesNotHaveDuplicates();
        assertThat(Resources.texts("icon-things.json").keySet())
                .allMatch(kinds -> kinds.matches("[a-z ]+(, [a-z ]+)?"));
    }
}
