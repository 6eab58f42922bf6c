package org.coop4j.pretraindata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClipArtNamesTest {
    @TempDir
    private Path folder;

    private Words words;

    @BeforeEach
    void readWords() throws IOException {
        Path list = folder.resolve("words");
        Files.writeString(list, "apple\npenguin\npie\nred\nsmall\nhouse\nthe\ncane\nmap\nsymbol\n");
        words = Words.read(list);
    }

    private static SvgMetadata metadata(String title, String author, String... subjects) {
        return new SvgMetadata(title, "", List.of(subjects), author, "");
    }

    private ClipArtNames names(SvgMetadata... all) {
        return new ClipArtNames(words, Map.of("hash", "", "mapsym", "map symbol"), List.of(all));
    }

    @Test
    void aTitleOfItsOwnIsTheName() {
        SvgMetadata pie = metadata("Apple Pie (B and W)", "Gerald G.");
        assertThat(names(pie).name(pie, "pie_apple_bw")).isEqualTo("apple pie");
    }

    @Test
    void aTitleOfASeriesGivesWayToTheFileName() {
        SvgMetadata series = metadata("house red", "Nicu");
        SvgMetadata[] all = Collections.nCopies(3, series).toArray(SvgMetadata[]::new);
        assertThat(names(all).name(series, "penguin_small_03")).isEqualTo("penguin small");
        SvgMetadata credit = metadata("Clipart by Nicu Buculei - antenna", "Nicu Buculei");
        assertThat(names(credit).name(credit, "penguin")).isEqualTo("penguin");
    }

    @Test
    void piecesOfTheAuthorsNameAreNoWords() {
        SvgMetadata apple = metadata("", "Redmond Housemann");
        assertThat(names(apple).name(apple, "apple_redm_house_01")).isEqualTo("apple");
    }

    @Test
    void aForeignNameIsNoName() {
        SvgMetadata dog = metadata("cane che abbaia forte", "");
        assertThat(names(dog).name(dog, "cane_che_abbaia_01")).isEmpty();
    }

    @Test
    void keywordsAreTranslatedAndMeaninglessOnesLeftOut() {
        SvgMetadata house = metadata("house", "Ann Red", "hash", "mapsym", "Ann Red", "casa", "House");
        assertThat(names(house).keywords(house)).containsExactly("map symbol", "house");
    }

    @Test
    void variantsShareASeries() {
        assertThat(OpenClipArt.series("clock_01")).isEqualTo(OpenClipArt.series("clock_12"));
        assertThat(OpenClipArt.series("grapes_simple_bw")).isEqualTo(OpenClipArt.series("grapes"));
        assertThat(OpenClipArt.series("apple")).isEqualTo("apple");
        assertThat(OpenClipArt.series("apple_martin_schmidt-li_01r")).isEqualTo("apple_martin_schmidt-li");
    }
}
