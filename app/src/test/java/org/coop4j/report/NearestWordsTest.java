package org.coop4j.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.RandomValues.gaussian;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.coop4j.clip.Clip;
import org.coop4j.clip.GoldenModels;
import org.coop4j.clip.TinyModel;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.LearnedPrompts;
import org.coop4j.method.PromptLayout;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.model.ConvertedModel;
import org.coop4j.report.NearestWords.ContextVector;
import org.coop4j.report.NearestWords.Word;
import org.coop4j.weights.DType;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NearestWordsTest {

    private static final int WIDTH = 16;
    private static final int CAT = 2368; // cat</w>
    private static final int DOG = 1929; // dog</w>
    private static final int INNER = 320 - 256; // a single byte within a word
    private static final List<String> CLASSES = List.of("cat", "dog");

    @TempDir
    static Path folder;

    /** A model with random embeddings. */
    @AutoClose
    private static Clip clip;

    /** The same in which three tokens alone have an embedding that is not zero. */
    @AutoClose
    private static Clip sparse;

    @BeforeAll
    static void open() throws IOException {
        Path file = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        clip = TinyModel.open(file, 3);
        sparse = TinyModel.open(writeSparse(file, folder.resolve("sparse.safetensors")), 2);
    }

    private static Path writeSparse(Path from, Path to) throws IOException {
        List<TensorSpec> specs = new ArrayList<>(TinyModel.ARCHITECTURE.tensorSpecs(DType.F32));
        try (ConvertedModel model = ConvertedModel.open(from);
                SafetensorsFile tensors = SafetensorsFile.open(from);
                SafetensorsWriter writer = SafetensorsWriter.create(to, specs, tensors.metadata())) {
            assertThat(model.architecture()).isEqualTo(TinyModel.ARCHITECTURE);
            for (TensorSpec spec : specs) {
                float[] values = tensors.floats(spec.name());
                if (spec.name().equals("token_embedding.weight")) {
                    Arrays.fill(values, 0);
                    values[CAT * WIDTH] = 1;
                    values[DOG * WIDTH] = 2;
                    values[INNER * WIDTH] = 1.5f;
                }
                writer.writeFloats(spec.name(), values);
            }
            writer.commit();
        }
        return to;
    }

    private static ClassifierFile prompt(Clip model, boolean classSpecific, float[] context) throws IOException {
        int vectors = context.length / WIDTH / (classSpecific ? CLASSES.size() : 1);
        return LearnedPrompts.file(
                context,
                WIDTH,
                new PromptLayout(vectors, ClassPosition.END, classSpecific),
                CLASSES,
                model.model().sha256());
    }

    private static float[] along(float... firstNumbers) {
        float[] context = new float[firstNumbers.length * WIDTH];
        for (int v = 0; v < firstNumbers.length; v++) {
            context[v * WIDTH] = firstNumbers[v];
        }
        return context;
    }

    @Test
    void orderAndDistancesAreThoseOfAHandMadeTable() throws IOException {
        ClassifierFile prompt = prompt(sparse, false, along(1.6f, 0, 1.25f));

        NearestWords found = NearestWords.of(sparse, prompt, 3, false);

        assertThat(found.compared()).isEqualTo(3);
        assertThat(found.untrained()).isEqualTo(49_408 - 3);
        assertThat(tokens(found.vectors().get(0))).containsExactly(INNER, DOG, CAT);
        assertThat(tokens(found.vectors().get(1))).containsExactly(CAT, INNER, DOG);
        // 0.25 from both: the smaller id is first.
        assertThat(tokens(found.vectors().get(2))).containsExactly(INNER, CAT, DOG);
        List<Word> first = found.vectors().get(0).nearest();
        assertThat(first.get(0).distance()).isCloseTo(0.1, within(1e-6));
        assertThat(first.get(1).distance()).isCloseTo(0.4, within(1e-6));
        assertThat(first.get(2).distance()).isCloseTo(0.6, within(1e-6));
        assertThat(first.get(0).text()).endsWith("…");
        assertThat(found.vectors().get(1).number()).isEqualTo(2);
        assertThat(found.vectors().get(1).className()).isEmpty();
    }

    private static List<Integer> tokens(ContextVector vector) {
        return vector.nearest().stream().map(Word::token).toList();
    }

    @Test
    void onlyWordEndsAreFoundOnRequest() throws IOException {
        ClassifierFile prompt = prompt(sparse, false, along(1.6f));

        NearestWords found = NearestWords.of(sparse, prompt, 5, true);

        assertThat(tokens(found.vectors().get(0))).containsExactly(DOG, CAT);
        assertThat(found.compared()).isEqualTo(2);
    }

    @Test
    void classSpecificVectorsBelongToTheirClasses() throws IOException {
        ClassifierFile prompt = prompt(sparse, true, along(1, 2, 2, 1));

        NearestWords found = NearestWords.of(sparse, prompt, 1, false);

        assertThat(found.vectors())
                .extracting(ContextVector::className)
                .containsExactly(Optional.of("cat"), Optional.of("cat"), Optional.of("dog"), Optional.of("dog"));
        assertThat(found.vectors()).extracting(ContextVector::number).containsExactly(1, 2, 1, 2);
        assertThat(found.vectors()).extracting(v -> v.nearest().get(0).token()).containsExactly(CAT, DOG, DOG, CAT);
    }

    @Test
    void allTokensAreSearchedByAllThreads() throws IOException {
        float[] context = gaussian(3, 2 * WIDTH, 0.02);
        double[] distances = new double[49_408];
        List<Integer> order = new ArrayList<>();
        for (int token = 0; token < distances.length; token++) {
            float[] embedding = clip.tokenEmbedding(token);
            double square = 0;
            for (int i = 0; i < WIDTH; i++) {
                square += Math.pow(embedding[i] - (double) context[WIDTH + i], 2);
            }
            distances[token] = Math.sqrt(square);
            order.add(token);
        }
        order.sort(Comparator.comparingDouble(token -> distances[token]));

        NearestWords found = NearestWords.of(clip, prompt(clip, false, context), 50, false);

        assertThat(tokens(found.vectors().get(1))).isEqualTo(order.subList(0, 50));
        for (Word word : found.vectors().get(1).nearest()) {
            assertThat(word.distance()).isCloseTo(distances[word.token()], within(1e-9));
        }
    }

    /** Words of SigLIP begin with a space. */
    @Test
    void thePiecesOfASiglipAreCompared() throws IOException {
        try (Clip siglip = GoldenModels.open("siglip2/huggingface", folder)) {
            int width = siglip.architecture().text().width();
            int[] words = siglip.tokenizer().encodeAfter("photo of");
            float[] context = new float[words.length * width];
            for (int i = 0; i < words.length; i++) {
                System.arraycopy(siglip.tokenEmbedding(words[i]), 0, context, i * width, width);
            }
            ClassifierFile prompt = LearnedPrompts.file(
                    context,
                    width,
                    new PromptLayout(words.length, ClassPosition.END, false),
                    CLASSES,
                    siglip.modelSha256());
            NearestWords found = NearestWords.of(siglip, prompt, 3, false);
            for (int i = 0; i < words.length; i++) {
                Word nearest = found.vectors().get(i).nearest().get(0);
                assertThat(nearest.token()).isEqualTo(words[i]);
                assertThat(nearest.text()).isEqualTo(siglip.tokenizer().readable(words[i]));
            }
            assertThat(NearestWords.of(siglip, prompt, 3, true).vectors().get(0).nearest())
                    .isNotEmpty()
                    .allSatisfy(word -> assertThat(word.symbol()).startsWith("▁"));
        }
    }

    @Test
    void anotherModelsTableIsRefused() throws IOException {
        ClassifierFile prompt = prompt(clip, false, along(1));

        assertThrown(
                IllegalArgumentException.class,
                () -> NearestWords.of(sparse, prompt, 1, false),
                clip.modelSha256().substring(0, 12),
                sparse.modelSha256().substring(0, 12));
    }

    @Test
    void zeroWordsAreRefused() throws IOException {
        ClassifierFile prompt = prompt(clip, false, along(1));

        assertThrown(() -> NearestWords.of(clip, prompt, 0, false), "got 0");
    }
}
