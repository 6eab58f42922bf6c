package org.coop4j.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.coop4j.base.InputException.require;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.JsonTree;
import org.coop4j.base.RefusedException;
import org.coop4j.base.Require;
import org.coop4j.text.PieceCodec.Encoding;
import org.coop4j.text.PieceModel.Unknown;
import org.coop4j.text.Pieces.Kind;

/**
 * A vocabulary in {@code tokenizer.json}, the form of Rust's tokenizers library: tokens that are cut out of a text,
 * normalizers, pre-tokenizers and a model of pieces, unigram or byte-pair encoding. A part that is not known here is
 * refused by name.
 */
final class TokenizerJson {
    /** Names of fields are pieces, hardly one of them twice. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

    /** Values at most of everything but the pieces and merges. */
    private static final int MOST_VALUES = 200_000;

    /** Characters that a step may put in place of one; more would let a few steps fill the memory. */
    private static final int LONGEST_REPLACEMENT = 32;

    private static final String TYPE = "type";
    private static final String SPACE = String.valueOf(Pieces.SPACE);
    private static final Pattern BEFORE_SPACE = Pattern.compile("(?=" + SPACE + ")");

    /** One character or class, perhaps repeated: it cannot backtrack for long. */
    private static final Pattern ONE_ELEMENT =
            Pattern.compile("(\\\\[sn]|[^\\\\()\\[\\]{}|.*+?^$])([*+]|\\{\\d{1,3}(,\\d{0,3})?})?");

    private final Map<String, Integer> added = new HashMap<>();
    private final Set<String> special = new HashSet<>(); // never found in texts
    private final Map<Character, List<String>> raw = new HashMap<>(); // cut out before normalization, by first letter
    private final Map<Character, List<String>> normal = new HashMap<>(); // cut out after it
    private final List<UnaryOperator<String>> normalizers = new ArrayList<>();
    private final List<BiFunction<String, Boolean, List<String>>> splittings = new ArrayList<>(); // part, is it first?
    private final PairMerging.Merges merges = new PairMerging.Merges();
    private Pieces pieces;
    private PieceModel model;
    private Optional<String> start = Optional.empty();
    private Optional<String> end = Optional.empty();

    private TokenizerJson() {}

    /** Reads a file. */
    static Encoding read(byte[] file) throws IOException {
        InputStream bytes = new ByteArrayInputStream(file); // Jackson's own decoder would replace what is not UTF-8
        try (JsonParser parser = JSON.createParser(new InputStreamReader(bytes, UTF_8.newDecoder()))) {
            TokenizerJson read = new TokenizerJson();
            require(parser.nextToken() == JsonToken.START_OBJECT, "expected a JSON object");
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                switch (name) {
                    case "added_tokens" -> read.addTokens(objects(name, tree(parser)));
                    case "normalizer" -> {
                        for (JsonTree step : steps(object(name, tree(parser)), "normalizers")) {
                            read.addNormalizer(step);
                        }
                    }
                    case "pre_tokenizer" -> {
                        for (JsonTree step : steps(object(name, tree(parser)), "pretokenizers")) {
                            read.addSplitting(step);
                        }
                    }
                    case "post_processor" -> read.addFrame(object(name, tree(parser)));
                    case "model" -> read.readModel(parser);
                    default -> parser.skipChildren();
                }
            }
            require(read.model != null, "it has no model");
            return new Encoding(read.pieces, read::encode, read.start, read.end);
        } catch (JsonProcessingException e) {
            throw new InputException("not valid JSON: " + e.getOriginalMessage(), e);
        } catch (CharacterCodingException e) {
            throw new InputException("not UTF-8", e);
        }
    }

    private static Object tree(JsonParser parser) throws IOException {
        return JsonTree.value(parser, MOST_VALUES);
    }

    /** Returns an object, empty for null. */
    private static JsonTree object(String path, Object value) {
        Require.that(value == null || value instanceof Map<?, ?>, "%s: expected an object, got %s", path, value);
        return new JsonTree(path + ".", value == null ? Map.of() : (Map<?, ?>) value);
    }

    private static List<JsonTree> objects(String path, Object value) {
        Require.that(value instanceof List<?>, "%s: expected a list, got %s", path, value);
        return ((List<?>) value).stream().map(element -> object(path, element)).toList();
    }

    private static void refuse(boolean refused, JsonTree part, String name) throws InputException {
        require(
                !refused,
                "%s%s = %s is not supported",
                part.path(),
                name,
                part.fields().get(name));
    }

    private void addTokens(List<JsonTree> tokens) throws InputException {
        require(pieces == null, "added_tokens: expected before the model");
        for (JsonTree token : tokens) {
            String text = token.text("content");
            refuse(text.isEmpty() || added.put(text, token.whole("id")) != null, token, "content");
            if (token.flag("special", false)) {
                special.add(text);
                continue;
            }
            for (String flag : List.of("single_word", "lstrip", "rstrip")) {
                refuse(token.flag(flag, false), token, flag);
            }
            (token.flag("normalized", true) ? normal : raw)
                    .computeIfAbsent(text.charAt(0), first -> new ArrayList<>())
                    .add(text);
        }
    }

    /** Returns the steps of a list, or a single step, or none. */
    private static List<JsonTree> steps(JsonTree step, String list) {
        if (step.fields().isEmpty() || !step.text(TYPE).equals("Sequence")) {
            return step.fields().isEmpty() ? List.of() : List.of(step);
        }
        return objects(list, step.fields().get(list)).stream()
                .flatMap(each -> steps(each, list).stream())
                .toList();
    }

    private void addNormalizer(JsonTree step) throws IOException {
        switch (step.text(TYPE)) {
            case "Precompiled" ->
                normalizers.add(
                        CharacterMap.of(Base64.getDecoder().decode(step.text("precompiled_charsmap")))::byClusters);
            case "Replace" -> {
                Pattern replaced = pattern(step.object("pattern"));
                refuse(step.text("content").length() > LONGEST_REPLACEMENT, step, "content");
                String content = Matcher.quoteReplacement(step.text("content"));
                normalizers.add(text -> replaced.matcher(text).replaceAll(content));
            }
            case "Strip" -> {
                boolean left = step.flag("strip_left", true);
                boolean right = step.flag("strip_right", true);
                normalizers.add(text -> TextCleaner.stripped(text, left, right));
            }
            case "Lowercase" -> normalizers.add(TextCleaner::lowerCaseOfEach);
            case "NFC", "NFKC" -> {
                Normalizer.Form form = Normalizer.Form.valueOf(step.text(TYPE));
                normalizers.add(text -> Normalizer.normalize(text, form));
            }
            case "Prepend" -> {
                String prefix = step.text("prepend");
                normalizers.add(text -> text.isEmpty() ? text : prefix + text);
            }
            default -> refuse(true, step, TYPE);
        }
    }

    private static Pattern pattern(JsonTree pattern) throws InputException {
        if (pattern.has("String")) {
            return Pattern.compile(Pattern.quote(pattern.text("String")));
        }
        String regex = pattern.text("Regex");
        refuse(!ONE_ELEMENT.matcher(regex).matches(), pattern, "Regex");
        return Pattern.compile(regex.replace("\\s", TextCleaner.WHITE_SPACE));
    }

    private void addSplitting(JsonTree step) throws InputException {
        switch (step.text(TYPE)) {
            case "Metaspace" -> {
                refuse(!step.text("replacement").equals(SPACE), step, "replacement");
                boolean splits = step.flag("split", true);
                String prefix = step.has("prepend_scheme")
                        ? step.choice("prepend_scheme", "always", "first", "never")
                        : step.flag("add_prefix_space", true) ? "always" : "never";
                splittings.add((part, first) -> {
                    boolean prefixed = prefix.equals("always") || (first && prefix.equals("first"));
                    String spaced = part.replace(' ', Pieces.SPACE);
                    String whole = prefixed && !spaced.startsWith(SPACE) ? SPACE + spaced : spaced;
                    return splits ? List.of(BEFORE_SPACE.split(whole, -1)) : List.of(whole);
                });
            }
            case "WhitespaceSplit" ->
                splittings.add((part, first) -> Arrays.stream(TextCleaner.SPACES.split(part, -1))
                        .filter(word -> !word.isEmpty())
                        .toList());
            // Spaces that were replaced before cannot split anything.
            case "Split" ->
                refuse(
                        !step.object("pattern").fields().equals(Map.of("String", " "))
                                || normalized(" x ").indexOf(' ') >= 0,
                        step,
                        "pattern");
            default -> refuse(true, step, TYPE);
        }
    }

    /** Reads the tokens around a text. */
    private void addFrame(JsonTree step) throws InputException {
        if (step.fields().isEmpty()) {
            return;
        }
        refuse(!step.text(TYPE).equals("TemplateProcessing"), step, TYPE);
        boolean before = true;
        for (JsonTree part : objects("post_processor.single", step.fields().get("single"))) {
            if (part.has("Sequence")) {
                before = false;
                continue;
            }
            refuse((before ? start : end).isPresent(), step, "single");
            Optional<String> token = Optional.of(part.object("SpecialToken").text("id"));
            start = before ? token : start;
            end = before ? end : token;
        }
    }

    private void readModel(JsonParser parser) throws IOException {
        Map<String, Object> fields = new HashMap<>();
        require(parser.currentToken() == JsonToken.START_OBJECT, "model: expected an object");
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "vocab" -> readPieces(parser);
                case "merges" -> readMerges(parser);
                default -> fields.put(name, tree(parser));
            }
        }
        require(pieces != null, "model: no vocab");
        JsonTree read = new JsonTree("model.", fields);
        for (String refused : List.of("dropout", "continuing_subword_prefix", "end_of_word_suffix", "ignore_merges")) {
            Object value = fields.get(refused);
            refuse(value != null && !List.of(false, "", 0, 0.0).contains(value), read, refused);
        }
        int[] bytes = read.flag("byte_fallback", false) ? pieces.byteIds() : new int[0];
        if (read.choice(TYPE, "BPE", "Unigram").equals("BPE")) {
            int unknown = read.anyText("unk_token").map(pieces::indexOf).orElse(-1);
            model = new PairMerging(pieces, new Unknown(unknown, bytes, read.flag("fuse_unk", false)), merges);
        } else {
            int unknown = read.whole("unk_id");
            refuse(unknown < 0 || unknown >= pieces.size(), read, "unk_id");
            model = new Unigram(pieces, new Unknown(unknown, bytes, true), false);
        }
    }

    /** Reads pieces with their scores in the order of their ids, or by name with their ids. */
    private void readPieces(JsonParser parser) throws IOException {
        List<String> names = new ArrayList<>();
        List<Double> scores = new ArrayList<>();
        boolean scored = parser.currentToken() == JsonToken.START_ARRAY;
        boolean pairs = parser.currentToken().isStructStart();
        while (pairs && !parser.nextToken().isStructEnd()) {
            String name = scored ? parser.nextTextValue() : parser.currentName();
            pairs = name != null && parser.nextToken().isNumeric();
            if (pairs && scored) {
                scores.add(parser.getDoubleValue());
                pairs = parser.nextToken() == JsonToken.END_ARRAY;
            }
            place(names, scored ? names.size() : parser.getIntValue(), name);
        }
        require(pairs, "model.vocab: expected pieces with their scores or ids");
        int known = names.size();
        for (Map.Entry<String, Integer> token : added.entrySet()) {
            place(names, token.getValue(), token.getKey());
        }
        pieces = new Pieces();
        for (int id = 0; id < names.size(); id++) {
            String name = names.get(id);
            if (name == null || !TextCleaner.wellFormed(name).equals(name)) {
                throw new InputException("model.vocab: the piece %d is missing, or half a character".formatted(id));
            }
            Kind kind = id >= known || special.contains(name) ? Kind.CONTROL : Kind.NORMAL;
            if (name.startsWith("<0x") && Pieces.BYTE.matcher(name).matches()) {
                kind = Kind.BYTE;
            }
            byte[] bytes = name.getBytes(UTF_8);
            pieces.add(bytes, 0, bytes.length, id < scores.size() ? scores.get(id) : 0, kind);
        }
        pieces.index();
    }

    private static void place(List<String> names, int id, String name) throws InputException {
        boolean inside = id >= 0 && id < Pieces.MOST;
        while (inside && names.size() <= id) {
            names.add(null);
        }
        String before = inside ? names.set(id, name) : "";
        if (before != null && !before.equals(name)) {
            throw new InputException("model.vocab: \"%s\" has the id %,d, expected one for each piece, less than %,d"
                    .formatted(name, id, Pieces.MOST));
        }
    }

    /** Reads pairs of pieces, or older strings of two with a space between them. */
    private void readMerges(JsonParser parser) throws IOException {
        require(pieces != null, "model.merges: expected after model.vocab");
        require(parser.currentToken() == JsonToken.START_ARRAY, "model.merges: expected a list");
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            String[] pair;
            if (parser.currentToken() == JsonToken.START_ARRAY) {
                pair = new String[] {parser.nextTextValue(), parser.nextTextValue()};
                pair = parser.nextToken() == JsonToken.END_ARRAY ? pair : new String[2];
            } else {
                pair = parser.getText().split(" ", 2);
            }
            require(pair.length == 2 && pair[0] != null && pair[1] != null, "model.merges: expected pairs of pieces");
            byte[] union = (pair[0] + pair[1]).getBytes(UTF_8);
            merges.add(pieces, union, pair[0].getBytes(UTF_8).length, union.length);
        }
    }

    private void encode(String text, IntStream.Builder ids) {
        cut(
                raw,
                text,
                true,
                ids,
                (rest, first) -> cut(normal, normalized(rest), first, ids, (part, begins) -> {
                    List<String> parts = List.of(part);
                    for (BiFunction<String, Boolean, List<String>> splitting : splittings) {
                        List<String> smaller = new ArrayList<>();
                        for (String each : parts) {
                            smaller.addAll(splitting.apply(each, begins && smaller.isEmpty()));
                        }
                        parts = smaller;
                    }
                    parts.forEach(each -> model.split(each.getBytes(UTF_8), ids));
                }));
    }

    private String normalized(String text) {
        String normalized = text;
        for (UnaryOperator<String> step : normalizers) {
            normalized = step.apply(normalized);
            if (normalized.length() > LONGEST_REPLACEMENT * (text.length() + LONGEST_REPLACEMENT)) {
                throw new RefusedException(
                        "the vocabulary's normalizer makes %,d characters of %,d: expected that of a published model"
                                .formatted(normalized.length(), text.length()));
            }
        }
        return normalized;
    }

    /**
     * Cuts tokens out of a text, the longest where several begin, and appends their ids.
     *
     * @param rest receives what is between them, and true for the beginning of the text
     */
    private void cut(
            Map<Character, List<String>> tokens,
            String text,
            boolean first,
            IntStream.Builder ids,
            BiConsumer<String, Boolean> rest) {
        int begin = 0;
        for (int at = 0; at <= text.length(); at++) {
            String token = "";
            for (String each :
                    at == text.length() ? List.<String>of() : tokens.getOrDefault(text.charAt(at), List.of())) {
                token = text.startsWith(each, at) && each.length() > token.length() ? each : token;
            }
            if (at > begin && (at == text.length() || !token.isEmpty())) {
                rest.accept(text.substring(begin, at), first && begin == 0);
            }
            if (!token.isEmpty()) {
                ids.add(added.get(token));
                begin = at + token.length();
                at = begin - 1;
            }
        }
    }
}
