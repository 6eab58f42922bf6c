package org.coop4j.pretraindata;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * One to six English captions of a picture, in lower case: its name, sentences with its name or its
 * kind, and lists of its keywords.
 *
 * <p>Which of the sentence patterns a picture gets depends on its id alone. Half of the sentences
 * end in a full stop, as CLIP's prompts do.
 */
final class Captions {
    private static final int MOST = 6;
    private static final int LISTED = 5;
    private static final Pattern SOUNDS_AS_CONSONANT = Pattern.compile("^(uni|use|euro|one)");
    private static final Pattern SILENT_H = Pattern.compile("^(hour|honest|honou?r|heir)");
    private static final Set<String> UNCOUNTABLE = Resources.lines("uncountable-nouns.txt");

    private Captions() {}

    /**
     * Returns the captions of a subject.
     *
     * @param id the picture's id, which decides between patterns
     * @param source where it comes from, which decides what it is called
     * @param colourless whether it has no colours
     */
    static List<String> of(String id, Source source, Subject subject, boolean colourless) {
        Set<String> captions = new LinkedHashSet<>();
        if (!subject.name().isEmpty()) {
            captions.add(subject.name());
            captions.add(sentence(id + "#name", source, subject.name(), colourless));
        }
        List<String> further = further(subject);
        if (!subject.name().isEmpty() && !further.isEmpty()) {
            captions.add(list(subject.name(), further.subList(0, Math.min(3, further.size()))));
        }
        int kinds = 0;
        for (String category : subject.categories()) {
            if (kinds < 2 && !category.equals(subject.name())) {
                captions.add(sentence(id + "#" + category, source, category, colourless));
                kinds++;
            }
        }
        if (further.size() >= 2) {
            captions.add(String.join(", ", further.subList(0, Math.min(LISTED, further.size()))));
        } else if (subject.name().isEmpty() && further.size() == 1) {
            captions.add(further.get(0));
        }
        return captions.stream().limit(MOST).toList();
    }

    /** Returns the keywords and categories that the name does not already say, keywords first. */
    private static List<String> further(Subject subject) {
        Set<String> further = new LinkedHashSet<>();
        for (String keyword : subject.keywords()) {
            if (!says(subject.name(), keyword.replace('-', ' '))) {
                further.add(keyword);
            }
        }
        for (String category : subject.categories()) {
            if (!says(subject.name(), category)) {
                further.add(category);
            }
        }
        return new ArrayList<>(further);
    }

    private static boolean says(String name, String keyword) {
        return (" " + name + " ").contains(" " + keyword + " ");
    }

    private static String list(String name, List<String> further) {
        return name + ", " + String.join(", ", further);
    }

    private static String sentence(String key, Source source, String noun, boolean colourless) {
        String medium =
                switch (Hashes.below(4, key)) {
                    case 0, 1 -> source.medium();
                    case 2 -> source.otherMedium();
                    default -> "picture";
                };
        String described = colourless ? "black and white " + medium : medium;
        String subject = withArticle(noun);
        String sentence = (described.endsWith("clip art") ? described : withArticle(described)) + " of " + subject;
        return Hashes.below(2, key + ".") == 0 ? sentence + "." : sentence;
    }

    /** Returns "a drawing", "an apple"; plurals and what is not counted stay bare. */
    static String withArticle(String noun) {
        String head = noun.replaceAll("( with | of | in | on | and |, ).*", "");
        String last = head.substring(head.lastIndexOf(' ') + 1);
        boolean plural = last.endsWith("s")
                && !last.endsWith("ss")
                && !last.endsWith("us")
                && (!last.endsWith("is") || last.equals("skis"));
        if (plural || UNCOUNTABLE.contains(head) || !Character.isLetter(noun.charAt(0))) {
            return noun;
        }
        if (noun.startsWith("a ") || noun.startsWith("an ") || noun.startsWith("the ")) {
            return noun;
        }
        boolean written = "aeiou".indexOf(noun.charAt(0)) >= 0;
        boolean vowel = (written && !SOUNDS_AS_CONSONANT.matcher(noun).find())
                || SILENT_H.matcher(noun).find();
        return (vowel ? "an " : "a ") + noun;
    }
}
