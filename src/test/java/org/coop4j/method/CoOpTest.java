package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.RandomValues.gaussian;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptTower;
import org.coop4j.clip.TinyModel;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.PromptContext.ContextStart;
import org.coop4j.method.PromptLayout.ClassName;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.Shape;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Classifiers of learned context vectors, and the text tower behind them. */
class CoOpTest {

    private static final List<String> NAMES = List.of("dog", "red_rose", "kite (bird of prey)");
    private static final int LENGTH = 3;
    private static final Tokenizer.Frame CLIP_FRAME = Tokenizer.Frame.of(1, 2);

    @TempDir
    static Path folder;

    private static Path model;

    @AutoClose
    private static Clip clip;

    @BeforeAll
    static void open() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        clip = TinyModel.open(model, 2);
    }

    private static ClassifierFile prompt(boolean classSpecific, String sha256) {
        PromptLayout layout = new PromptLayout(LENGTH, ClassPosition.MIDDLE, classSpecific);
        float[] context = gaussian(4, layout.vectors(NAMES.size()) * 16, 0.05);
        return LearnedPrompts.file(context, 16, layout, NAMES, sha256);
    }

    private static ClassifierFile prompt(boolean classSpecific) throws IOException {
        return prompt(classSpecific, clip.model().sha256());
    }

    private static FeatureMatrix images() {
        float[] images = gaussian(9, 4 * 12);
        return FeatureMatrix.of(4, 12, images);
    }

    @Test
    void ofAClassSpecificContextClassesTakeTheVectorsOfTheirNames() throws IOException {
        Classifier all = prompt(true).open(clip);
        Classifier few = all.forClasses(List.of(NAMES.get(2), "Dog"));
        for (int i = 0; i < images().rows(); i++) {
            assertThat(few.logits(images()).get(i, 0))
                    .isCloseTo(all.logits(images()).get(i, 2), within(1e-3f));
            assertThat(few.logits(images()).get(i, 1))
                    .isCloseTo(all.logits(images()).get(i, 0), within(1e-3f));
        }
        assertThrown(
                IllegalArgumentException.class,
                () -> all.forClasses(List.of("lawn", "sky", "dog")),
                "\"lawn\"",
                "3 classes",
                "class-specific");
    }

    private static float[] logits(ClassifierFile file) throws IOException {
        return file.open(clip).logits(images()).toArray();
    }

    @Test
    void aFileHoldsTheClassWeightsAndOtherClassesAreEncodedAnew() throws IOException {
        ClassifierFile learned = prompt(false);
        ClassifierFile saved = learned.open(clip).save();
        assertThat(saved.tensor("class_weights").shape()).isEqualTo(Shape.of(3, 12));
        assertThat(logits(saved)).containsExactly(logits(learned));
        assertThat(saved.open(clip).save().tensors().keySet())
                .isEqualTo(saved.tensors().keySet());

        float[] others = new float[3 * 12];
        others[0] = others[13] = others[26] = 1;
        Classifier other = saved.with("class_weights", Shape.of(3, 12), others).open(clip);
        assertThat(other.logits(images()).get(0, 1) / other.logits(images()).get(0, 0))
                .isCloseTo(images().get(0, 1) / images().get(0, 0), within(1e-4f));
        List<String> names = List.of("dog", "lawn");
        assertThat(other.forClasses(names).logits(images()).toArray())
                .containsExactly(
                        learned.open(clip).forClasses(names).logits(images()).toArray());

        ClassifierFile wrong = saved.with("class_weights", Shape.of(2, 12), new float[24]);
        assertThrown(IOException.class, () -> wrong.open(clip), "class_weights", "[3, 12]", "got [2, 12]");
    }

    private static LearnedTensor initial(PromptContext context) {
        return context.initial(clip, NAMES.size(), 5);
    }

    /** With the embeddings of words, prompts are texts; the reference moves a full stop that is one token with the name. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            textBlock =
                    """
                    END    | a photo of a dog.;a photo of a sea lake.;a photo of a jack-o'-lantern.;a photo of a kite (bird).
                    MIDDLE | a photo dog of a.;a photo sea lake of a.;a photo jack-o'-lantern of a.;a photo kite (bird). of a
                    FRONT  | dog a photo of a.;sea lake a photo of a.;jack-o'-lantern a photo of a.;kite (bird). a photo of a
                    """)
    void aPromptIsTheTextWithTheNameInItsPosition(ClassPosition position, String texts) throws IOException {
        List<ClassName> names =
                ClassName.of(List.of("dog", "sea_lake", "jack-o'-lantern", "kite (bird)"), clip.tokenizer());
        float[] expected = clip.encodeTexts(List.of(texts.split(";", -1))).toArray();
        for (boolean classSpecific : new boolean[] {true, false}) {
            PromptContext context = new PromptContext(new ContextStart("a photo of a"), position, classSpecific);
            PromptLayout layout = context.layout(clip);
            List<int[]> prompts = layout.prompts(clip, names);
            LearnedTensor vectors = context.initial(clip, names.size(), 5);
            PromptTower tower = PromptTower.of(clip, prompts, layout.vectors(names.size()), MemoryLimit.none());
            tower.setContext(vectors.values());
            assertThat(tower.features().toArray()).containsExactly(expected, within(1e-4f));
        }
    }

    /** Names that a tokenizer splits count as the tokens that they are, wherever the number is recorded. */
    @Test
    void wordsDecideTheNumberOfVectors() throws IOException {
        Map<String, Object> words = Map.of("words", "a photo of a xoloitzcuintli");
        int tokens = clip.tokenizer().encode("a photo of a xoloitzcuintli").length;
        for (Method method : List.of(new CoOp(), new KgCoOp(), new CoCoOp(), new DeepLanguage())) {
            Method counted = method.with(words).in(clip);
            assertThat(Settings.of(counted.settings())).containsEntry("context_length", tokens);
            assertThat(counted).isEqualTo(method.with(words).with(Map.of("context_length", tokens)));
            assertThrown(
                    () -> method.with(words).with(Map.of("context_length", 5)).in(clip),
                    "context_length",
                    "words",
                    tokens + ", got 5",
                    "none");
        }
    }

    @Test
    void randomContextsHaveTheReferencesDeviation() {
        float[] context = initial(new PromptContext(new ContextStart(16), ClassPosition.END, true))
                .values();
        assertThat(context).hasSize(3 * 16 * 16);
        double square = 0;
        double sum = 0;
        for (float value : context) {
            sum += value;
            square += (double) value * value;
        }
        assertThat(Math.sqrt(square / context.length)).isCloseTo(0.02, within(0.002));
        assertThat(sum / context.length).isCloseTo(0, within(0.003));
    }

    /** Start, end and full stop leave 29 tokens of a Perception Encoder's 32. */
    @Test
    void aNameThatIsTooLongForAShortContextIsToldItsRoom() {
        PromptLayout layout = new PromptLayout(16, ClassPosition.END, false);
        List<ClassName> fits = List.of(new ClassName("long", new int[14], 13));
        assertThat(layout.prompts(fits, CLIP_FRAME, 32).get(0)).hasSize(32);
        List<ClassName> longer = List.of(new ClassName("longer", new int[15], 14));
        assertThrown(
                () -> layout.prompts(longer, CLIP_FRAME, 32),
                "longer",
                "33 tokens",
                "context length 32",
                "13 tokens",
                "than 16");
        PromptLayout all = new PromptLayout(30, ClassPosition.END, false);
        assertThatThrownBy(() -> all.prompts(fits, CLIP_FRAME, 32))
                .hasMessageContaining("use fewer context vectors than 30")
                .hasMessageNotContaining("shorten");
    }
}
