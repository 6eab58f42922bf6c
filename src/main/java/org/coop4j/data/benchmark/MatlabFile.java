package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.data.DatasetException;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.types.MatFile;
import us.hebi.matlab.mat.types.Source;
import us.hebi.matlab.mat.types.Sources;

/** Reads values out of a MATLAB 5 file, and says which file is at fault when it cannot. */
final class MatlabFile {
    private MatlabFile() {}

    /** What to do with the open file. */
    @FunctionalInterface
    interface Extraction<T> {
        T from(MatFile content) throws IOException;
    }

    static <T> T read(Path file, Extraction<T> extraction) throws IOException {
        try (Source source = Sources.openFile(file.toFile())) {
            return extraction.from(Mat5.newReader(source).readMat());
        } catch (DatasetException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The library reports a file that is not as expected by whatever it stumbles over.
            throw new DatasetException(
                    "%s is not the MATLAB file that was expected (%s): fetch it again"
                            .formatted(file, e.getMessage()),
                    e);
        }
    }
}
