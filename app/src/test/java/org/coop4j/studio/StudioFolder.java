package org.coop4j.studio;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.coop4j.base.IoFunction;
import org.coop4j.base.JavaChild;
import org.coop4j.base.Sha256;
import org.coop4j.base.StateFolder;
import org.coop4j.studio.Journal.Version;
import org.coop4j.studio.Snapshot.Photo;
import org.coop4j.studio.Studio.Removed;

/** Folders of small pictures, and what is in them. */
final class StudioFolder {

    /** A user, the same in processes that tests start. */
    static final StateFolder USER = new StateFolder(Path.of("target", "studio-user"));

    private StudioFolder() {}

    /** Returns the content of a small picture of noise. */
    static byte[] picture(long seed) {
        Random random = new Random(seed);
        return png(8, i -> random.nextInt(1 << 24));
    }

    /** Returns the content of a picture that has no edges. */
    static byte[] smooth(int side) {
        return png(side, i -> 0x010101 * (i % side));
    }

    /** Returns the content of the same picture in any size that is a multiple of 8. */
    static byte[] blocks(int side) {
        int[] colours = new Random(7).ints(64, 0, 1 << 24).toArray();
        return png(side, i -> colours[i / side * 8 / side * 8 + i % side * 8 / side]);
    }

    private static byte[] png(int side, IntUnaryOperator colour) {
        BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < side * side; i++) {
            image.setRGB(i % side, i / side, colour.applyAsInt(i));
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Writes different pictures with equal names into some folders; an empty one is the folder itself. */
    static Path fill(Path folder, int each, String... classes) throws IOException {
        long seed = 0;
        for (String name : classes) {
            Files.createDirectories(folder.resolve(name));
            for (int i = 0; i < each; i++) {
                Files.write(folder.resolve(name).resolve("p" + i + ".png"), picture(seed++));
            }
        }
        return folder;
    }

    /** Returns the contents of all pictures, removed ones too, in order. */
    static List<String> contents(Path folder) throws IOException {
        List<String> contents = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file :
                    files.filter(one -> one.toString().endsWith(".png")).toList()) {
                contents.add(Sha256.of(file));
            }
        }
        return contents.stream().sorted().toList();
    }

    static List<String> ids(Studio studio, String className) {
        return studio.snapshot().of(className).stream().map(Photo::id).toList();
    }

    private static Set<String> contents(Studio studio, String className) {
        return studio.snapshot().of(className).stream()
                .map(Photo::sha256)
                .limit(9)
                .collect(toSet());
    }

    static Studio open(Path folder) throws IOException {
        return open(folder, false, USER, Sha256::of);
    }

    static Studio open(Path folder, boolean readOnly, StateFolder user, IoFunction<Path, String> sha256)
            throws IOException {
        return Studio.open(folder, readOnly, user, sha256, "");
    }

    static List<Version> history(Studio studio) {
        return studio.history(Integer.MAX_VALUE);
    }

    /** Opens the journal of a folder. */
    static Journal journal(Path folder) throws IOException {
        Path own = folder.resolve(PhotoFolder.OWN);
        return Journal.open(own.resolve("journal"), own.resolve("journal.state"));
    }

    /** Returns a process of Java, begun by another command unless that is empty. */
    static ProcessBuilder java(List<String> begun, Class<?> main, String... arguments) {
        ProcessBuilder process = JavaChild.of(
                main, List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xmx256m"), (Object[])
                        arguments);
        process.command().addAll(0, begun);
        return process.redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    private static List<String> copies(Studio studio, List<String> ids) {
        return studio.snapshot().photos().stream()
                .filter(one -> ids.contains(one.id()))
                .map(Photo::copy)
                .toList();
    }

    /** Does one of many things to a studio; refusals are part of it. */
    static void anything(Studio studio, Random random) {
        List<String> classes = studio.snapshot().classes();
        String one = classes.isEmpty() || random.nextInt(5) == 0 ? null : classes.get(random.nextInt(classes.size()));
        String other = classes.isEmpty() ? "a" : classes.get(random.nextInt(classes.size()));
        List<String> some = ids(studio, one).stream()
                .filter(id -> random.nextBoolean())
                .limit(20)
                .toList();
        try {
            switch (random.nextInt(21)) {
                case 0, 1 -> studio.move(some, random.nextInt(4) == 0 ? null : other, false, null);
                case 2 -> studio.move(some, "new " + random.nextInt(6), true, null);
                case 3 -> studio.rename(other, one, true);
                case 4 -> studio.rename(other, "named " + random.nextInt(6), false);
                case 5 -> studio.remove(some.stream().limit(2).toList());
                case 6 -> studio.upload(picture(1000 + random.nextInt(1000)), one, "p1.png", null);
                case 7 -> studio.restore(1 + random.nextInt(30));
                case 8 -> studio.deleteClass(other);
                case 9 -> studio.keep(some.get(0), null);
                case 10 -> studio.reject(some, other, null);
                case 12 -> studio.keepCopies(copies(studio, some));
                case 13 -> studio.removeCopies(copies(studio, some.subList(0, 1)), List.of());
                case 11 ->
                    studio.bringBack(
                            studio.removed().stream().map(Removed::id).limit(2).toList());
                case 14 -> studio.none(some, null);
                case 15 -> studio.draw(contents(studio, one));
                case 16 -> studio.unclear(some.get(0));
                case 17 -> studio.stopCheck();
                case 18 -> studio.accept(contents(studio, null).stream().collect(toMap(id -> id, id -> other)), 0);
                case 19 -> studio.takeBack();
                default -> studio.undo();
            }
        } catch (StudioProblem | IndexOutOfBoundsException e) {
            // Such as a name that is taken.
        }
    }
}
