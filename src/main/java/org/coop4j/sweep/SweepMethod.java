package org.coop4j.sweep;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.data.benchmark.PromptTemplates;
import org.coop4j.method.ClassPosition;
import org.coop4j.run.TrainConfig;

/** A way to make a classifier, with the name that a plan and its results have for it. */
sealed interface SweepMethod {

    /** The names that plans may use without saying more, for help and messages. */
    List<String> NAMES =
            List.of(
                    "zero-shot",
                    "ensemble-7",
                    "ensemble-8",
                    "ensemble-80",
                    "linear-probe",
                    "coop-m16-end",
                    "coop-m16-end-csc",
                    "coop-m16-middle",
                    "coop-m16-middle-csc",
                    "coop-m4-end",
                    "coop-words");

    String name();

    /** Whether a classifier that it made can name classes that it did not learn. */
    boolean namesNewClasses();

    /**
     * Prompts written by hand: nothing is learned.
     *
     * @param own whether the data's own template is among them, as the last
     * @param templates the others
     */
    record HandWritten(String name, List<String> templates, boolean own) implements SweepMethod {
        public HandWritten {
            templates = List.copyOf(templates);
        }

        @Override
        public boolean namesNewClasses() {
            return true;
        }

        /** All templates, for data whose own is this. */
        List<String> templates(String ownTemplate) {
            List<String> all = new ArrayList<>(templates);
            if (own) {
                all.add(ownTemplate);
            }
            return all;
        }
    }

    /** Logistic regression on image features, as the reference's. */
    record Probe(String name) implements SweepMethod {
        @Override
        public boolean namesNewClasses() {
            return false;
        }
    }

    /**
     * A learned context.
     *
     * @param length number of vectors; of no meaning where there are words
     * @param words words that it begins as; random numbers without
     * @param settings what it says of its training
     */
    record Context(
            String name,
            int length,
            ClassPosition position,
            boolean classSpecific,
            Optional<String> words,
            Overrides settings)
            implements SweepMethod {

        private static final Pattern NAME =
                Pattern.compile("coop-m([1-9]\\d?)-(end|middle|front)(-csc)?");
        private static final Pattern WORDS = Pattern.compile("coop-words(-csc)?");
        private static final String PHOTO = "a photo of a";

        /** The reference's default: M = 16 at the end, unified. */
        static Context reference(String name) {
            return new Context(
                    name,
                    TrainConfig.REFERENCE_LENGTH,
                    ClassPosition.END,
                    false,
                    Optional.empty(),
                    Overrides.none());
        }

        private static Optional<SweepMethod> named(String name) {
            Context reference = reference(name);
            Matcher matcher = NAME.matcher(name);
            if (matcher.matches()) {
                return Optional.of(
                        new Context(
                                name,
                                Integer.parseInt(matcher.group(1)),
                                ClassPosition.named(matcher.group(2)),
                                matcher.group(3) != null,
                                Optional.empty(),
                                reference.settings));
            }
            matcher = WORDS.matcher(name);
            if (matcher.matches()) {
                return Optional.of(
                        new Context(
                                name,
                                reference.length,
                                reference.position,
                                matcher.group(1) != null,
                                Optional.of(PHOTO),
                                reference.settings));
            }
            return Optional.empty();
        }

        @Override
        public boolean namesNewClasses() {
            return !classSpecific;
        }
    }

    /** The method that a name alone means. */
    static Optional<SweepMethod> named(String name) {
        return switch (name) {
            case "zero-shot" -> Optional.of(new HandWritten(name, List.of(), true));
            case "ensemble-7" ->
                    Optional.of(new HandWritten(name, PromptTemplates.selected(), false));
            case "ensemble-8" ->
                    Optional.of(new HandWritten(name, PromptTemplates.selected(), true));
            case "ensemble-80" ->
                    Optional.of(new HandWritten(name, PromptTemplates.imageNet(), false));
            case "linear-probe" -> Optional.of(new Probe(name));
            default -> Context.named(name);
        };
    }
}
