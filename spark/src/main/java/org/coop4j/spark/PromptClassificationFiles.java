package org.coop4j.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.SparkSession;

/** The files of a {@link PromptClassificationModel}: its parameters and its classifier. */
final class PromptClassificationFiles {

    private static final String CLASSIFIER = "classifier.safetensors";

    private PromptClassificationFiles() {}

    private static FileSystem files(Path path, SparkSession session) throws IOException {
        return path.getFileSystem(session.sessionState().newHadoopConf());
    }

    /** Writes a model into a folder that Spark has made sure is free. */
    static final class Writer extends MLWriter {

        private final PromptClassificationModel model;

        Writer(PromptClassificationModel model) {
            this.model = model;
        }

        @Override
        public void saveImpl(String path) {
            new DefaultParamsWriter(model).session(sparkSession()).saveImpl(path);
            Path file = new Path(path, CLASSIFIER);
            try (OutputStream out = files(file, sparkSession()).create(file, false)) {
                out.write(model.classifier().bytes());
            } catch (IOException e) {
                throw new UncheckedIOException("cannot write " + file, e);
            }
        }
    }

    /** Reads a model, and refuses a damaged one. */
    static final class Reader extends MLReader<PromptClassificationModel> {

        @Override
        public PromptClassificationModel load(String path) {
            DefaultParamsReader<PromptClassificationModel> parameters = new DefaultParamsReader<>();
            parameters.session(sparkSession());
            PromptClassificationModel read = parameters.load(path);
            Path file = new Path(path, CLASSIFIER);
            try {
                FileSystem files = files(file, sparkSession());
                SavedClassifier.requireSize(file.toString(), files.getFileStatus(file).getLen());
                try (InputStream in = files.open(file)) {
                    return read.withClassifier(SavedClassifier.of(in.readAllBytes()));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(path + ": " + e.getMessage(), e);
            }
        }
    }
}
