package org.coop4j.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads and checks the {@code vocab.json} and {@code merges.txt} of a Hugging Face model folder.
 */
final class HuggingFaceVocabulary {
    /** CLIP's are below one megabyte; the limit only keeps a wrong file from filling memory. */
    private static final long MAX_BYTES = 64L << 20;

    private final Path vocabFile;
    private final Path mergesFile;

    private HuggingFaceVocabulary(Path folder) {
        vocabFile = folder.resolve("vocab.json");
        mergesFile = folder.resolve("merges.txt");
    }

    static Vocabulary read(Path folder, ByteAlphabet alphabet) throws IOException {
        HuggingFaceVocabulary files = new HuggingFaceVocabulary(folder);
        Map<String, Integer> ids = files.readIds();
        List<String> symbols = files.symbolsById(ids);
        files.requireSymbols(ids, alphabet);
        return new Vocabulary(symbols, ids, files.readMerges(ids));
    }

    private static void requireReadable(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(
                    "no file " + file + ": a tokenizer folder holds vocab.json and merges.txt");
        }
        if (Files.size(file) > MAX_BYTES) {
            throw new IOException(
                    file + " has " + Files.size(file) + " bytes, more than " + MAX_BYTES);
        }
    }

    private Map<String, Integer> readIds() throws IOException {
        requireReadable(vocabFile);
        Map<String, Integer> ids = new HashMap<>();
        try (InputStream in = Files.newInputStream(vocabFile);
                JsonParser json = new JsonFactory().createParser(in)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException(vocabFile + " is not a JSON object of symbols and ids");
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String symbol = json.currentName();
                if (json.nextToken() != JsonToken.VALUE_NUMBER_INT) {
                    throw new IOException(
                            vocabFile + " has no integer id for the symbol \"" + symbol + '"');
                }
                if (ids.put(symbol, json.getIntValue()) != null) {
                    throw new IOException(vocabFile + " has the symbol \"" + symbol + "\" twice");
                }
            }
        } catch (JsonProcessingException e) {
            throw new IOException(vocabFile + " is not valid JSON: " + e.getOriginalMessage(), e);
        }
        return ids;
    }

    private List<String> symbolsById(Map<String, Integer> ids) throws IOException {
        List<String> symbols = new ArrayList<>(Collections.nCopies(ids.size(), null));
        for (Map.Entry<String, Integer> entry : ids.entrySet()) {
            int id = entry.getValue();
            if (id < 0 || id >= symbols.size() || symbols.get(id) != null) {
                throw new IOException(
                        "%s gives the symbol \"%s\" the id %s; expected each of 0 to %s once"
                                .formatted(vocabFile, entry.getKey(), id, symbols.size() - 1));
            }
            symbols.set(id, entry.getKey());
        }
        return symbols;
    }

    /** Without every byte, within and at the end of a word, some texts could not be encoded. */
    private void requireSymbols(Map<String, Integer> ids, ByteAlphabet alphabet)
            throws IOException {
        List<String> wanted = new ArrayList<>();
        wanted.add(Vocabulary.START_TOKEN);
        wanted.add(Vocabulary.END_TOKEN);
        for (char c : alphabet.inOrder()) {
            wanted.add(String.valueOf(c));
            wanted.add(c + Vocabulary.END_OF_WORD);
        }
        for (String symbol : wanted) {
            if (!ids.containsKey(symbol)) {
                throw new IOException(
                        "%s lacks the symbol \"%s\": it is not the vocabulary of a CLIP tokenizer"
                                .formatted(vocabFile, symbol));
            }
        }
        for (String symbol : ids.keySet()) {
            if (!symbol.chars().allMatch(c -> alphabet.byteOf((char) c) >= 0)) {
                throw new IOException(
                        vocabFile + " has the symbol \"" + symbol + "\", which spells no bytes");
            }
        }
    }

    private List<Vocabulary.Merge> readMerges(Map<String, Integer> ids) throws IOException {
        requireReadable(mergesFile);
        List<String[]> pairs;
        try (BufferedReader in = Files.newBufferedReader(mergesFile)) {
            pairs = MergesFile.read(in, mergesFile.toString());
        } catch (CharacterCodingException e) {
            throw new IOException(mergesFile + " is not UTF-8 text", e);
        }
        Set<Long> seen = new HashSet<>(pairs.size() * 2);
        List<Vocabulary.Merge> merges = new ArrayList<>(pairs.size());
        for (String[] pair : pairs) {
            Vocabulary.Merge merge =
                    new Vocabulary.Merge(
                            id(ids, pair[0]), id(ids, pair[1]), id(ids, pair[0] + pair[1]));
            if (!seen.add(((long) merge.left() << 32) | merge.right())) {
                throw new IOException(
                        mergesFile + " has the merge \"" + pair[0] + ' ' + pair[1] + "\" twice");
            }
            merges.add(merge);
        }
        return merges;
    }

    private int id(Map<String, Integer> ids, String symbol) throws IOException {
        Integer id = ids.get(symbol);
        if (id == null) {
            throw new IOException(
                    "%s uses the symbol \"%s\", which %s lacks"
                            .formatted(mergesFile, symbol, vocabFile.getFileName()));
        }
        return id;
    }
}
