package org.coop4j.pretraindata;

import java.util.List;
import java.util.regex.Pattern;

/**
 * One class of the demo's task.
 *
 * @param name the class's name, as a prompt says it best
 * @param folder what its folder is called in the archive: the name of the folder of Open Clip Art
 *     that most of it comes from
 * @param heldOutShare the share of its drawings that no table has
 * @param folders folders of Open Clip Art whose drawings belong to it
 * @param words words that make a drawing a candidate where its name or a keyword has one
 * @param emoji narrowest categories of the emoji that belong to it, or labels of single ones
 */
record DemoClass(
        String name,
        String folder,
        double heldOutShare,
        List<String> folders,
        List<String> words,
        List<String> emoji) {
    /** Icons are named for what they do: a mouse there is no mammal. */
    private static final String ICONS = "computer/icons";

    DemoClass {
        folders = List.copyOf(folders);
        words = List.copyOf(words);
        emoji = List.copyOf(emoji);
    }

    /**
     * How sure it is that a drawing belongs to the class: by its folder, its words, or not at all.
     */
    enum Claim {
        NONE,
        BY_WORD,
        BY_FOLDER
    }

    /** How a drawing of Open Clip Art is claimed. */
    Claim claim(SourcePicture drawing) {
        if (drawing.folders().stream().anyMatch(this::claimsFolder)) {
            return Claim.BY_FOLDER;
        }
        boolean icon = drawing.folders().stream().anyMatch(folder -> folder.startsWith(ICONS));
        Subject subject = drawing.subject();
        boolean named =
                claimsText(subject.name())
                        || subject.keywords().stream().anyMatch(this::claimsText);
        return named && !icon ? Claim.BY_WORD : Claim.NONE;
    }

    /** Whether an emoji without skin tone belongs to the class. */
    boolean claimsEmoji(SourcePicture picture) {
        List<String> categories = picture.subject().categories();
        boolean toned = picture.title().contains("skin tone");
        return !toned
                && (emoji.contains(picture.title())
                        || (!categories.isEmpty() && emoji.contains(categories.get(0))));
    }

    private boolean claimsFolder(String folder) {
        return folders.stream().anyMatch(own -> folder.equals(own) || folder.startsWith(own + "/"));
    }

    private boolean claimsText(String text) {
        return words.stream()
                .anyMatch(
                        word ->
                                Pattern.compile("\\b" + Pattern.quote(word) + "(s|es)?\\b")
                                        .matcher(text)
                                        .find());
    }
}
