package org.coop4j.studio;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.studio.StudioFolder.contents;
import static org.coop4j.studio.StudioFolder.fill;
import static org.coop4j.studio.StudioFolder.history;
import static org.coop4j.studio.StudioFolder.ids;
import static org.coop4j.studio.StudioFolder.open;
import static org.coop4j.studio.StudioFolder.picture;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.coop4j.base.Sha256;
import org.coop4j.console.CommandFailure;
import org.coop4j.data.DataSpec;
import org.coop4j.studio.Journal.Entry;
import org.coop4j.studio.Journal.Tested;
import org.coop4j.studio.Journal.Version;
import org.coop4j.studio.Places.Difference;
import org.coop4j.studio.Pooled.Compared;
import org.coop4j.studio.Snapshot.Drawn;
import org.coop4j.studio.Snapshot.Photo;
import org.coop4j.studio.Studio.Removed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StudioTest {

    @TempDir
    private Path folder;

    private List<String> tree() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(file -> folder.relativize(file).toString())
                    .filter(file -> !file.startsWith(PhotoFolder.OWN))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aLabelThatIsRightStaysRightWhenItsClassIsRenamed() throws IOException {
        try (Studio studio = open(fill(folder, 2, "cats", "dogs"))) {
            Photo first = studio.snapshot().of("cats").get(0);
            studio.keep(first.id(), null);
            studio.rename("cats", "felines", true);
            Photo renamed = studio.snapshot().of("felines").get(0);
            assertThat(studio.snapshot().kept()).contains(renamed.label());
            studio.undo();
            assertThat(studio.snapshot().kept()).contains(first.label());
        }
    }

    @Test
    void whateverIsDoneNoContentIsLostAndUndoLeadsBack() throws IOException {
        fill(folder, 6, "", "a", "b", "c");
        List<String> before = tree();
        Set<String> known = new HashSet<>(contents(folder));
        Random random = new Random(7);
        try (Studio studio = open(folder)) {
            for (int i = 0; i < 60; i++) {
                StudioFolder.anything(studio, random);
                assertThat(contents(folder)).as("step " + i).containsAll(known).doesNotHaveDuplicates();
            }
        }
        try (Studio again = open(folder)) {
            while (again.done().undo() != null) {
                again.undo();
            }
        }
        assertThat(tree()).isEqualTo(before);
        try (Studio again = open(folder)) {
            assertThat(again.snapshot().kept()).isEmpty();
        }
    }

    @Test
    void everyStateIsKeptAndGoneBackTo() throws IOException {
        fill(folder, 4, "", "a", "b");
        Random random = new Random(11);
        try (Studio studio = open(folder)) {
            for (int i = 0; i < 30; i++) {
                StudioFolder.anything(studio, random);
            }
            Files.delete(folder.resolve(studio.snapshot().photos().get(0).path()));
            Files.write(folder.resolve("new.png"), picture(5000));
            studio.move(ids(studio, null), "z", true, null);
        }
        try (Studio studio = open(folder)) {
            studio.tested(1, new Tested(3, 4));
            List<Version> states = history(studio);
            assertThat(states.get(0).what()).endsWith("to z");
            assertThat(states.get(1).what()).isEqualTo("Changed outside the studio");
            assertThat(states.get(states.size() - 1))
                    .isEqualTo(new Version(
                            1, states.get(states.size() - 1).when(), "The folder as it was", 12, new Tested(3, 4)));
            List<Difference> outside =
                    studio.difference(states.get(2).state(), states.get(1).state());
            assertThat(outside).hasSize(2);
            assertThat(outside).filteredOn(one -> one.from().isEmpty()).allSatisfy(one -> assertThat(one.id())
                    .isEqualTo(Photo.id(Sha256.of(picture(5000)))));
            for (Version state : states.subList(2, states.size())) {
                Set<String> known = new HashSet<>(contents(folder));
                studio.restore(state.state());
                assertThat(contents(folder)).containsAll(known);
                assertThat(studio.difference(state.state(), studio.snapshot().state()))
                        .as(state.what())
                        .allMatch(one -> one.to().isEmpty()) // what was deleted outside
                        .hasSizeLessThan(2);
                studio.undo();
            }
            assertThat(history(studio).get(0).pictures())
                    .isEqualTo(states.get(0).pictures());
        }
    }

    @Test
    void equalNamesGetANumber() throws IOException {
        fill(folder, 2, "a", "b");
        try (Studio studio = open(folder)) {
            studio.rename("a", "b", true);
            assertThat(tree()).containsExactly("", "b", "b/p0 (2).png", "b/p0.png", "b/p1 (2).png", "b/p1.png");
            assertThat(studio.done().undo()).isEqualTo("Merged a into b");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ".",
                "..",
                "../x",
                "a/b",
                "a\\b",
                ".hidden",
                "con",
                "LPT1.txt",
                "x.",
                "a\u0000b",
                "a\nb",
                "a\u202eb",
                "<b>",
                "a:b",
                "train",
                "???",
                "__MACOSX"
            })
    void aNameThatCouldLeaveTheFolderIsNoClass(String name) throws IOException {
        fill(folder, 1, "a");
        try (Studio studio = open(folder)) {
            List<String> before = tree();
            assertThrown(StudioProblem.class, () -> studio.addClass(name));
            assertThrown(StudioProblem.class, () -> studio.rename("a", name, true));
            assertThrown(StudioProblem.class, () -> studio.move(ids(studio, "a"), name, true, null));
            assertThat(tree()).isEqualTo(before);
        }
    }

    @Test
    void wordsOfAnyScriptAreClasses() throws IOException {
        try (Studio studio = open(folder)) {
            for (String name : List.of("Löwe", "chat élégant", "مصباح", "椅子", "No. 5")) {
                studio.addClass(name);
                assertThrown(() -> studio.addClass(name.toUpperCase(Locale.ROOT)), "already");
            }
            assertThat(studio.snapshot().classes()).hasSize(5);
            assertThrown(() -> studio.addClass("no._5"), "already"); // one word in a prompt
        }
    }

    @Test
    void anUploadGetsAHarmlessNameAndMustBeAPicture() throws IOException {
        fill(folder, 1, "a");
        try (Studio studio = open(folder)) {
            studio.upload(picture(100), "a", "../../.x\u0007<b>.PNG", null);
            studio.upload(picture(101), null, "nul.png", null);
            studio.upload(picture(102), "a", "p0.png", null);
            studio.upload(picture(102), "a", "again.png", null);
            assertThat(tree()).containsExactly("", "a", "a/p0 (2).png", "a/p0.png", "a/x__b_.PNG", "picture nul.png");
            assertThrown(() -> studio.upload(new byte[] {1, 2, 3}, "a", "x.png", null), "It is not a JPEG");
            assertThrown(StudioProblem.class, () -> studio.upload(picture(1), "..", "x.png", null));
        }
    }

    /** A dropped folder becomes a class, and one that reads alike is that class. */
    @Test
    void anUploadMakesItsClass() throws IOException {
        fill(folder, 1, "Sea_Lake");
        try (Studio studio = open(folder)) {
            studio.upload(picture(100), "chair", "x.png", "drop");
            studio.upload(picture(101), "sea lake", "y.png", "drop");
            assertThat(tree())
                    .containsExactly("", "Sea_Lake", "Sea_Lake/p0.png", "Sea_Lake/y.png", "chair", "chair/x.png");
            studio.undo();
            assertThat(tree()).containsExactly("", "Sea_Lake", "Sea_Lake/p0.png");
        }
    }

    @Test
    void oneGestureIsUndoneAtOnceAndIsOneStateOfTheHistory() throws IOException {
        fill(folder, 2, "cats", "dogs");
        try (Studio studio = open(folder)) {
            List<String> before = tree();
            int states = history(studio).size();
            for (int i = 0; i < 20; i++) {
                studio.upload(picture(100 + i), "cats", i + ".png", "drop");
            }
            assertThat(studio.done().undo()).isEqualTo("Added 20 to cats");
            assertThat(history(studio)).hasSize(states + 1);
            assertThat(history(studio).get(0).what()).isEqualTo("Added 20 to cats");
            studio.undo();
            assertThat(tree()).isEqualTo(before);
            assertThat(studio.done().undo()).isNull();
            studio.upload(picture(200), "dogs", "late.png", "drop"); // the gesture goes on after the undo
            assertThat(studio.done().undo()).isEqualTo("Added late.png to dogs");
        }
        try (Studio studio = open(folder)) { // the journal knows it
            studio.undo();
            assertThrown(studio::undo, "nothing to undo");
        }
    }

    /** "Move all" of probably wrong labels, and the conversion of all pictures of a telephone. */
    @Test
    void changesThatShareAGestureAreOneActionThatIsUndoneToTheLastName(@TempDir Path programs) throws IOException {
        fill(folder, 2, "", "cats", "dogs");
        Files.write(folder.resolve("one.heic"), HeicConverterTest.HEIC);
        Files.write(folder.resolve("cats/two.avif"), Arrays.copyOf(HeicConverterTest.HEIC, 99));
        HeicConverterTest.program(programs, "heif-convert", picture(50));
        List<String> before = tree();
        try (Studio studio = Studio.open(folder, false, StudioFolder.USER, Sha256::of, programs.toString())) {
            int states = StudioFolder.history(studio).size();
            String cat = Photo.id(Sha256.of(picture(2)));
            studio.move(List.of(cat), "dogs", false, "all");
            studio.move(List.of(Photo.id(Sha256.of(picture(4)))), "cats", false, "all");
            studio.convert(Photo.id(Sha256.of(HeicConverterTest.HEIC)), "converting");
            studio.convert(Photo.id(Sha256.of(Arrays.copyOf(HeicConverterTest.HEIC, 99))), "converting");
            assertThat(tree()).contains("one.jpg", "cats/two.jpg").doesNotContain("one.heic", "cats/two.avif");
            assertThat(StudioFolder.history(studio)).hasSize(states + 2);
            assertThat(studio.undo().did()).isEqualTo("Undone: Converted 2 pictures");
            assertThat(studio.undo().did()).isEqualTo("Undone: Moved 2 pictures");
            assertThat(tree()).isEqualTo(before);
            assertThat(studio.done().undo()).isNull();
        }
    }

    @Test
    void undoOfALabelThatIsRightUndoesExactlyThat() throws IOException {
        try (Studio studio = open(fill(folder, 2, "cats", "dogs"))) {
            String id = ids(studio, "cats").get(0);
            studio.move(List.of(ids(studio, "dogs").get(0)), "cats", false, null);
            String label = Photo.label(Sha256.of(picture(0)), "cats");
            assertThat(studio.keep(id, null).did()).isEqualTo("The label cats is right");
            assertThat(studio.keep(id, null).did()).isNull(); // which it is already
            assertThat(studio.snapshot().kept()).containsExactly(label);
        }
        try (Studio studio = open(folder)) {
            List<String> then = tree();
            assertThat(studio.undo().did()).isEqualTo("Undone: The label cats is right");
            assertThat(studio.snapshot().kept()).isEmpty();
            assertThat(tree()).isEqualTo(then);
            assertThat(studio.done().undo()).isEqualTo("Moved 1 to cats");
        }
    }

    @Test
    void aLabelThatAnEarlierStudioNotedIsRead() throws IOException {
        Entry noted = new ObjectMapper().readValue("{\"action\":1,\"at\":2,\"kept\":\"abcats\"}", Entry.class);
        assertThat(noted.kept()).containsExactly("abcats");
    }

    @Test
    void oneOfEqualFilesIsRemovedAndKeepingBothIsRememberedUntilItIsUndone() throws IOException {
        fill(folder, 2, "cats", "dogs");
        Files.write(folder.resolve("cats/again.png"), picture(0));
        List<String> before = tree();
        String first = Photo.id(Sha256.of(picture(0))) + "/cats/p0.png";
        String again = first.replace("p0", "again");
        String other = Photo.id(Sha256.of(picture(1))) + "/cats/p1.png";
        try (Studio studio = open(folder)) {
            assertThrown(() -> studio.removeCopies(List.of(again), List.of(first + "x")), "A copy is gone");
            assertThrown(() -> studio.removeCopies(List.of(other.replace("p1", "p0")), List.of()), "A copy is gone");
            assertThat(tree()).isEqualTo(before);
            studio.removeCopies(List.of(again), List.of(first));
            assertThat(tree()).contains("cats/p0.png").doesNotContain("cats/again.png");
            studio.undo();
            assertThat(tree()).isEqualTo(before);
            studio.keepCopies(List.of(again, first, other));
            assertThat(studio.keepCopies(List.of(first, again)).did()).isNull(); // they are already
        }
        try (Studio studio = open(folder)) {
            assertThat(studio.snapshot().kept())
                    .containsExactlyInAnyOrder(
                            Photo.both(Sha256.of(picture(0)), Sha256.of(picture(0))),
                            Photo.both(Sha256.of(picture(1)), Sha256.of(picture(0))));
            assertThat(studio.undo().did()).isEqualTo("Undone: Kept 3 copies");
            assertThat(studio.snapshot().kept()).isEmpty();
            assertThat(tree()).isEqualTo(before);
        }
    }

    @Test
    void whatIsNotOfAClassIsRememberedUnderItsPresentNameUntilItIsUndone() throws IOException {
        try (Studio studio = open(fill(folder, 2, "", "cats", "dogs"))) {
            List<String> odd = ids(studio, null);
            studio.reject(odd, "cats", "accepting");
            studio.move(odd.subList(1, 2), "cats", false, "accepting");
            studio.rename("cats", "felines", false);
        }
        try (Studio studio = open(folder)) {
            String mark = Photo.wrong(studio.snapshot().of(null).get(0).sha256(), "felines");
            assertThat(studio.snapshot().kept()).contains(mark).hasSize(2);
            studio.undo();
            assertThat(studio.undo().did()).isEqualTo("Undone: Moved 1 to cats"); // and the marks of its gesture
            assertThat(studio.snapshot().kept()).isEmpty();
            assertThat(studio.snapshot().of(null)).hasSize(2);
        }
    }

    /** Nobody has looked at them: a test picture must have a label that a person gave. */
    @Test
    void whatTheStudioAcceptedIsNeitherLearnedFromNorTestedOnUntilAPersonConfirmsIt() throws IOException {
        fill(folder, 30, "", "cats");
        try (Studio studio = open(folder)) {
            Snapshot before = studio.snapshot();
            studio.accept(before.of(null).stream().collect(toMap(Photo::sha256, one -> "cats")), 27);
            assertThat(studio.done().undo()).isEqualTo("Accepted 30 pictures, at least 27 right");
            assertThat(studio.snapshot().of("cats")).hasSize(60);
            assertThat(studio.snapshot().accepted()).hasSize(30);
            assertThat(studio.snapshot().tests()).isEqualTo(before.tests());
            assertThat(studio.snapshot().labelled(one -> true)).hasSize(30);
            studio.rename("cats", "felines", false);
            studio.addClass("lions");
            studio.rename("felines", "lions", true); // and nobody has looked at them since
            assertThat(studio.snapshot().accepted()).hasSize(30);
            int state = studio.snapshot().state();
            List<String> some = studio.snapshot().accepted().stream()
                    .map(Photo::id)
                    .limit(12)
                    .toList();
            assertThat(studio.move(some, "lions", false, null).did()).isEqualTo("Confirmed 12 as lions");
            assertThat(studio.snapshot().accepted()).hasSize(18);
            assertThat(studio.snapshot().tests())
                    .hasSizeGreaterThan(before.tests().size());
            assertThat(studio.takeBack().did()).isEqualTo("Took back 18 accepted");
            assertThat(studio.snapshot().of(null)).hasSize(18);
            studio.restore(state); // their files are back, and so is that nobody has looked
            assertThat(studio.snapshot().accepted()).hasSize(18);
            while (!studio.done().undo().startsWith("Accepted")) {
                studio.undo();
            }
            assertThat(studio.snapshot().tests()).isEqualTo(before.tests());
        }
        try (Studio studio = open(folder)) {
            assertThat(studio.snapshot().accepted()).hasSize(30);
            studio.undo();
            assertThat(studio.snapshot().of(null)).hasSize(30);
            assertThat(studio.snapshot().kept()).isEmpty();
        }
    }

    @Test
    void noneOfMineIsRememberedUntilThePictureIsPutElsewhere() throws IOException {
        try (Studio studio = open(fill(folder, 2, "", "cats", "dogs"))) {
            studio.none(List.of(ids(studio, null).get(0), ids(studio, "cats").get(0)), null);
        }
        try (Studio studio = open(folder)) {
            assertThat(studio.snapshot().none()).hasSize(2);
            assertThat(studio.snapshot().of(null)).hasSize(1);
            List<String> none = studio.snapshot().none().stream().map(Photo::id).toList();
            studio.move(none.subList(0, 1), null, false, null);
            studio.move(none.subList(1, 2), "dogs", false, null);
            assertThat(studio.snapshot().none()).isEmpty();
            studio.undo();
            studio.undo();
            assertThat(studio.snapshot().none()).hasSize(2);
            studio.undo();
            assertThat(ids(studio, "cats")).hasSize(2);
            assertThat(studio.snapshot().none()).isEmpty();
        }
    }

    /** Each picture is drawn as often as any other, whatever its content. */
    @Test
    void aCheckIsDrawnUniformlyAndHiddenFromLearningUntilItIsOver() throws IOException {
        fill(folder, 40, "", "cats");
        try (Studio studio = open(folder)) {
            Snapshot now = studio.snapshot();
            List<String> contents = now.photos().stream().map(Photo::sha256).toList();
            Map<String, Integer> rows = contents.stream().collect(toMap(one -> one, contents::indexOf));
            Sorting sorting =
                    new Sorting(1, 1, new Compared(null, contents, rows), List.of(), null, false, null, null, null);
            Map<String, Integer> times = new HashMap<>();
            int draws = 2_000;
            for (int seed = 0; seed < draws; seed++) {
                Set<String> drawn = Set.copyOf(sorting.draw(now, 10, new Random(seed)));
                assertThat(drawn).hasSize(10);
                drawn.forEach(one -> times.merge(one, 1, Integer::sum));
            }
            assertThat(times).hasSize(40); // and none that has a label
            assertThat(times.values()).allSatisfy(n -> assertThat(n).isCloseTo(draws / 4, within(100)));
            assertThrown(() -> sorting.draw(now, 41, new Random(0)), "40 are unsorted");
            studio.draw(sorting.draw(now, 10, new Random(0)));
            assertThrown(() -> sorting.draw(studio.snapshot(), 10, new Random(1)), "A check is open");
        }
        try (Studio studio = open(folder)) {
            List<Drawn> drawn = studio.snapshot().drawn();
            assertThat(drawn).hasSize(10).noneMatch(Drawn::isAnswered);
            int check = studio.snapshot().checks().get(0);
            studio.move(List.of(drawn.get(0).id(), drawn.get(1).id()), "cats", false, null);
            studio.none(List.of(drawn.get(2).id()), null);
            studio.unclear(drawn.get(3).id());
            studio.upload(picture(500), null, "late.png", null);
            assertThat(studio.snapshot().drawn()).filteredOn(Drawn::isAnswered).hasSize(4);
            assertThat(studio.snapshot().labelled(one -> true)).hasSize(40);
            assertThat(studio.unsortedAt(check)).hasSize(40).doesNotContain(Sha256.of(picture(500)));
            studio.stopCheck();
            assertThat(studio.snapshot().drawn()).isEmpty();
            assertThat(studio.snapshot().checks()).isEmpty();
            assertThat(studio.snapshot().labelled(one -> true)).hasSize(42);
            studio.undo();
            assertThat(studio.snapshot().labelled(one -> true)).hasSize(40);
            assertThat(studio.snapshot().drawn()).hasSize(10);
        }
    }

    @Test
    void aDeletedClassLeavesItsPicturesUnsortedAndItsOtherFilesAlone() throws IOException {
        fill(folder, 2, "", "cats", "dogs");
        Files.writeString(folder.resolve("dogs/notes.txt"), "mine");
        List<String> before = tree();
        try (Studio studio = open(folder)) {
            assertThat(studio.deleteClass("cats").did()).isEqualTo("Deleted the class cats");
            assertThat(studio.snapshot().classes()).containsExactly("dogs");
            assertThat(studio.deleteClass("dogs").did())
                    .isEqualTo("Deleted the class dogs; its folder stays, with other files");
            assertThat(tree())
                    .containsExactly(
                            "",
                            "dogs",
                            "dogs/notes.txt",
                            "p0 (2).png",
                            "p0 (3).png",
                            "p0.png",
                            "p1 (2).png",
                            "p1 (3).png",
                            "p1.png");
            assertThrown(() -> studio.deleteClass("birds"), "no class birds");
            studio.undo();
            studio.undo();
            assertThat(tree()).isEqualTo(before);
        }
    }

    @Test
    void removedPicturesAreListedAndBroughtBack() throws IOException {
        fill(folder, 3, "", "cats", "dogs");
        List<String> before = tree();
        try (Studio studio = open(folder)) {
            List<String> some =
                    List.of(ids(studio, "cats").get(1), ids(studio, null).get(0));
            studio.remove(some);
        }
        try (Studio studio = open(folder)) {
            List<Removed> removed = studio.removed();
            assertThat(removed).map(Removed::file).containsExactlyInAnyOrder("p1.png", "p0.png");
            assertThat(removed).map(Removed::from).containsExactlyInAnyOrder("cats", null);
            List<String> ids = removed.stream().map(Removed::id).toList();
            assertThat(studio.thumbnail(ids.get(0))).isNotEmpty(); // which was never made before
            assertThat(studio.bringBack(ids).did()).isEqualTo("Brought back 2 pictures");
            assertThat(tree()).isEqualTo(before);
            assertThat(studio.removed()).isEmpty();
            studio.undo();
            assertThat(studio.removed()).isEqualTo(removed);
            studio.deleteClass("cats");
            studio.bringBack(ids);
            assertThat(studio.snapshot().of(null)).hasSize(6);
            assertThat(studio.bringBack(ids).did()).isNull();
        }
    }

    @Test
    void aClassIsMergedOnlyIfThatIsMeant() throws IOException {
        try (Studio studio = open(fill(folder, 2, "cats", "dogs"))) {
            List<String> before = tree();
            assertThrown(
                    () -> studio.rename("cats", "dogs", false), "There is a class dogs already: merge cats into it");
            assertThat(tree()).isEqualTo(before);
        }
    }

    @Test
    void whatIsSaidIsWhatWasDone() throws IOException {
        try (Studio studio = open(fill(folder, 2, "cats", "dogs"))) {
            List<String> both =
                    List.of(ids(studio, "cats").get(0), ids(studio, "dogs").get(0));
            assertThat(studio.move(both, "dogs", false, null).did()).isEqualTo("Moved 1 to dogs");
            assertThat(studio.move(both, "dogs", false, null).did()).isNull();
            assertThat(studio.upload(picture(0), "dogs", "again.png", null).did())
                    .isNull();
            assertThat(studio.done().undo()).isEqualTo("Moved 1 to dogs");
            Files.delete(folder.resolve("dogs/p0 (2).png")); // the one that was moved
            assertThat(studio.undo().did()).isEqualTo("Undone: Moved 1 to dogs, but for 1 picture changed elsewhere");
        }
    }

    /** Neither the time of its folder nor its name shows it. */
    @Test
    void aPictureThatIsOverwrittenInPlaceIsAnotherPicture() throws Exception {
        fill(folder, 2, "a", "b");
        Path file = folder.resolve("a/p1.png");
        Files.setLastModifiedTime(file, FileTime.fromMillis(0));
        try (Studio studio = open(folder)) {
            assertThat(ids(studio, "a")).hasSize(2);
            Files.write(file, picture(60));
            Files.setLastModifiedTime(file, FileTime.fromMillis(1));
            studio.look();
            assertThat(ids(studio, "a")).contains(Photo.id(Sha256.of(picture(60))));
        }
    }

    /** A list of the files is out of date as soon as a picture moves. */
    @Test
    void looksBesideMovesFindNoChanges() throws Exception {
        fill(folder, 2, "a", "b");
        AtomicBoolean moved = new AtomicBoolean();
        try (Studio studio = open(folder)) {
            Thread other = new Thread(() -> {
                while (!moved.get()) {
                    studio.snapshot();
                    studio.look();
                }
            });
            List<String> one = List.of(ids(studio, "a").get(0));
            long before = studio.done().revision();
            other.start();
            for (int i = 0; i < 200; i++) {
                studio.move(one, i % 2 == 0 ? "b" : "a", false, null);
            }
            moved.set(true);
            other.join();
            assertThat(studio.done().revision()).isEqualTo(before + 200);
        }
    }

    @Test
    void changesFromOutsideAreNoticed() throws IOException {
        fill(folder, 2, "a", "b");
        Files.setLastModifiedTime(folder.resolve("a/p1.png"), FileTime.fromMillis(0));
        try (Studio studio = open(folder)) {
            String gone = ids(studio, "a").get(0);
            Files.delete(folder.resolve("a/p0.png"));
            assertThrown(() -> studio.move(List.of(gone), "b", false, null), "gone");
            Files.write(folder.resolve("b/new.png"), picture(50));
            assertThat(ids(studio, "b")).contains(Sha256.of(picture(50)).substring(0, 20));
            byte[] whole = picture(52);
            Path copied = Files.write(folder.resolve("b/copied.png"), Arrays.copyOf(whole, whole.length / 2));
            assertThat(ids(studio, "b")).hasSize(4);
            Files.write(copied, whole); // its folder's time stays
            studio.look();
            assertThat(ids(studio, "b")).contains(Photo.id(Sha256.of(whole)));
            String changed = ids(studio, "a").get(0);
            Files.write(folder.resolve("a/p1.png"), picture(51));
            Files.setLastModifiedTime(folder.resolve("a/p1.png"), FileTime.fromMillis(1));
            assertThrown(() -> studio.move(List.of(changed), "b", false, null), "changed");
            assertThat(Files.exists(folder.resolve("a/p1.png"))).isTrue();
            assertThat(ids(studio, "a")).containsExactly(Sha256.of(picture(51)).substring(0, 20));
        }
    }

    @Test
    void testPicturesAreFixedByContentWhileLabelsMove() throws IOException {
        fill(folder, 9, "a", "b");
        Set<String> tests;
        try (Studio studio = open(folder)) {
            tests = studio.snapshot().tests();
            assertThat(tests).hasSizeBetween(2, 12);
            studio.rename("a", "b", true);
            studio.rename("b", "c", true);
            assertThat(studio.snapshot().tests()).isEqualTo(tests);
        }
        try (Studio again = open(folder)) {
            assertThat(again.snapshot().tests()).isEqualTo(tests);
        }
    }

    @Test
    void theOrderOfSortingMakesNoDifferenceToTheTest() throws IOException {
        List<Set<String>> tests = new ArrayList<>();
        for (boolean easyFirst : List.of(true, false)) {
            Path place = Files.createDirectories(folder.resolve("easy " + easyFirst));
            for (int i = 0; i < 60; i++) {
                Files.write(place.resolve("p%02d.png".formatted(i)), picture(i));
            }
            try (Studio studio = open(place)) {
                studio.addClass("a");
                List<String> all = new ArrayList<>(ids(studio, null));
                all.sort(
                        Comparator.comparing(id -> studio.file(id).getFileName().toString()));
                if (!easyFirst) {
                    Collections.reverse(all);
                }
                for (int from = 0; from < 60; from += 5) {
                    studio.move(all.subList(from, from + 5), "a", false, null);
                }
                tests.add(studio.snapshot().tests());
            }
        }
        assertThat(tests.get(0)).hasSizeBetween(8, 32).isEqualTo(tests.get(1));
    }

    /** Pictures are sorted by a falling chance of being recognised; the share that is recognised among the test pictures. */
    @Test
    void whoSortsEasyPicturesFirstIsToldNoTooGoodNumber() {
        Random random = new Random(1);
        int n = 3_000;
        double all = 0;
        double tested = 0;
        int drawn = 0;
        for (int i = 0; i < n; i++) {
            boolean right = random.nextDouble() > (double) i / n;
            boolean isTest = PhotoFolder.isDrawn(Sha256.of("picture " + i));
            all += right ? 1 : 0;
            tested += right && isTest ? 1 : 0;
            drawn += isTest ? 1 : 0;
        }
        assertThat(drawn).isBetween(n / 3 - 80, n / 3 + 80);
        assertThat(tested / drawn).isCloseTo(all / n, within(0.04));
    }

    /** Cameras make larger pictures than the service accepts. */
    @Test
    void aPictureOf63MegapixelsHasAThumbnail() throws IOException {
        Files.createDirectories(folder.resolve("a"));
        ImageIO.write(
                new BufferedImage(9000, 7000, BufferedImage.TYPE_BYTE_GRAY),
                "jpg",
                folder.resolve("a/large.jpg").toFile());
        try (Studio studio = open(folder)) {
            byte[] small = studio.thumbnail(ids(studio, "a").get(0));
            assertThat(ImageIO.read(new ByteArrayInputStream(small)).getWidth()).isEqualTo(Studio.THUMBNAIL);
        }
    }

    @Test
    void otherCommandsDoNotSeeWhatTheStudioAdds() throws IOException {
        fill(folder, 10, "a", "b");
        try (Studio studio = open(folder)) {
            studio.remove(ids(studio, "a").subList(0, 2));
            studio.thumbnail(ids(studio, "b").get(0));
        }
        assertThat(DataSpec.of(folder).load(1).classNames()).containsExactly("a", "b");
        assertThat(DataSpec.of(folder).load(1).train()).hasSize(9);
    }

    @Test
    void aSecondStudioAndASplitAreRefused() throws IOException {
        fill(folder, 1, "a");
        try (Studio studio = open(folder)) {
            assertThrown(CommandFailure.class, () -> open(folder), "is open in another studio");
            StudioFolder.open(folder, true, StudioFolder.USER, Sha256::of).close();
            assertThat(studio.snapshot().photos()).hasSize(1);
        }
        Path split = fill(folder.resolve("a"), 1, "train", "test");
        assertThrown(() -> StudioFolder.open(split, false, StudioFolder.USER, Sha256::of), "split");
    }

    @Test
    void nothingIsChangedReadOnlyOrBehindALink() throws IOException {
        fill(folder, 2, "photos/a", "elsewhere");
        Path photos = folder.resolve("photos");
        Files.createSymbolicLink(photos.resolve("linked"), folder.resolve("elsewhere"));
        try (Studio studio = StudioFolder.open(photos, true, StudioFolder.USER, Sha256::of)) {
            assertThrown(() -> studio.move(ids(studio, "a"), null, false, null), "--read-only");
            assertThat(studio.thumbnail(ids(studio, "a").get(0))).isNotEmpty();
        }
        assertThat(photos.resolve(PhotoFolder.OWN)).doesNotExist();
        try (Studio studio = StudioFolder.open(photos, false, StudioFolder.USER, Sha256::of)) {
            assertThrown(() -> studio.move(ids(studio, "a"), "linked", false, null), "link");
            assertThrown(() -> studio.move(ids(studio, "linked"), "a", false, null), "link");
        }
        assertThat(contents(folder.resolve("elsewhere"))).hasSize(2);
    }

    @Test
    void aDamagedTailOfTheJournalIsSetAside() throws IOException {
        fill(folder, 2, "a", "b");
        Path journal = folder.resolve(PhotoFolder.OWN).resolve("journal");
        try (Studio studio = open(folder)) {
            studio.move(ids(studio, "a"), "b", false, null);
        }
        Files.writeString(journal, "0123456789abcdef {\"action\":2,", StandardOpenOption.APPEND);
        try (Studio studio = open(folder)) {
            assertThat(studio.done().undo()).isEqualTo("Moved 2 to b");
            studio.undo();
        }
        assertThat(journal.resolveSibling("journal.damaged-1")).hasContent("0123456789abcdef {\"action\":2,");
        assertThatCode(() -> open(folder).close()).doesNotThrowAnyException();
    }

    @Test
    void aLabelDeclaredRightIsRemembered() throws IOException {
        fill(folder, 1, "a", "b");
        try (Studio studio = open(folder)) {
            studio.keep(ids(studio, "a").get(0), null);
        }
        try (Studio studio = open(folder)) {
            Photo kept = studio.snapshot().of("a").get(0);
            assertThat(studio.snapshot().kept().contains(kept.label())).isTrue();
            studio.move(List.of(kept.id()), "b", false, null);
            assertThat(studio.snapshot().of("b"))
                    .map(Photo::label)
                    .doesNotContainAnyElementsOf(studio.snapshot().kept());
        }
    }
}
