package org.coop4j.run;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.coop4j.base.Machine;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.model.ConvertedModel;

/**
 * The origin of a run: model, data, software and machine.
 *
 * @param modelFile the model's file name; null if the run used features without a model
 * @param modelSha256 SHA-256 of the model file
 * @param modelSource the model's own source, from its metadata; null likewise
 * @param featuresSha256 SHA-256 of the file of features that replaced images; null for images
 * @param trainHash SHA-256 of the list of training images and labels
 * @param testHash SHA-256 of the list of test images and labels
 * @param version version of coop4j
 * @param java version of the Java virtual machine
 * @param system operating system and architecture
 * @param processor the processor's name
 * @param threads number of threads that computed
 * @param finished time of the end of the run, in UTC
 */
public record Provenance(
        String modelFile,
        String modelSha256,
        String modelSource,
        String featuresSha256,
        String trainHash,
        String testHash,
        String version,
        String java,
        String system,
        String processor,
        int threads,
        String finished) {

    /** Describes a run that ends now. */
    public static Provenance of(FeatureSpace space, List<LabelledImage> train, List<LabelledImage> test)
            throws IOException {
        Optional<ConvertedModel> model = space.towers().map(Clip::model);
        return new Provenance(
                model.map(one -> String.valueOf(one.path().getFileName())).orElse(null),
                space.modelSha256(),
                model.map(one -> one.source().toJson()).orElse(null),
                Stream.of(train, test)
                        .flatMap(List::stream)
                        .filter(image -> image.stored() != null)
                        .map(image -> image.stored().features().sha256())
                        .findFirst()
                        .orElse(null),
                ImageDataset.sha256(train),
                ImageDataset.sha256(test),
                coop4jVersion(),
                Machine.virtualMachine(),
                Machine.operatingSystem(),
                Machine.processorName(),
                space.workers().count(),
                Instant.now().toString());
    }

    /** Returns the version of this library; "development" if it runs from class files. */
    public static String coop4jVersion() {
        String version = Provenance.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
