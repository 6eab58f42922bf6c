package org.coop4j.image;

import com.twelvemonkeys.imageio.util.ProgressListenerBase;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.event.IIOReadUpdateListener;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStreamImpl;
import org.coop4j.base.IoFunction;
import org.coop4j.image.ImageDecoder.ImageException;

/**
 * An image reader of the Java runtime or of TwelveMonkeys, chosen by class: ImageIO might prefer another registered
 * reader, whose pixels need not be the same.
 *
 * @param provider makes the reader
 */
record LibraryReader(ImageReaderSpi provider) {
    /**
     * Returns the runtime's own reader of a format.
     *
     * @param format its name in ImageIO, such as "jpeg"
     */
    static LibraryReader ofRuntime(String format) {
        Iterator<ImageReaderSpi> all =
                IIORegistry.getDefaultInstance().getServiceProviders(ImageReaderSpi.class, false);
        while (all.hasNext()) {
            ImageReaderSpi spi = all.next();
            boolean ofRuntime = "java.desktop".equals(spi.getClass().getModule().getName());
            if (ofRuntime && List.of(spi.getFormatNames()).contains(format)) {
                return new LibraryReader(spi);
            }
        }
        throw new IllegalStateException(
                "this Java runtime has no reader of " + format + " images: its module java.desktop is incomplete");
    }

    /** Reads from bytes in memory, without a cache on disk. */
    <T> T read(ImageSource source, byte[] content, IoFunction<ImageReader, T> reading) throws IOException {
        return read(source, content, 0, reading);
    }

    /**
     * Reads the rewritten content of a source.
     *
     * @param lookAhead zeros behind the content that the reader may look at; reading on is an error then. If 0, the
     *     reader itself notices the end
     * @throws ImageException if it takes longer than the source may
     */
    <T> T read(ImageSource source, byte[] content, int lookAhead, IoFunction<ImageReader, T> reading)
            throws IOException {
        ImageReader reader = provider.createReaderInstance();
        Watch watch = new Watch(source);
        try (Content stream = new Content(content, lookAhead, watch)) {
            reader.setInput(stream, true, true);
            reader.addIIOReadProgressListener(new ProgressListenerBase() {
                @Override
                public void imageProgress(ImageReader ignored, float percent) {
                    watch.look();
                }
            });
            // The reader of JPEG reports its progress less and less often the more scans there are, but each row.
            reader.addIIOReadUpdateListener((IIOReadUpdateListener) Proxy.newProxyInstance(
                    LibraryReader.class.getClassLoader(),
                    new Class<?>[] {IIOReadUpdateListener.class},
                    (proxy, method, arguments) -> {
                        watch.look();
                        return null;
                    }));
            return reading.apply(reader);
        } catch (IOException | RuntimeException e) {
            if (watch.late) {
                throw source.tooSlow();
            }
            throw e;
        } finally {
            reader.dispose();
        }
    }

    /** The time that a picture takes. */
    private static final class Watch {
        private final ImageSource source;
        private final long start;
        private boolean late;

        Watch(ImageSource source) {
            this.source = source;
            start = source.clock().getAsLong();
        }

        /** Ends the decoding of a picture that takes too long. */
        void look() {
            if (source.clock().getAsLong() - start > source.maxTime().toNanos()) {
                late = true;
                throw new IllegalStateException("late"); // which some readers wrap
            }
        }
    }

    /** The stream that a reader reads; it checks the time limit every few bytes. */
    private static final class Content extends ImageInputStreamImpl {
        /** Number of single bytes between two looks at the clock, less 1: a power of two less 1. */
        private static final int BETWEEN_LOOKS = (1 << 12) - 1;

        private final byte[] bytes;
        private final int lookAhead;
        private final Watch watch;

        Content(byte[] bytes, int lookAhead, Watch watch) {
            this.bytes = bytes;
            this.lookAhead = lookAhead;
            this.watch = watch;
        }

        @Override
        public int read() throws IOException {
            bitOffset = 0;
            if ((streamPos & BETWEEN_LOOKS) == 0) {
                watch.look();
            }
            if (streamPos < bytes.length) {
                return bytes[(int) streamPos++] & 0xFF;
            }
            if (lookAhead == 0) {
                return -1;
            }
            if (streamPos >= bytes.length + lookAhead) {
                throw watch.source.truncated();
            }
            streamPos++;
            return 0;
        }

        @Override
        public int read(byte[] target, int offset, int count) throws IOException {
            watch.look();
            int at = (int) Math.min(bytes.length, streamPos);
            int n = Math.min(count, bytes.length - at);
            System.arraycopy(bytes, at, target, offset, n);
            streamPos += n;
            bitOffset = 0;
            for (; n < count && lookAhead > 0; n++) {
                target[offset + n] = (byte) read();
            }
            return n == 0 && count > 0 ? -1 : n;
        }

        @Override
        public long length() {
            return lookAhead == 0 ? bytes.length : -1;
        }
    }

    /**
     * Reads the first picture into an image made here. TwelveMonkeys refuses one that is large for its file, as one of
     * a single colour may be; the limits of {@link ImageSource} apply instead.
     */
    static BufferedImage readWhole(ImageReader reader) throws IOException {
        ImageTypeSpecifier type = reader.getImageTypes(0).next();
        ImageReadParam into = reader.getDefaultReadParam();
        into.setDestination(type.createBufferedImage(reader.getWidth(0), reader.getHeight(0)));
        return reader.read(0, into);
    }
}
