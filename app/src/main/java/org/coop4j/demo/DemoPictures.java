package org.coop4j.demo;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Resource;
import org.coop4j.base.Sha256;

/**
 * The shipped pictures as folders: photographs to learn from and to test on, and drawings of the
 * same classes.
 *
 * @param folder holds {@code photographs/train}, {@code photographs/test}, {@code drawings/test},
 *     {@code names.csv} with a careful name for each class, and {@code attribution.csv}, which says
 *     who made each picture
 */
public record DemoPictures(Path folder) {

    private static final String RESOURCE = "/org/coop4j/demo/demo.zip";

    /**
     * Unpacks the pictures into a folder of their own in {@code cache}, once. One process unpacks
     * while others wait; what one left that failed or was killed goes before.
     */
    public static synchronized DemoPictures unpack(Path cache) throws IOException {
        byte[] archive = Resource.bytes(DemoPictures.class, RESOURCE);
        Path folder = cache.resolve("pictures-" + Sha256.of(archive).substring(0, 12));
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(cache);
            try (FileChannel channel = OpenFile.channel(cache.resolve(".pictures.lock"), CREATE, WRITE)) {
                channel.lock();
                if (!Files.isDirectory(folder)) {
                    Path unfinished = cache.resolve(".pictures-unfinished");
                    CacheFolder.delete(unfinished);
                    unpack(archive, unfinished);
                    Files.move(unfinished, folder, ATOMIC_MOVE);
                }
            }
        }
        return new DemoPictures(folder);
    }

    /** Copies the photographs into one folder, by numbers. */
    public void copyPhotographs(Path to) throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("photographs"))) {
            List<Path> all = files.filter(Files::isRegularFile).sorted().toList();
            for (int i = 0; i < all.size(); i++) {
                String name = all.get(i).getFileName().toString();
                String ending = name.substring(name.lastIndexOf('.'));
                Files.copy(all.get(i), to.resolve("photo-%03d%s".formatted(i + 1, ending)));
            }
        }
    }

    private static void unpack(byte[] archive, Path target) throws IOException {
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(archive))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                String place = entry.getName()
                        .replaceFirst("^drawings/", "drawings/test/")
                        .replaceFirst("^(train|test)/", "photographs/$1/");
                Path file = target.resolve(place).normalize();
                if (!file.startsWith(target)) {
                    throw new IOException(RESOURCE + " has the entry " + entry.getName());
                }
                if (!entry.isDirectory()) {
                    Files.createDirectories(file.getParent());
                    Files.copy(zip, file);
                }
            }
        }
    }
}
