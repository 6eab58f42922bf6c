package org.coop4j.pretraindata;

import java.util.List;
import java.util.regex.Pattern;

/**
 * A kind of drawings of which some are held out.
 *
 * @param name what the drawings show
 * @param heldOutShare the share of its drawings that no table has
 * @param folders folders of Open Clip Art whose drawings belong to it
 * @param words words that make a drawing belong to it where its name or a keyword has one
 */
record DrawingKind(String name, double heldOutShare, List<String> folders, List<String> words) {
    /** Icons are named for what they do: a mouse there is no mammal. */
    private static final String ICONS = "computer/icons";

    DrawingKind {
        folders = List.copyOf(folders);
        words = List.copyOf(words);
    }

    /** Returns true if a drawing of Open Clip Art belongs to the kind. */
    boolean claims(SourcePicture drawing) {
        if (drawing.folders().stream().anyMatch(this::claimsFolder)) {
            return true;
        }
        boolean icon = drawing.folders().stream().anyMatch(folder -> folder.startsWith(ICONS));
        Subject subject = drawing.subject();
        boolean named =
                claimsText(subject.name()) || subject.keywords().stream().anyMatch(this::claimsText);
        return named && !icon;
    }

    private boolean claimsFolder(String folder) {
        return folders.stream().anyMatch(own -> folder.equals(own) || folder.startsWith(own + "/"));
    }

    private boolean claimsText(String text) {
        return words.stream().anyMatch(word -> Pattern.compile("\\b" + Pattern.quote(word) + "(s|es)?\\b")
                .matcher(text)
                .find());
    }
}
