package org.coop4j.base;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.slf4j.Logger;

/** A file that only grows, by lines after their checksums. A damaged tail is set aside in a file of its own. */
public final class CheckedLines implements Closeable {

    private static final Logger LOG = Log.of(CheckedLines.class);
    private static final int CHECKSUM = 16;
    private static final long LARGEST = 1L << 30;

    private final FileChannel channel;
    private long end;
    private boolean wasDamaged;

    private CheckedLines(FileChannel channel) {
        this.channel = channel;
    }

    /** Opens a file, which is made if it is not there, and reads its lines. */
    public static CheckedLines open(Path file, Consumer<String> each) throws IOException {
        CheckedLines opened = new CheckedLines(OpenFile.channel(file, CREATE, WRITE));
        try {
            byte[] all = OpenFile.read(file, LARGEST);
            opened.read(all, each);
            if (opened.end < all.length) {
                Path aside = file;
                for (int n = 1; Files.exists(aside); n++) {
                    aside = file.resolveSibling("%s.damaged-%d".formatted(file.getFileName(), n));
                }
                Files.write(aside, Arrays.copyOfRange(all, (int) opened.end, all.length));
                LOG.warn("{} ends in a damaged record, which is now in {}", file, aside);
                opened.channel.truncate(opened.end);
                opened.wasDamaged = true;
            }
            return opened;
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    private void read(byte[] all, Consumer<String> each) {
        int from = 0;
        for (int i = 0; i < all.length; i++) {
            if (all[i] == '\n') {
                String line = new String(all, from, i - from, UTF_8);
                if (line.length() <= CHECKSUM || !line.startsWith(checksum(line.substring(CHECKSUM + 1)))) {
                    return;
                }
                each.accept(line.substring(CHECKSUM + 1));
                from = i + 1;
                end = from;
            }
        }
    }

    private static String checksum(String line) {
        return Sha256.of(line).substring(0, CHECKSUM);
    }

    /** Returns true if a damaged tail was set aside when the file was opened. */
    public boolean wasDamaged() {
        return wasDamaged;
    }

    /**
     * Appends a line; after a failure the file ends as before.
     *
     * @param lasts true to have it on the disk when this returns
     */
    public void add(String line, boolean lasts) throws IOException {
        byte[] bytes = (checksum(line) + " " + line + "\n").getBytes(UTF_8);
        try {
            OpenFile.write(channel, ByteBuffer.wrap(bytes), end);
            if (lasts) {
                channel.force(false);
            }
        } catch (IOException e) {
            channel.truncate(end);
            throw e;
        }
        end += bytes.length;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
