package org.coop4j.text;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** A vocabulary of the bytes and some whole words, for models whose own is too small for texts. */
public final class SmallVocabulary {

    private SmallVocabulary() {}

    /** Writes it into a folder and reads it back. */
    public static Tokenizer of(Path folder, String... words) throws IOException {
        Set<String> merges = new LinkedHashSet<>();
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (String symbol : Vocabulary.byteSymbols()) {
            ids.put(symbol, ids.size());
        }
        for (String word : words) {
            for (int end = 1; end < word.length(); end++) {
                String last = word.charAt(end) + (end + 1 == word.length() ? "</w>" : "");
                merges.add(word.substring(0, end) + " " + last);
                ids.putIfAbsent(word.substring(0, end) + last, ids.size());
            }
        }
        ids.put("<|startoftext|>", ids.size());
        ids.put("<|endoftext|>", ids.size());
        Files.createDirectories(folder);
        new ObjectMapper().writeValue(folder.resolve("vocab.json").toFile(), ids);
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\n" + String.join("\n", merges) + "\n");
        return Tokenizer.ofFolder(folder);
    }
}
