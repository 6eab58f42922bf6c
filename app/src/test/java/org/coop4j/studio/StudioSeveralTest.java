package org.coop4j.studio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.studio.StudioFolder.contents;
import static org.coop4j.studio.StudioFolder.fill;
import static org.coop4j.studio.StudioFolder.history;
import static org.coop4j.studio.StudioFolder.ids;
import static org.coop4j.studio.StudioFolder.open;
import static org.coop4j.studio.StudioFolder.picture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.coop4j.base.CheckedLines.Beginning;
import org.coop4j.base.Sha256;
import org.coop4j.console.CommandFailure;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.studio.Journal.Entry;
import org.coop4j.studio.Journal.Version;
import org.coop4j.studio.Snapshot.Photo;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A studio on pictures with several labels, whose table other programs read and change. */
class StudioSeveralTest {

    private static final String TABLE =
            """
            path,labels,unknown
            p0.png,car;dog,
            p1.png,dog,car
            p2.png,,
            """;

    @TempDir
    private Path folder;

    private Path table;

    @BeforeEach
    void fillFolder() throws IOException {
        fill(folder, 6, "");
        table = Files.writeString(folder.resolve("labels.csv"), TABLE);
    }

    private static String id(int picture) {
        return Photo.id(Sha256.of(picture(picture)));
    }

    private static Map<String, Map<String, Boolean>> labels(Studio studio) {
        Snapshot now = studio.snapshot();
        Map<String, Map<String, Boolean>> labels = new LinkedHashMap<>();
        now.photos().forEach(one -> labels.put(one.file(), new TreeMap<>(now.decided(one))));
        return labels;
    }

    @Test
    void aTableOpensAndEachChangeIsWrittenIntoIt() throws IOException {
        try (Studio studio = open(folder)) {
            assertThat(studio.snapshot().classes()).containsExactly("car", "dog");
            assertThat(labels(studio))
                    .containsEntry("p0.png", Map.of("car", true, "dog", true))
                    .containsEntry("p1.png", Map.of("dog", true))
                    .containsEntry("p2.png", Map.of("car", false, "dog", false)) // looked at: none of them
                    .containsEntry("p3.png", Map.of()); // nobody looked at it
            assertThat(ids(studio, null)).containsExactlyInAnyOrder(id(1), id(3), id(4), id(5));
            assertThat(table).content().isEqualTo(TABLE);
            studio.move(List.of(id(3)), "dog", false, null);
            studio.reject(List.of(id(0), id(3)), "car", null);
            assertThat(table)
                    .content()
                    .isEqualTo(
                            """
                            path,labels,unknown
                            p0.png,dog,
                            p1.png,dog,car
                            p2.png,,
                            p3.png,dog,
                            """);
            studio.reject(List.of(id(1), id(4)), null, null); // and nothing else
            assertThat(table).content().contains("p1.png,dog,\n").contains("p4.png,,\n");
            studio.move(List.of(id(4)), null, false, null);
            assertThat(table).content().doesNotContain("p4.png");
            studio.move(List.of(id(5)), "umbrella", true, null);
            assertThat(table)
                    .content()
                    .contains("p5.png,umbrella,car;dog\n")
                    .contains("p0.png,dog,umbrella\n"); // nobody has judged it there
        }
        assertThat(contents(folder)).hasSize(6);
    }

    @Test
    void labelsAreRenamedMergedDeletedAndUndone() throws IOException {
        try (Studio studio = open(folder)) {
            studio.rename("dog", "hound", false);
            assertThat(table).content().contains("p0.png,car;hound,\n").contains("p1.png,hound,car\n");
            assertThat(studio.done().undo()).isEqualTo("Renamed dog to hound");
            studio.rename("hound", "car", true);
            assertThat(table)
                    .content()
                    .contains("p0.png,car,\n")
                    .contains("p1.png,car,\n")
                    .contains("p2.png,,\n");
            studio.deleteClass("car");
            assertThat(table).content().isEqualTo("path,labels,unknown\n");
            for (int i = 0; i < 3; i++) {
                studio.undo();
            }
            assertThat(labels(studio)).containsEntry("p1.png", Map.of("dog", true));
            assertThrown(() -> studio.undo(), "nothing to undo");
        }
        Map<String, Map<String, Boolean>> known;
        try (Studio studio = open(folder)) {
            known = labels(studio);
            assertThat(studio.snapshot().classes()).containsExactly("car", "dog");
        }
        ImageDataset read = DataSpec.of(table).load(1);
        assertThat(read.classNames()).containsExactly("car", "dog");
        assertThat(known).containsEntry("p2.png", Map.of("car", false, "dog", false));
    }

    /** A second studio reads from the table alone what the first one knows. Lines of missing pictures stay. */
    @Test
    void whateverIsDoneTheTableHasItAndUndoLeadsBack() throws IOException {
        Files.writeString(table, TABLE + "gone.png,dog;horse,\n");
        Set<String> known = new HashSet<>(contents(folder));
        Random random = new Random(5);
        Map<String, Map<String, Boolean>> before;
        try (Studio studio = open(folder)) {
            before = labels(studio);
            for (int i = 0; i < 80; i++) {
                StudioFolder.anything(studio, random);
                assertThat(contents(folder)).as("step " + i).containsAll(known);
                try (Studio other = StudioFolder.open(folder, true, StudioFolder.USER, Sha256::of)) {
                    assertAgree(studio, other);
                }
            }
        }
        try (Studio studio = open(folder)) {
            while (studio.done().undo() != null) {
                studio.undo();
            }
            assertThat(labels(studio)).isEqualTo(before);
            assertThat(studio.snapshot().classes()).containsExactly("car", "dog");
        }
        assertThat(Files.readAllLines(table))
                .map(line -> line.replace("dog;car", "car;dog").replaceFirst("(gone.*),.*", "$1,"))
                .containsExactlyInAnyOrderElementsOf(
                        (TABLE + "gone.png,dog;horse,").lines().toList());
    }

    @Test
    void whatIsForOneLabelIsRefusedAndMovesNothing() throws IOException {
        fill(folder, 1, "sub");
        try (Studio studio = open(folder)) {
            assertThrown(() -> studio.none(List.of(id(0)), null), "for one label per picture");
            assertThrown(() -> studio.draw(List.of(Sha256.of(picture(3)))), "for one label per picture");
            assertThat(folder.resolve("sub/p0.png")).exists();
        }
    }

    @Test
    void oneGestureIsUndoneInItsOrder() throws IOException {
        try (Studio studio = open(folder)) {
            studio.reject(List.of(id(3)), "dog", "sort");
            studio.move(List.of(id(3), id(4)), "dog", false, "sort");
            assertThat(studio.done().undo()).isEqualTo("Put dog on 2, Marked 1 as not dog");
            studio.undo();
            assertThat(labels(studio)).containsEntry("p3.png", Map.of());
            assertThat(table).content().isEqualTo(TABLE);
            studio.take(List.of(id(0)), "dog"); // and leaves its other label
            assertThat(table).content().contains("p0.png,car,dog\n");
        }
    }

    /** A process that does anything is killed; what it noted is in the table, which a second studio reads without a history. */
    @Test
    void aKilledStudioLeavesATableThatAgreesWithItsHistory() throws Exception {
        for (int kill = 0; kill < 2; kill++) {
            Path out = folder.resolve("out.txt");
            Process busy = StudioFolder.java(List.of(), StudioKillTest.Busy.class, folder.toString(), "" + kill)
                    .redirectOutput(out.toFile())
                    .start();
            while (busy.isAlive() && Files.size(out) == 0) {
                Thread.sleep(5);
            }
            Thread.sleep(100 + 200 * kill);
            busy.destroyForcibly();
            busy.waitFor();
            try (Studio studio = open(folder);
                    Studio other = StudioFolder.open(folder, true, StudioFolder.USER, Sha256::of)) {
                assertThat(studio.question()).isNull();
                assertAgree(studio, other);
            }
        }
    }

    @Test
    void theSavedStateOfAJournalHasTheLabels() throws IOException {
        Path file = folder.resolve("state");
        JournalState state = new JournalState();
        List<String> marks = List.of("#dog", "#car", "@" + Sha256.of("a") + "dog", "~" + Sha256.of("a") + "car");
        state.apply(
                Entry.of(1, "Put", null, null, List.of(), List.of(), List.of()).keeping(marks), 0);
        state.apply(Entry.note(1, null), 0);
        state.write(file, new Beginning(0, 0));
        JournalState read = JournalState.read(file);
        assertThat(read.places.judged).isEqualTo(Map.of(Sha256.of("a"), Map.of("car", false, "dog", true)));
        assertThat(read.places.classes).containsExactly("car", "dog");
        assertThat(read.places.isSeveral()).isTrue();
    }

    /** Another studio, which reads the table alone, knows the same; but a class that no picture shows may be in no cell. */
    private static void assertAgree(Studio studio, Studio other) {
        List<String> classes = other.snapshot().classes();
        assertThat(studio.snapshot().classes()).containsAll(classes);
        Map<String, Map<String, Boolean>> now = labels(studio);
        now.values().forEach(own -> own.keySet().retainAll(classes));
        assertThat(labels(other)).containsExactlyEntriesOf(now);
    }

    @Test
    void everyStateIsGoneBackTo() throws IOException {
        Random random = new Random(12);
        try (Studio studio = open(folder)) {
            for (int i = 0; i < 30; i++) {
                StudioFolder.anything(studio, random);
            }
            List<Version> states = history(studio);
            assertThat(states).hasSizeGreaterThan(5);
            for (Version state : states) {
                boolean isOther = studio.restore(state.state()).did() != null;
                assertThat(studio.difference(state.state(), studio.snapshot().state()))
                        .as(state.what())
                        .isEmpty();
                if (isOther) {
                    studio.undo();
                }
            }
        }
    }

    @Test
    void picturesAreAddedRemovedAndBroughtBackWithTheirLabels() throws IOException {
        try (Studio studio = open(folder)) {
            studio.upload(picture(50), "tree", "new.png", null);
            studio.upload(picture(0), "tree", "again.png", null);
            assertThat(folder.resolve("new.png")).exists();
            assertThat(folder.resolve("again.png")).doesNotExist();
            assertThat(table).content().contains("p0.png,car;dog;tree,\n").contains("new.png,tree,car;dog\n");
            studio.remove(List.of(id(0)));
            assertThat(table).content().doesNotContain("p0.png");
            studio.bringBack(List.of(id(0)));
            assertThat(labels(studio)).containsEntry("p0.png", Map.of("car", true, "dog", true, "tree", true));
            Files.move(
                    folder.resolve("p0.png"),
                    Files.createDirectories(folder.resolve("b")).resolve("x.png"));
            assertThat(labels(studio)).containsEntry("x.png", Map.of("car", true, "dog", true, "tree", true));
            assertThat(table).content().contains("b/x.png,car;dog;tree,\n");
        }
    }

    @Test
    void aChangeOfAnotherProgramIsReadAndNeverOverwritten() throws IOException {
        try (Studio studio = open(folder)) {
            Files.writeString(table, TABLE.replace("p2.png,,", "p2.png,car,") + "p4.png,bird,dog\n");
            studio.move(List.of(id(3)), "dog", false, null);
            assertThat(table)
                    .content()
                    .contains("p2.png,car,")
                    .contains("p4.png,bird,dog\n")
                    .contains("p3.png,dog,");
            assertThat(history(studio).get(1).what()).isEqualTo("Changed outside the studio");
            Files.delete(table);
            studio.snapshot();
            assertThat(table).content().contains("p2.png,car,").contains("p4.png,bird,dog\n");
        }
    }

    @Test
    void aDamagedTableIsNamedAndKeptUntilThePersonSaysSo() throws IOException {
        String damaged = TABLE + "p3.png,dog\n";
        try (Studio studio = open(folder)) {
            studio.move(List.of(id(3)), "dog", false, null);
            Files.writeString(table, damaged);
            studio.snapshot();
            assertThat(studio.question().why()).contains("labels.csv line 5: expected 3 cells, got 2");
            assertThrown(() -> studio.move(List.of(id(4)), "dog", false, null), "your answer");
            assertThat(table).content().isEqualTo(damaged);
        }
        try (Studio studio = open(folder)) {
            assertThat(labels(studio)).containsEntry("p3.png", Map.of("dog", true)); // as far as the history knows
            studio.answer(true);
            assertThat(studio.question()).isNull();
            assertThat(table).content().contains("p3.png,dog,car\n");
            assertThat(folder.resolve("labels.csv.damaged-1")).content().isEqualTo(damaged);
            Files.writeString(table, TABLE.replace("dog", "=cmd()"));
            Files.writeString(table, TABLE.replace("car;dog,", "car;dog,dog"));
            studio.snapshot();
            assertThat(studio.question().why()).contains("line 2: [dog] is both shown and unknown");
            Files.writeString(table, TABLE); // mended
            studio.snapshot();
            assertThat(studio.question()).isNull();
        }
    }

    @Test
    void aLabelThatCannotBeWrittenIsNotGiven() throws IOException {
        try (Studio studio = open(folder)) {
            Path elsewhere = Files.move(table, folder.resolve("elsewhere.csv"));
            Files.createSymbolicLink(table, elsewhere);
            assertThrown(() -> studio.move(List.of(id(3)), "dog", false, null), "labels.csv is a link");
            assertThat(labels(studio)).containsEntry("p3.png", Map.of());
            assertThat(elsewhere).content().isEqualTo(TABLE);
        }
    }

    /** The action is in the journal, and the process is killed before the table is written; another program writes it then. */
    @Test
    void anActionThatWasInterruptedBeforeTheTableIsFinished() throws IOException {
        open(folder).close();
        Entry begun = Entry.of(9, "Put dog on 1", null, null, List.of(), List.of(), List.of())
                .keeping(List.of("~" + Sha256.of(picture(3)) + "car", "@" + Sha256.of(picture(3)) + "dog"));
        try (Journal journal = StudioFolder.journal(folder)) {
            journal.add(begun);
        }
        Files.writeString(table, TABLE + "p4.png,car,\n");
        try (Studio studio = open(folder)) {
            assertThat(table).content().isEqualTo(TABLE + "p4.png,car,\np3.png,dog,\n");
            assertThat(labels(studio)).containsEntry("p4.png", Map.of("car", true, "dog", false));
            assertThat(studio.done().undo()).isEqualTo("Put dog on 1");
            studio.undo();
            assertThat(table).content().isEqualTo(TABLE + "p4.png,car,\n");
        }
    }

    @Test
    void namesOfLabelsFromATableMayBeHostileAndThoseOfThePageNot() throws IOException {
        List<String> names =
                List.of("../../x", ".hidden", "<b>&", "a/b", "=1+1", "con", "a\u0000b", "\"q\",", "#@~!-", "كرسي");
        StringBuilder text = new StringBuilder("path,labels,unknown\n");
        for (int i = 0; i < 6; i++) {
            text.append("p%d.png,\"%s\",%n".formatted(i, String.join(";", names).replace("\"", "\"\"")));
        }
        Files.writeString(table, text);
        try (Studio studio = open(folder)) {
            assertThat(studio.snapshot().classes()).containsExactlyInAnyOrderElementsOf(names);
            for (String name : names) {
                studio.reject(List.of(id(0)), name, null);
                studio.deleteClass(name);
            }
            for (int i = 0; i < 2 * names.size(); i++) {
                studio.undo();
            }
        }
        try (Studio studio = open(folder)) {
            assertThat(studio.snapshot().classes()).containsExactlyInAnyOrderElementsOf(names);
            assertThat(ids(studio, "../../x")).hasSize(6);
            for (String name : List.of("a;b", "=1", "-x", "..", "a\nb", " ")) {
                assertThrown(StudioProblem.class, () -> studio.addClass(name));
            }
            studio.restore(1);
            assertThat(studio.difference(1, studio.snapshot().state())).isEmpty();
        }
        try (var files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .hasSize(8)
                    .contains(".coop4j", "labels.csv");
        }
    }

    @Test
    void otherListsAndKeywordsBecomeATableBesideThePictures() throws IOException {
        Files.delete(table);
        String lines =
                """
                {"path": "p0.png", "labels": ["a;b", "dog"], "unknown": ["cat"]}
                {"path": "p1.png", "labels": []}
                """;
        Path list = Files.writeString(folder.resolve("list.jsonl"), lines);
        StudioServer.makeTable(folder, list, false);
        assertThat(Files.readAllLines(table))
                .containsExactlyInAnyOrder("path,labels,unknown", "p0.png,\"a,b;dog\",cat", "p1.png,,");
        assertThat(list).content().isEqualTo(lines);
        try (Studio studio = open(folder)) {
            assertThat(studio.snapshot().classes()).containsExactly("a,b", "cat", "dog");
        }
        StudioServer.makeTable(folder, null, true); // there is one already
        assertThat(Files.readAllLines(table)).hasSize(3);
        Files.delete(table);
        String xmp =
                """
                <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
                <rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag>%s</rdf:Bag></dc:subject>
                </rdf:Description></rdf:RDF></x:xmpmeta>
                """;
        Files.writeString(folder.resolve("p0.png.xmp"), xmp.formatted("<rdf:li>dog</rdf:li><rdf:li>sea</rdf:li>"));
        Files.writeString(folder.resolve("p1.png.xmp"), xmp.formatted("<rdf:li>dog</rdf:li>"));
        List<String> before = contents(folder);
        StudioServer.makeTable(folder, null, true);
        assertThat(Files.readAllLines(table))
                .containsExactlyInAnyOrder("path,labels,unknown", "p0.png,dog;sea,", "p1.png,dog,");
        assertThat(contents(folder)).isEqualTo(before);
        Files.writeString(table, "path,label\nx.png,dog\n");
        assertThrown(() -> StudioServer.makeTable(folder, null, true), "is another table: rename it");
        assertThat(table).hasContent("path,label\nx.png,dog");
    }

    @Test
    void copiesShareTheirLabelsAndReadOnlyWritesNothing() throws IOException {
        Files.write(folder.resolve("copy.png"), picture(0));
        try (Studio studio = StudioFolder.open(folder, true, StudioFolder.USER, Sha256::of)) {
            assertThat(labels(studio)).containsEntry("copy.png", Map.of("car", true, "dog", true));
            assertThrown(() -> studio.move(List.of(id(3)), "dog", false, null), "--read-only");
            Files.move(folder.resolve("p1.png"), folder.resolve("moved.png"));
            assertThat(labels(studio)).containsKey("moved.png");
            assertThat(table).content().isEqualTo(TABLE);
        }
        assertThat(folder.resolve(PhotoFolder.OWN)).doesNotExist();
        try (Studio studio = open(folder)) {
            studio.reject(List.of(id(0)), "dog", null);
            assertThat(table).content().contains("p0.png,car,\n").contains("copy.png,car,\n");
        }
        List<String> splits = new ArrayList<>();
        Files.createDirectories(folder.resolve("train"));
        Files.createDirectories(folder.resolve("test"));
        try (Studio studio = open(folder)) { // folders are places here, no classes
            splits.addAll(studio.snapshot().classes());
        } catch (CommandFailure e) {
            splits.add(e.getMessage());
        }
        assertThat(splits).containsExactly("car", "dog");
    }
}
