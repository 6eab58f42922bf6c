package org.coop4j.tags;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.base.StateFolder;
import org.coop4j.clip.Clip;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.tags.TagFolder.Options;
import org.coop4j.tags.TagFolder.Status;
import org.coop4j.tags.TagFolder.Tagged;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures that are put into folders and taken back, and what a dry run leaves. */
class TagFolderTest {

    static final List<String> CLASSES = List.of("sea", "hill");
    private static final String XMP =
            """
            <x:xmpmeta xmlns:x="adobe:ns:meta/">
             <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
              <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
               <dc:subject><rdf:Bag><rdf:li>%s</rdf:li></rdf:Bag></dc:subject>
              </rdf:Description>
             </rdf:RDF>
            </x:xmpmeta>
            """;

    @TempDir
    static Path model;

    private static Clip clip;
    private static ImageClassifier classifier;

    @TempDir
    private Path folder;

    private Path photos;
    private Path sorted;

    @BeforeAll
    static void open() throws IOException {
        clip = Clip.open(TinyModel.write(model.resolve("tiny.safetensors"), 1));
        classifier = classifier(clip);
    }

    static ImageClassifier classifier(Clip clip) throws IOException {
        return ImageClassifier.of(clip, PromptEnsemble.of(PromptTemplates.PHOTO).classifier(clip, CLASSES));
    }

    @AfterAll
    static void close() throws IOException {
        classifier.close();
        clip.close();
    }

    @BeforeEach
    void pictures() throws IOException {
        photos = library(folder.resolve("photos"));
        sorted = folder.resolve("sorted");
    }

    /** A folder of eight pictures, two of which have the same name, with sidecars of both kinds and a raw file. */
    static Path library(Path folder) throws IOException {
        for (int i = 0; i < 8; i++) {
            TestPictures.write(folder.resolve((i < 4 ? "a" : "b") + "/p" + i % 5 + ".png"), i % 2, i);
        }
        Files.writeString(folder.resolve("a/p1.png.xmp"), XMP.formatted("mine"));
        Files.writeString(folder.resolve("a/p2.xmp"), XMP.formatted("by stem"));
        Files.writeString(folder.resolve("a/p3.xmp"), XMP.formatted("of a raw file"));
        Files.writeString(folder.resolve("a/p3.cr2"), "raw");
        return folder;
    }

    static Options options(boolean dry, boolean xmp, LabelFolders into) {
        return new Options("pets", "7".repeat(64), "coop4j/pets", null, null, false, false, false, dry, xmp, into);
    }

    static TagFolder open(Path photos, Options options) throws IOException {
        return TagFolder.open(photos, options, new StateFolder(photos.resolveSibling("state")), Progress.NONE);
    }

    static LabelFolders into(Path sorted, boolean move) {
        return new LabelFolders(sorted, move, CLASSES);
    }

    static List<Tagged> tag(ImageClassifier classifier, Path photos, Options options) throws IOException {
        List<Tagged> all = new ArrayList<>();
        try (TagFolder tags = open(photos, options)) {
            tags.tag(classifier, tags.pictures(entered -> {}), all::add);
        }
        return all;
    }

    private List<Tagged> tag(Options options) throws IOException {
        return tag(classifier, photos, options);
    }

    static List<Tagged> undo(Path photos, boolean dry) throws IOException {
        List<Tagged> all = new ArrayList<>();
        try (TagFolder tags = open(photos, options(dry, true, null))) {
            tags.undo(name -> true, all::add);
        }
        return all;
    }

    /** Returns the content of each file, hidden ones too. */
    static Map<String, String> contents(Path folder) throws IOException {
        Map<String, String> all = new TreeMap<>();
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.filter(one -> !Files.isDirectory(one)).toList()) {
                    all.put(folder.relativize(file).toString(), Sha256.of(file));
                }
            }
        }
        return all;
    }

    @Test
    void movedPicturesTakeTheirSidecarsAndComeBack() throws IOException {
        Map<String, String> before = contents(photos);
        Path linked = TestPictures.write(folder.resolve("linked.png"), 1, 99);
        Files.createSymbolicLink(photos.resolve("b/link.png"), linked);
        String label = tag(options(false, false, null)).get(2).names().get(0); // of a/p2.png
        Path taken = Files.createDirectories(sorted.resolve(label)).resolve("p2.png");
        Files.writeString(taken, "another");

        List<Tagged> moved = tag(options(false, false, into(sorted, true)));
        assertThat(moved).hasSize(9).allMatch(one -> one.status() == Status.UNCHANGED);
        assertThat(contents(photos)).containsOnlyKeys("a/p3.cr2", "a/p3.xmp", "b/link.png");
        assertThat(taken).hasContent("another");
        assertThat(sorted.resolve(label + "/p2 (2).png")).exists();
        assertThat(sorted.resolve(label + "/p2 (2).xmp")).hasContent(XMP.formatted("by stem"));
        assertThat(contents(sorted)).hasSize(11);
        assertThat(contents(sorted).values())
                .containsAll(before.entrySet().stream()
                        .filter(one -> !one.getKey().startsWith("a/p3"))
                        .map(Map.Entry::getValue)
                        .toList());

        Path changed = sorted.resolve(moved.get(0).to().get(0));
        byte[] content = Files.readAllBytes(changed);
        Files.writeString(changed, "changed");
        List<Tagged> back = undo(photos, false);
        assertThat(back).filteredOn(one -> one.status() == Status.FAILED).hasSize(1);
        assertThat(changed).hasContent("changed");
        Files.write(changed, content);
        assertThat(undo(photos, false)).hasSize(1);
        Files.delete(photos.resolve("b/link.png"));
        assertThat(contents(photos)).isEqualTo(before);
        assertThat(contents(sorted)).hasSize(1);
        assertThat(undo(photos, false)).isEmpty();
    }

    @Test
    void copiesHaveTheTagsAndWhatIsThereIsNotCopiedAgain() throws IOException {
        Map<String, String> before = contents(photos);
        Files.createSymbolicLink(photos.resolve("b/link.png"), Path.of("p4.png"));
        List<Tagged> copied = tag(options(false, true, into(sorted, false)));
        assertThat(copied).hasSize(9).allMatch(one -> one.to().size() == 1);
        for (Tagged one : copied) {
            assertThat(Path.of(one.to().get(0))).isRegularFile().hasSameBinaryContentAs(photos.resolve(one.path()));
            assertThat(Files.isSymbolicLink(Path.of(one.to().get(0)))).isFalse();
        }
        Map<String, String> copies = contents(sorted);
        assertThat(copies).hasSize(18); // each with a sidecar
        List<Tagged> again = tag(options(false, true, into(sorted, false)));
        assertThat(again)
                .allMatch(one -> one.status() == Status.SKIPPED && one.labels().size() == 1);
        assertThat(contents(sorted)).isEqualTo(copies);

        Path edited = Path.of(copied.get(1).to().get(0) + ".xmp");
        Files.writeString(edited, "of a person");
        assertThat(undo(photos, false))
                .filteredOn(one -> one.status() == Status.FAILED)
                .hasSize(1);
        assertThat(contents(sorted)).hasSize(2);
        assertThat(edited).hasContent("of a person");
        Files.delete(photos.resolve("b/link.png"));
        assertThat(contents(photos)).isEqualTo(before);
    }

    @Test
    void aDryRunWritesNothingAtAll() throws IOException {
        Map<String, String> before = contents(folder);
        List<Tagged> would = tag(options(true, true, into(sorted, true)));
        assertThat(would).allMatch(one -> one.to().size() == 1);
        assertThat(undo(photos, true)).isEmpty();
        assertThat(contents(folder)).isEqualTo(before);
        assertThat(folder.resolve("state")).doesNotExist();

        tag(options(false, true, into(sorted, false)));
        for (Path journal : state()) {
            Files.writeString(journal, Files.readString(journal) + "damaged\n");
        }
        Map<String, String> after = contents(folder);
        tag(options(true, true, into(sorted, true)));
        assertThat(undo(photos, true)).isNotEmpty();
        assertThat(contents(folder)).isEqualTo(after);
    }

    /** As a command leaves it that was killed after the copy to another disk, before the deletion. */
    @Test
    void aMoveThatWasInterruptedIsFinishedOrUndone() throws IOException {
        Map<String, String> before = contents(photos);
        tag(options(false, false, into(sorted, true)));
        Path journal = state().stream()
                .filter(one -> one.toString().endsWith(".places"))
                .findFirst()
                .orElseThrow();
        List<String> lines = Files.readAllLines(journal);
        Files.writeString(journal, String.join("\n", lines.subList(0, lines.size() - 1)) + "\n");
        Path picture = photos.resolve("b/p4.png"); // the last one
        Path to = CLASSES.stream()
                .map(label -> sorted.resolve(label).resolve("p4.png"))
                .filter(Files::exists)
                .findFirst()
                .orElseThrow();
        Files.copy(to, picture);
        tag(options(false, false, null));
        assertThat(picture).doesNotExist();
        Files.writeString(journal, String.join("\n", lines.subList(0, lines.size() - 1)) + "\n");
        Files.copy(to, picture);
        undo(photos, false);
        assertThat(contents(photos)).isEqualTo(before);
        assertThat(contents(sorted)).isEmpty();
    }

    private List<Path> state() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("state/tag"))) {
            return files.toList();
        }
    }

    @Test
    void labelsThatAreNoFoldersAreRefusedBeforeAnythingIsDone() {
        assertThatThrownBy(() -> new LabelFolders(sorted, true, List.of("a/b"))).hasMessageContaining("the class a/b");
        assertThatThrownBy(() -> new LabelFolders(sorted, true, List.of("Sea", "sea")))
                .hasMessageContaining("in case alone");
    }
}
