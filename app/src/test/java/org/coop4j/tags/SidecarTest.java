package org.coop4j.tags;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.tags.Sidecar.Label;
import org.coop4j.tags.Sidecar.Result;
import org.coop4j.tags.SidecarFile.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the golden sidecars do not show: a person's changes between two runs, several classifiers, other programs. */
class SidecarTest {

    @TempDir
    Path folder;

    private static Result result(String name, String classifier, String... labels) {
        return new Result(
                name,
                classifier,
                "picture",
                "threshold=0.6",
                "coop4j/" + name,
                Stream.of(labels).map(label -> new Label(label, 0.7)).toList());
    }

    private static String written(String text, Result result, boolean again) throws IOException {
        Sidecar sidecar = Sidecar.of(text, null, List.of());
        sidecar.write(result, again);
        return sidecar.text().orElse(null);
    }

    private static String undone(String text, String name) throws IOException {
        Sidecar sidecar = Sidecar.of(text, null, List.of());
        sidecar.undo(name::equals);
        return sidecar.text().orElse(null);
    }

    private static final String ITEM = "\\s*<rdf:li>[^<=]*%s</rdf:li>";

    /** Removes a label's tags from all lists, as a person does; the record stays. */
    private static String without(String text, String label) {
        int record = text.indexOf("<coop4j:");
        return text.substring(0, record).replaceAll(ITEM.formatted(label), "") + text.substring(record);
    }

    @Test
    void aTagThatSomebodyRemovedDoesNotComeBackUntilItIsAskedFor() throws IOException {
        String first = written(null, result("pets", "one", "dog", "cat"), false);
        String removed = without(first, "dog");
        Sidecar same = Sidecar.of(removed, null, List.of());
        assertThat(same.write(result("pets", "one", "dog", "cat"), false)).containsExactly("dog");
        assertThat(same.text()).contains(removed);
        assertThat(same.removed("pets", "coop4j/pets")).containsExactly("dog");

        Sidecar later = Sidecar.of(removed, null, List.of());
        assertThat(later.write(result("pets", "two", "dog", "cow"), false)).containsExactly("dog");
        String text = later.text().orElseThrow();
        assertThat(text)
                .contains("<rdf:li>cow</rdf:li>")
                .doesNotContain("<rdf:li>cat</rdf:li>", "pets/dog<", "pets|dog<");
        assertThat(later.removed("pets", "coop4j/pets")).containsExactly("dog");
        assertThat(written(text, result("pets", "two", "dog", "cow"), true)).contains("pets/dog<", "pets|dog<");
        assertThat(undone(text, "pets")).isNull();
    }

    @Test
    void eachClassifierTakesBackItsOwn() throws IOException {
        String pets = written(null, result("pets", "one", "dog"), false);
        String both = written(pets, result("rooms", "two", "kitchen"), false);
        assertThat(undone(both, "rooms")).isEqualTo(pets);
        String rooms = undone(both, "pets");
        assertThat(rooms).contains("coop4j/rooms/kitchen").doesNotContain("dog");
        assertThat(undone(rooms, "rooms")).isNull();
    }

    @Test
    void aWordStaysIfAPersonsPathEndsInIt() throws IOException {
        String first = written(null, result("pets", "one", "dog"), false);
        String path = first.replace(
                "<rdf:li>coop4j|pets|dog</rdf:li>", "<rdf:li>coop4j|pets|dog</rdf:li><rdf:li>Animals|dog</rdf:li>");
        String rest = undone(path, "pets");
        assertThat(rest)
                .contains("<rdf:li>dog</rdf:li>", "<rdf:li>Animals|dog</rdf:li>")
                .doesNotContain("coop4j:");
    }

    @Test
    void copiesStayInAListThatSomebodyHasAddedTo() throws IOException {
        Sidecar sidecar = Sidecar.of(null, null, List.of("Alps"));
        sidecar.write(result("pets", "one", "dog"), false);
        String first = sidecar.text().orElseThrow();
        String more = first.replace(
                "<rdf:li>coop4j/pets/dog</rdf:li>", "<rdf:li>coop4j/pets/dog</rdf:li><rdf:li>later</rdf:li>");
        Sidecar again = Sidecar.of(more, null, List.of("Alps"));
        again.undo(name -> true);
        assertThat(again.text().orElseThrow())
                .contains("<rdf:li>Alps</rdf:li>", "<rdf:li>later</rdf:li>")
                .doesNotContain("hierarchicalSubject", "dog", "coop4j:");
    }

    /** Programs read a list without entries as an empty tag. */
    @Test
    void noListIsMadeForTagsThatSomebodyRemoved() throws IOException {
        String removed = without(written(null, result("pets", "one", "dog"), false), "dog")
                .replaceAll("(?s)<(dc:subject|lr:hierarchicalSubject|digiKam:TagsList)>.*?</\\1>", "");
        String later = written(removed, result("pets", "two", "dog"), false);
        assertThat(later).contains("two").doesNotContain("<dc:subject>", "<lr:", "<digiKam:");
        assertThat(Sidecar.of(later, null, List.of()).removed("pets", "coop4j/pets"))
                .containsExactly("dog");
        assertThat(written(later, result("pets", "three", "dog"), true)).contains("<rdf:li>coop4j|pets|dog</rdf:li>");
        assertThat(undone(later, "pets")).isNull();
    }

    @Test
    void anotherProgramsChangeIsMergedAndNotOverwritten() throws IOException {
        Path picture = TestPictures.write(folder.resolve("photo.png"), 0, 9);
        Files.setPosixFilePermissions(picture, PosixFilePermissions.fromString("rwxr-----"));
        SidecarFile file = new SidecarFile.Finder(false).of(picture);
        String[] turn = {written(null, result("rooms", "two", "kitchen"), false)};
        Outcome outcome = file.change(
                sidecar -> {
                    if (turn[0] != null) { // meanwhile
                        Files.writeString(file.file(), turn[0]);
                        turn[0] = null;
                    }
                    sidecar.write(result("pets", "one", "dog"), false);
                },
                false);
        assertThat(outcome).isEqualTo(Outcome.UPDATED);
        assertThat(Files.readString(file.file())).contains("coop4j/rooms/kitchen", "coop4j/pets/dog");
        int[] number = {0};
        assertThrown(
                () -> file.change(
                        sidecar -> {
                            number[0]++;
                            Files.writeString(
                                    file.file(), written(null, result("rooms", "two", "n" + number[0]), false));
                            sidecar.write(result("pets", "three", "dog", "cat"), false);
                        },
                        false),
                "another program changes it all the time");
        assertThat(Files.readString(file.file())).contains("coop4j/rooms/n3").doesNotContain("pets");
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("photo.png", "photo.png.xmp");
    }

    @Test
    void aNewSidecarHasThePicturesPermissions() throws IOException {
        Path picture = TestPictures.write(folder.resolve("photo.png"), 0, 9);
        Files.setPosixFilePermissions(picture, PosixFilePermissions.fromString("rwxr-----"));
        SidecarFile file = new SidecarFile.Finder(false).of(picture);
        file.change(sidecar -> sidecar.write(result("pets", "one", "dog"), false), false);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.file())))
                .isEqualTo("rw-r-----");
        Path target = Files.move(file.file(), folder.resolve("elsewhere.xmp"));
        Files.createSymbolicLink(file.file(), target);
        file.change(sidecar -> sidecar.write(result("pets", "two", "cat"), false), false);
        assertThat(file.file()).isSymbolicLink();
        assertThat(Files.readString(target)).contains("cat");
    }

    @Test
    void whatIsNotXmpIsRefused() {
        String rdf = "<r:RDF xmlns:r=\"" + XmpText.RDF + "\">%s</r:RDF>";
        for (String hostile : List.of("<a>&foo;</a>", "<a \uFEFF/>", "<a\uFEFFb/>", "<a b=\"&#x110000;\"/>")) {
            assertThrown(InputException.class, () -> Sidecar.of(rdf.formatted(hostile), null, List.of()));
        }
        assertThrown(() -> Sidecar.of("<a>".repeat(101) + "</a>".repeat(101), null, List.of()), "deep");
        assertThrown(
                () -> written(
                        rdf.formatted("<r:Description xmlns:d=\"http://purl.org/dc/elements/1.1/\">"
                                + "<d:subject>Alps</d:subject></r:Description>"),
                        result("pets", "one", "dog"),
                        false),
                "is no list");
    }
}
