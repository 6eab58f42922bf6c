package org.coop4j.mcp;

import static org.coop4j.base.Require.that;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.InputImage;
import org.coop4j.console.Json;
import org.coop4j.console.ProblemText;
import org.coop4j.data.ImageFiles;
import org.coop4j.method.Classifier;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.pool.Search;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Prediction;
import org.coop4j.run.Images;
import org.coop4j.serve.ServedClassifier;
import org.coop4j.serve.ServedPool;

/**
 * The tools. A wrong argument is an {@link IllegalArgumentException}, whose message the assistant reads.
 *
 * @param root folder below which pictures are read, without links
 * @param classifiers may be none
 * @param images encodes and keeps the features of folders
 */
public record Tools(Path root, List<ServedClassifier> classifiers, Clip clip, Images images, Progress progress) {

    private static final int MOST_PATHS = 32;
    private static final int MOST_CLASSES = 100;
    private static final int MOST_FOUND = 50;

    /** Returns the answer of a tool, or null if there is no such tool. */
    ObjectNode call(String name, JsonNode arguments) throws IOException {
        return switch (name) {
            case "classify" ->
                classify(
                        classifier(arguments.path("classifier")).classifier(),
                        arguments,
                        whole(arguments, "top", 3, 1000));
            case "classify_with" -> classifyWith(arguments);
            case "search" -> search(arguments);
            case "describe" -> describe();
            default -> null;
        };
    }

    private ServedClassifier classifier(JsonNode name) {
        List<String> names = classifiers.stream().map(one -> one.info().name()).toList();
        that(!names.isEmpty(), "no classifier was given: use classify_with");
        String wanted = name.isMissingNode() && names.size() == 1 ? names.get(0) : name.asText();
        that(names.contains(wanted), "classifier: expected one of %s, got \"%s\"", names, wanted);
        return classifiers.get(names.indexOf(wanted));
    }

    private ObjectNode classify(ImageClassifier classifier, JsonNode arguments, int top) {
        ObjectNode answer = Json.object();
        ArrayNode results = answer.putArray("results");
        for (String path : texts(arguments, "paths", 1, MOST_PATHS)) {
            ObjectNode one = results.addObject().put("path", path);
            try {
                List<Prediction> ranked = classifier.classify(InputImage.of(inside(path)));
                ArrayNode labels = one.putArray("labels");
                for (Prediction label : ranked.subList(0, Math.min(top, ranked.size()))) {
                    labels.addObject().put("label", label.label()).put("probability", (float) label.probability());
                }
            } catch (IOException | IllegalArgumentException e) {
                one.put("error", ProblemText.of(e));
            }
        }
        return answer;
    }

    private ObjectNode classifyWith(JsonNode arguments) throws IOException {
        List<String> classes = texts(arguments, "classes", 2, MOST_CLASSES);
        try (Classifier zeroShot = PromptEnsemble.standard(clip).classifier(clip, classes);
                ImageClassifier classifier = ImageClassifier.of(clip, zeroShot)) {
            return classify(classifier, arguments, classes.size());
        }
    }

    private ObjectNode search(JsonNode arguments) throws IOException {
        String text = text(arguments, "text");
        String like = text(arguments, "like");
        that((text == null) != (like == null), "expected either text or like");
        int limit = whole(arguments, "limit", 10, MOST_FOUND);
        String named = text(arguments, "folder");
        Path folder = inside(named == null ? "." : named);
        that(Files.isDirectory(folder), "folder: %s is not a folder", named);
        List<Path> files = new ImageFiles()
                .images(folder, false, (seen, attributes) -> {}).stream()
                        .filter(this::isInside)
                        .toList();
        that(!files.isEmpty(), "folder: %s has no pictures", folder);
        ServedPool pool = ServedPool.of("pictures", folder, files, null, images, progress);
        double[] scores = text != null
                ? pool.search().words(clip.embed(Search.prompt(text)), null)
                : pool.search()
                        .like(
                                FeatureMatrix.of(List.of(clip.embed(InputImage.of(inside(like)))), clip.embedDim()),
                                FeatureMatrix.of(List.of(), clip.embedDim()));
        ObjectNode answer = Json.object();
        ArrayNode results = answer.putArray("results");
        for (int row : Search.best(scores, limit)) {
            Path path = root.relativize(folder.resolve(pool.paths().get(row)));
            results.addObject().put("path", path.toString()).put("score", (float) scores[row]);
        }
        return answer;
    }

    private ObjectNode describe() {
        ObjectNode answer = Json.object().put("folder", root.toString());
        answer.put("model", clip.model().path().getFileName().toString());
        answer.set(
                "classifiers",
                Json.of(classifiers.stream().map(ServedClassifier::info).toList()));
        return answer;
    }

    /** Returns a file or folder below the root, after its links. */
    private Path inside(String path) throws IOException {
        Path real = root.resolve(path).toRealPath();
        that(real.startsWith(root), "%s is outside %s: only what lies below it is read", path, root);
        return real;
    }

    private boolean isInside(Path file) {
        try {
            return file.toRealPath().startsWith(root);
        } catch (IOException e) { // a link to nowhere
            return false;
        }
    }

    private static List<String> texts(JsonNode arguments, String name, int least, int most) {
        JsonNode given = arguments.path(name);
        List<JsonNode> nodes = StreamSupport.stream(given.spliterator(), false).toList();
        that(
                given.isArray()
                        && nodes.size() >= least
                        && nodes.size() <= most
                        && nodes.stream().allMatch(JsonNode::isTextual),
                "%s: expected an array of %d to %d texts",
                name,
                least,
                most);
        return nodes.stream().map(JsonNode::asText).toList();
    }

    private static String text(JsonNode arguments, String name) {
        JsonNode given = arguments.path(name);
        that(given.isMissingNode() || given.isTextual(), "%s: expected a text", name);
        return given.textValue();
    }

    private static int whole(JsonNode arguments, String name, int missing, int most) {
        JsonNode given = arguments.path(name);
        int value = given.isMissingNode() ? missing : given.isIntegralNumber() ? given.asInt() : 0;
        that(value >= 1 && value <= most, "%s: expected 1 to %d, got %s", name, most, given);
        return value;
    }
}
