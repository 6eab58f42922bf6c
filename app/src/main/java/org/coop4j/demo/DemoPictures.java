package org.coop4j.demo;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
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

    /** In the cache: held by the process that unpacks. */
    private static final String LOCK = ".pictures.lock";

    /** In the cache: a folder that is not yet complete. */
    private static final String UNFINISHED = ".pictures-unfinished";

    /**
     * Unpacks the pictures into a folder of their own in {@code cache}, once. One process unpacks
     * while others wait; what one left that failed or was killed goes before.
     */
    public static synchronized DemoPictures unpack(Path cache) throws IOException {
        byte[] archive = Resource.bytes(DemoPictures.class, RESOURCE);
        Path folder = cache.resolve("pictures-" + Sha256.of(archive).substring(0, 12));
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(cache);
            try (FileChannel channel =
                    OpenFile.channel(cache.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.lock();
                if (!Files.isDirectory(folder)) {
                    Path unfinished = cache.resolve(UNFINISHED);
                    CacheFolder.delete(unfinished);
                    unpack(archive, unfinished);
                    Files.move(unfinished, folder, StandardCopyOption.ATOMIC_MOVE);
                }
            }
        }
        return new DemoPictures(folder);
    }

    private static void unpack(byte[] archive, Path target) throws IOException {
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(archive))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path file = target.resolve(place(entry.getName())).normalize();
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

    /** Returns the path of an entry of the archive, whose folders are train, test and drawings. */
    private static String place(String entry) {
        return entry.replaceFirst("^drawings/", "drawings/test/").replaceFirst("^(train|test)/", "photographs/$1/");
    }
}
