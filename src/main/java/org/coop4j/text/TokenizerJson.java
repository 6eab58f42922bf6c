package org.coop4j.text;

import static org.coop4j.base.InputException.require;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.JsonTree;
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
    private static final JsonFactory JSON = new JsonFactory();

    /** Values at most of everything but the pieces and merges. */
    private static final int MOST_VALUES = 200_000;

    private static final String UNIGRAM = "Unigram";
    private static final String TYPE = "type";
    private static final String SPACE = String.valueOf(Pieces.SPACE);

    /** A token that is cut out of texts before they are normalised, or after. */
    private record Added(String text, boolean normalized) {}

    /** A step before the model: the parts of a part of a text, and whether it is the first one. */
    private interface Splitting {
        void split(String part, boolean first, List<String> parts);
    }

    private final Set<String> special = new HashSet<>(); // never found in texts
    private final List<Added> added = new ArrayList<>();
    private final List<UnaryOperator<String>> normalizers = new ArrayList<>();
    private final List<Splitting> splittings = new ArrayList<>();
    private final Map<String, Integer> addedIds = new HashMap<>();
    private Pieces pieces;
    private final PairMerging.Merges merges = new PairMerging.Merges();
    private JsonTree model = new JsonTree("model.", Map.of());
    private Optional<String> start = Optional.empty();
    private Optional<String> end = Optional.empty();

    private TokenizerJson() {}

    /** Reads a file. */
    static Encoding read(byte[] file) throws IOException {
        try (JsonParser parser = JSON.createParser(file)) {
            TokenizerJson read = new TokenizerJson();
            require(parser.nextToken() == JsonToken.START_OBJECT, "expected a JSON object");
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                switch (name) {
                    case "added_tokens" -> read.addTokens(objects(name, tree(parser)));
                    case "normalizer" -> read.addNormalizer(object(name, tree(parser)));
                    case "pre_tokenizer" -> read.addSplitting(object(name, tree(parser)));
                    case "post_processor" -> read.addFrame(object(name, tree(parser)));
                    case "model" -> read.readModel(parser);
                    default -> parser.skipChildren();
                }
            }
            return read.encoding();
        } catch (JsonProcessingException e) {
            throw new InputException("not valid JSON: " + e.getOriginalMessage(), e);
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

    private static IllegalArgumentException unknown(JsonTree part) {
        return new IllegalArgumentException("%stype: \"%s\" is not supported".formatted(part.path(), part.text(TYPE)));
    }

    private void addTokens(List<JsonTree> tokens) throws InputException {
        require(pieces == null, "added_tokens: expected before the model");
        for (JsonTree token : tokens) {
            String text = token.text("content");
            require(
                    !text.isEmpty() && addedIds.put(text, token.whole("id")) == null,
                    "added_tokens: \"%s\" is empty or there twice",
                    text);
            if (token.flag("special", false)) {
                special.add(text);
                continue;
            }
            for (String refused : List.of("single_word", "lstrip", "rstrip")) {
                require(!token.flag(refused, false), "added_tokens: %s of \"%s\" is not supported", refused, text);
            }
            added.add(new Added(text, token.flag("normalized", true)));
        }
    }

    private void addNormalizer(JsonTree step) throws IOException {
        if (step.fields().isEmpty()) {
            return;
        }
        switch (step.text(TYPE)) {
            case "Sequence" -> {
                for (JsonTree each : objects("normalizer", step.fields().get("normalizers"))) {
                    addNormalizer(each);
                }
            }
            case "Precompiled" ->
                normalizers.add(
                        CharacterMap.of(Base64.getDecoder().decode(step.text("precompiled_charsmap")))::byClusters);
            case "Replace" -> {
                Pattern replaced = pattern(step.object("pattern"));
                String content = Matcher.quoteReplacement(step.text("content"));
                normalizers.add(text -> replaced.matcher(text).replaceAll(content));
            }
            case "Strip" -> {
                boolean left = step.flag("strip_left", true);
                boolean right = step.flag("strip_right", true);
                normalizers.add(text -> TextCleaner.stripped(text, left, right));
            }
            case "Lowercase" -> normalizers.add(TextCleaner::lowerCaseOfEach);
            case "NFC" -> normalizers.add(text -> Normalizer.normalize(text, Normalizer.Form.NFC));
            case "NFKC" -> normalizers.add(text -> Normalizer.normalize(text, Normalizer.Form.NFKC));
            case "Prepend" -> {
                String prefix = step.text("prepend");
                normalizers.add(text -> text.isEmpty() ? text : prefix + text);
            }
            default -> throw unknown(step);
        }
    }

    /** Returns a literal, or a regular expression of one element, which cannot backtrack for long. */
    private static Pattern pattern(JsonTree pattern) {
        if (pattern.has("String")) {
            return Pattern.compile(Pattern.quote(pattern.text("String")));
        }
        String regex = pattern.text("Regex");
        Require.that(
                regex.matches("(\\\\[sn]|[^\\\\()\\[\\]{}|.*+?^$])([*+]|\\{[0-9]{1,3}(,[0-9]{0,3})?\\})?"),
                "%sRegex: \"%s\" is not supported",
                pattern.path(),
                regex);
        return Pattern.compile(regex.replace("\\s", TextCleaner.WHITE_SPACE));
    }

    private void addSplitting(JsonTree step) throws InputException {
        if (step.fields().isEmpty()) {
            return;
        }
        switch (step.text(TYPE)) {
            case "Sequence" -> {
                for (JsonTree each : objects("pre_tokenizer", step.fields().get("pretokenizers"))) {
                    addSplitting(each);
                }
            }
            case "Metaspace" -> {
                require(step.text("replacement").equals(SPACE), "pre_tokenizer.replacement: expected %s", SPACE);
                boolean always = step.flag("add_prefix_space", true);
                String prefix = step.anyText("prepend_scheme").orElse(always ? "always" : "never");
                require(
                        List.of("always", "first", "never").contains(prefix),
                        "pre_tokenizer.prepend_scheme: \"%s\" is not supported",
                        prefix);
                boolean splits = step.flag("split", true);
                splittings.add((part, first, parts) -> {
                    String spaced = part.replace(' ', Pieces.SPACE);
                    boolean prefixed = prefix.equals("always") || (first && prefix.equals("first"));
                    if (prefixed && !spaced.startsWith(SPACE)) {
                        spaced = SPACE + spaced;
                    }
                    parts.addAll(splits ? List.of(spaced.split("(?=" + SPACE + ")", -1)) : List.of(spaced));
                });
            }
            case "WhitespaceSplit" ->
                splittings.add((part, first, parts) -> Arrays.stream(part.split(TextCleaner.WHITE_SPACE + "+", -1))
                        .filter(word -> !word.isEmpty())
                        .forEach(parts::add));
            case "Split" ->
                require(
                        step.object("pattern").anyText("String").orElse("").equals(" ")
                                && normalized(" x ").indexOf(' ') < 0,
                        "pre_tokenizer.Split: expected to split at spaces, all of them replaced before");
            default -> throw unknown(step);
        }
    }

    private void addFrame(JsonTree step) throws InputException {
        if (step.fields().isEmpty()) {
            return;
        }
        if (!step.text(TYPE).equals("TemplateProcessing")) {
            throw unknown(step);
        }
        boolean before = true;
        for (JsonTree part : objects("post_processor.single", step.fields().get("single"))) {
            if (part.has("Sequence")) {
                before = false;
                continue;
            }
            String token = part.object("SpecialToken").text("id");
            require(
                    (before ? start : end).isEmpty(),
                    "post_processor: expected one token before and one after the text, got \"%s\", too",
                    token);
            if (before) {
                start = Optional.of(token);
            } else {
                end = Optional.of(token);
            }
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
        model = new JsonTree("model.", fields);
    }

    /** Reads pieces with their scores in the order of their ids, or by name with their ids. */
    private void readPieces(JsonParser parser) throws IOException {
        String[] names = new String[1 << 12];
        double[] scores = new double[1 << 12];
        int size = 0;
        boolean scored = parser.currentToken() == JsonToken.START_ARRAY;
        require(scored || parser.currentToken() == JsonToken.START_OBJECT, "model.vocab: expected a list or an object");
        JsonToken last = scored ? JsonToken.END_ARRAY : JsonToken.END_OBJECT;
        for (JsonToken token = parser.nextToken(); token != last; token = parser.nextToken()) {
            String name;
            int id = size;
            double score = 0;
            if (scored) {
                require(token == JsonToken.START_ARRAY, "model.vocab: expected pairs of a piece and its score");
                name = text(parser);
                require(parser.nextToken().isNumeric(), "model.vocab: expected a score of \"%s\"", name);
                score = parser.getDoubleValue();
                require(
                        parser.nextToken() == JsonToken.END_ARRAY,
                        "model.vocab: expected pairs of a piece and its score");
            } else {
                name = parser.currentName();
                require(
                        parser.nextToken() == JsonToken.VALUE_NUMBER_INT,
                        "model.vocab: expected the id of \"%s\"",
                        name);
                id = parser.getIntValue();
            }
            require(
                    id >= 0 && id < Pieces.MOST,
                    "model.vocab: \"%s\" has the id %d, expected less than %,d",
                    name,
                    id,
                    Pieces.MOST);
            if (id >= names.length) {
                names = Arrays.copyOf(names, Math.max(id + 1, 2 * names.length));
                scores = Arrays.copyOf(scores, names.length);
            }
            require(names[id] == null, "model.vocab: \"%s\" and \"%s\" have the id %d", names[id], name, id);
            names[id] = name;
            scores[id] = score;
            size++;
        }
        Set<Integer> outside = new HashSet<>(); // added tokens that the model does not know
        for (Map.Entry<String, Integer> token : addedIds.entrySet()) {
            int id = token.getValue();
            require(id >= 0 && id < Pieces.MOST, "added_tokens: \"%s\" has the id %d", token.getKey(), id);
            if (id >= names.length) {
                names = Arrays.copyOf(names, id + 1);
                scores = Arrays.copyOf(scores, id + 1);
            }
            if (names[id] == null) {
                names[id] = token.getKey();
                outside.add(id);
            }
            require(
                    names[id].equals(token.getKey()),
                    "added_tokens: \"%s\" has the id %d of \"%s\"",
                    token.getKey(),
                    id,
                    names[id]);
        }
        pieces = new Pieces();
        CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
        for (int id = 0; id < size + outside.size(); id++) {
            String name = names[id];
            require(name != null, "model.vocab: no piece has the id %d", id);
            require(encoder.canEncode(name), "model.vocab: piece %d is half a character", id);
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            Kind kind = Kind.NORMAL;
            if (special.contains(name) || outside.contains(id)) {
                kind = Kind.CONTROL;
            } else if (name.startsWith("<0x") && Pieces.BYTE.matcher(name).matches()) {
                kind = Kind.BYTE;
            }
            pieces.add(bytes, 0, bytes.length, scores[id], kind);
        }
        pieces.index();
    }

    /** Reads pairs of pieces, or older strings of two with a space between them. */
    private void readMerges(JsonParser parser) throws IOException {
        require(pieces != null, "model.merges: expected after model.vocab");
        require(parser.currentToken() == JsonToken.START_ARRAY, "model.merges: expected a list");
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            String left;
            String right;
            if (token == JsonToken.START_ARRAY) {
                left = text(parser);
                right = text(parser);
                require(parser.nextToken() == JsonToken.END_ARRAY, "model.merges: expected pairs of pieces");
            } else {
                require(token == JsonToken.VALUE_STRING, "model.merges: expected pairs of pieces");
                String pair = parser.getText();
                int space = pair.indexOf(' ');
                require(space >= 0, "model.merges: \"%s\" has no space", pair);
                left = pair.substring(0, space);
                right = pair.substring(space + 1);
            }
            merges.add(piece(left), piece(right), piece(left + right));
        }
    }

    private static String text(JsonParser parser) throws IOException {
        require(parser.nextToken() == JsonToken.VALUE_STRING, "model: expected pairs that begin with a piece");
        return parser.getText();
    }

    private int piece(String text) throws InputException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int id = pieces.find(bytes, 0, bytes.length);
        require(id >= 0, "model.merges: \"%s\" is not in the vocabulary", text);
        return id;
    }

    private Encoding encoding() throws InputException {
        require(pieces != null, "no model with a vocab");
        boolean unigram = model.choice(TYPE, "BPE", UNIGRAM).equals(UNIGRAM);
        model.expect("dropout", 0);
        for (String refused : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            require(model.anyText(refused).orElse("").isEmpty(), "model.%s is not supported", refused);
        }
        require(!model.flag("ignore_merges", false), "model.ignore_merges is not supported");
        int[] bytes = model.flag("byte_fallback", false) ? pieces.byteIds() : new int[0];
        Unknown unknown;
        PieceModel split;
        if (unigram) {
            unknown = new Unknown(model.whole("unk_id"), bytes, true);
            require(
                    unknown.id() >= 0 && unknown.id() < pieces.size(),
                    "model.unk_id: no piece has the id %d",
                    unknown.id());
            split = new Unigram(pieces, unknown, false);
        } else {
            String token = model.anyText("unk_token").orElse(null);
            unknown = new Unknown(token == null ? -1 : pieces.indexOf(token), bytes, model.flag("fuse_unk", false));
            split = new PairMerging(pieces, unknown, merges);
        }
        Cutting raw = new Cutting(added, false);
        Cutting normalized = new Cutting(added, true);
        return new Encoding(
                pieces,
                (text, ids) -> raw.cut(
                        text,
                        true,
                        ids,
                        (rest, atStart) ->
                                normalized.cut(normalized(rest), atStart, ids, (part, isFirst) -> parts(part, isFirst)
                                        .forEach(piece -> split.split(piece.getBytes(StandardCharsets.UTF_8), ids)))),
                start,
                end);
    }

    private String normalized(String text) {
        String normalized = text;
        for (UnaryOperator<String> step : normalizers) {
            normalized = step.apply(normalized);
        }
        return normalized;
    }

    private List<String> parts(String text, boolean first) {
        List<String> parts = List.of(text);
        for (Splitting splitting : splittings) {
            List<String> smaller = new ArrayList<>();
            for (int i = 0; i < parts.size(); i++) {
                splitting.split(parts.get(i), first && i == 0, smaller);
            }
            parts = smaller;
        }
        return parts;
    }

    /** Cuts added tokens out of texts, the longest where several begin. */
    private final class Cutting {
        private final Map<Character, List<String>> byFirst = new HashMap<>();

        Cutting(List<Added> tokens, boolean normalized) {
            tokens.stream()
                    .filter(token -> token.normalized == normalized)
                    .map(Added::text)
                    .sorted(Comparator.comparingInt(String::length).reversed())
                    .forEach(text -> byFirst.computeIfAbsent(text.charAt(0), c -> new ArrayList<>())
                            .add(text));
        }

        /** Appends the ids of the tokens in a text, and passes on what is between them. */
        void cut(String text, boolean first, IntStream.Builder ids, Rest rest) {
            int begin = 0;
            for (int at = 0; at < text.length(); ) {
                String token = null;
                for (String candidate : byFirst.getOrDefault(text.charAt(at), List.of())) {
                    if (text.startsWith(candidate, at)) {
                        token = candidate;
                        break;
                    }
                }
                if (token == null) {
                    at++;
                    continue;
                }
                if (at > begin) {
                    rest.accept(text.substring(begin, at), first && begin == 0);
                }
                ids.add(addedIds.get(token));
                at += token.length();
                begin = at;
            }
            if (begin < text.length()) {
                rest.accept(text.substring(begin), first && begin == 0);
            }
        }
    }

    /** Receives a part of a text, and whether the text begins with it. */
    private interface Rest {
        void accept(String part, boolean first);
    }
}
