package org.coop4j.image;

import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import com.twelvemonkeys.imageio.util.ProgressListenerBase;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;
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

    /** Uses a reader that has its input. */
    interface Reading<T> {
        T from(ImageReader reader) throws IOException;
    }

    /** Reads from bytes in memory, without a cache on disk. */
    <T> T read(ImageSource source, byte[] content, Reading<T> reading) throws IOException {
        return read(source, new ByteArrayImageInputStream(content), reading);
    }

    /**
     * Reads from the rewritten content of a source.
     *
     * @throws ImageException if it takes longer than the source may
     */
    <T> T read(ImageSource source, ImageInputStream content, Reading<T> reading) throws IOException {
        ImageReader reader = provider.createReaderInstance();
        long start = System.nanoTime();
        boolean[] late = {false};
        try (content) {
            reader.setInput(content, true, true);
            reader.addIIOReadProgressListener(new ProgressListenerBase() {
                @Override
                public void imageProgress(ImageReader ignored, float percent) {
                    if (System.nanoTime() - start > source.maxTime().toNanos()) {
                        late[0] = true;
                        throw new IllegalStateException("late"); // which some readers wrap
                    }
                }
            });
            return reading.from(reader);
        } catch (IOException | RuntimeException e) {
            if (late[0]) {
                throw source.tooSlow();
            }
            throw e;
        } finally {
            reader.dispose();
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
