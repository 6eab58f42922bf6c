package org.coop4j.tags;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.tags.XmpText.Element;

/**
 * The text of an XMP sidecar, into which a classifier's labels are merged. A person's tags and all other properties stay as they
 * are, byte for byte. A record beside them says what was added, to replace and undo it.
 */
final class Sidecar {

    /** Our namespace; exiv2 adds a "/" to one that ends otherwise. */
    static final String OWN = "http://coop4j.org/ns/tag/1.0/";

    private static final String PREFIX = "coop4j";
    private static final String RESULTS = "Results";
    private static final String MADE = "Made";
    private static final String COPIED = "Copied";
    private static final String FILE = "file"; // among Made: there was no sidecar
    private static final String LAST_KEYWORD = "{http://ns.microsoft.com/photo/1.0/}LastKeywordXMP";
    private static final String META = "{adobe:ns:meta/}xmpmeta";
    private static final String DECLARATION = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    private static final String NOTHING = DECLARATION
            + """
            <x:xmpmeta xmlns:x="adobe:ns:meta/">
             <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
             </rdf:RDF>
            </x:xmpmeta>
            """;

    private final String start; // what there is without a sidecar
    private final List<String> words; // keywords of the picture that are not in XMP
    private XmpText xmp;

    /** A list of tags that some photo program reads. */
    private enum Tags {
        SUBJECT("dc", "http://purl.org/dc/elements/1.1/", "subject", "Bag", ' '),
        HIERARCHY("lr", "http://ns.adobe.com/lightroom/1.0/", "hierarchicalSubject", "Bag", '|'),
        LIST("digiKam", "http://www.digikam.org/ns/1.0/", "TagsList", "Seq", '/');

        private final String prefix;
        private final String namespace;
        private final String local;
        private final String container;
        private final char separator;

        Tags(String prefix, String namespace, String local, String container, char separator) {
            this.prefix = prefix;
            this.namespace = namespace;
            this.local = local;
            this.container = container;
            this.separator = separator;
        }

        String key() {
            return prefix + ":" + local;
        }

        String property() {
            return "{" + namespace + "}" + local;
        }

        /** Returns a path as this list writes it; a separator inside a part becomes the other one. */
        String entry(List<String> path) {
            if (this == SUBJECT) {
                return path.get(path.size() - 1);
            }
            return path.stream()
                    .map(part -> part.replace(separator, separator == '|' ? '/' : '|'))
                    .collect(Collectors.joining(String.valueOf(separator)));
        }

        /** Returns the path of an entry; of a word, itself. */
        List<String> path(String entry) {
            return this == SUBJECT ? List.of(entry) : path(entry, separator);
        }

        /** Returns an entry as the record has it. */
        String keyed(String entry) {
            return key() + "=" + entry;
        }

        /** Returns the entries of this list in the record. */
        List<String> of(List<String> recorded) {
            String start = keyed("");
            return recorded.stream()
                    .filter(one -> one.startsWith(start))
                    .map(one -> one.substring(start.length()))
                    .toList();
        }

        static List<String> path(String entry, char separator) {
            return Arrays.stream(entry.split(Pattern.quote(String.valueOf(separator)), -1))
                    .map(part -> separator == '/' ? part.replace('|', '/') : part)
                    .toList();
        }
    }

    /**
     * The labels of a picture, by a classifier.
     *
     * @param name of the classifier
     * @param settings such as threshold=0.6
     * @param root path above its labels, separated by "/"; empty for none
     * @param labels the surest first
     */
    record Result(
            String name,
            String classifierSha256,
            String pictureSha256,
            String settings,
            String root,
            List<Label> labels) {

        private List<String> path(String label) {
            return Sidecar.path(root, label);
        }
    }

    private static List<String> path(String root, String label) {
        List<String> path = new ArrayList<>(root.isEmpty() ? List.of() : List.of(root.split("/")));
        path.add(label);
        return path;
    }

    /** A label with its probability. */
    record Label(String name, double probability) {}

    /** An earlier result of a classifier. */
    private record Written(
            Element element, String name, String sha256, String settings, List<String> labels, List<String> added) {}

    private Sidecar(String start, List<String> words) {
        this.start = start;
        this.words = words;
    }

    /**
     * Reads a sidecar.
     *
     * @param text of the file; null if there is none
     * @param embedded the XMP inside the picture; null if there is none
     * @param words keywords of IPTC or Exif in the picture
     * @throws InputException if it cannot be changed safely, with the reason
     */
    static Sidecar of(String text, String embedded, List<String> words) throws InputException {
        Sidecar sidecar = new Sidecar(embedded == null ? NOTHING : metadata(embedded), words);
        sidecar.xmp = text == null ? null : XmpText.of(text);
        return sidecar;
    }

    /** Returns the element xmpmeta, or the text if there is none. */
    private static String metadata(String embedded) throws InputException {
        Element outer = XmpText.of(embedded).rdf.parent;
        return outer.name.equals(META) ? DECLARATION + embedded.substring(outer.start, outer.end) + "\n" : embedded;
    }

    /** Returns the text; empty for no file. */
    Optional<String> text() {
        return Optional.ofNullable(xmp).map(one -> one.text);
    }

    // Writing

    /**
     * Writes a result in place of an earlier one of the same name. Nothing changes if labels and classifier are the same.
     *
     * @param again true to write tags that were removed by hand
     * @return labels that are not written, since somebody removed them
     */
    List<String> write(Result result, boolean again) throws InputException {
        List<String> labels = result.labels.stream().map(Label::name).toList();
        Optional<Written> before = written(result.name);
        List<String> refused = before.stream()
                .flatMap(one -> labels.stream()
                        .filter(label -> one.labels.contains(label) && !isThere(result.path(label), one)))
                .toList();
        if (before.isPresent()
                && !(again && !refused.isEmpty())
                && before.get().labels.equals(labels)
                && before.get().sha256.equals(result.classifierSha256)
                && before.get().settings.equals(result.settings)) {
            return refused;
        }
        undo(name -> name.equals(result.name));
        if (labels.isEmpty()) {
            return List.of();
        }
        boolean isNew = xmp == null;
        if (isNew) {
            xmp = XmpText.of(start);
        }
        List<String> wanted = labels.stream()
                .filter(label -> again || !refused.contains(label))
                .toList();
        add(result, wanted, isNew);
        return again ? List.of() : refused;
    }

    private boolean isThere(List<String> path, Written record) {
        return Stream.of(Tags.values()).anyMatch(tags -> {
            List<String> values = values(tags.property());
            return values.contains(tags.entry(path))
                    || tags.of(record.added).stream()
                            .anyMatch(entry -> values.contains(entry)
                                    && last(tags.path(entry)).equals(last(path)));
        });
    }

    private static String last(List<String> path) {
        return path.get(path.size() - 1);
    }

    private void add(Result result, List<String> labels, boolean isNew) throws InputException {
        Set<List<String>> persons = personsTags();
        List<String> added = new ArrayList<>();
        List<String> copied = new ArrayList<>();
        List<String> made = new ArrayList<>(isNew ? List.of(FILE) : List.of());
        Map<Tags, Set<String>> missing = new EnumMap<>(Tags.class);
        // A list without entries would be read as an empty tag.
        for (Tags tags : labels.isEmpty() ? List.<Tags>of() : List.of(Tags.values())) {
            List<String> values = values(tags.property());
            Set<String> entries = new LinkedHashSet<>();
            if (values.isEmpty()) {
                persons.forEach(path -> entries.add(tags.entry(path)));
                entries.forEach(entry -> copied.add(tags.keyed(entry)));
            }
            for (String label : labels) {
                String entry = tags.entry(result.path(label));
                if (!values.contains(entry) && entries.add(entry)) {
                    added.add(tags.keyed(entry));
                }
            }
            Optional<Element> property = property(tags.property());
            if (property.isEmpty()) {
                missing.put(tags, entries);
                made.add(tags.key());
            } else {
                append(property.get(), tags.container, entries);
            }
        }
        boolean isOurs = own().isPresent(); // and has the namespaces of other lists
        if (!isOurs) {
            describe(missing.keySet());
        }
        for (Tags tags : missing.keySet()) {
            String namespace = isOurs ? " xmlns:%s=\"%s\"".formatted(tags.prefix, tags.namespace) : "";
            create(tags.key(), namespace, tags.container, missing.get(tags));
        }
        extend(COPIED, copied);
        extend(MADE, made);
        record(result, added);
    }

    /** Returns the paths of a person's tags; a list that we make has them first. */
    private Set<List<String>> personsTags() {
        List<String> ours = written().flatMap(one -> one.added.stream()).toList();
        Set<List<String>> paths = paths(ours).collect(Collectors.toCollection(LinkedHashSet::new));
        List<String> subjects = persons(Tags.SUBJECT, ours);
        Set<String> parts = paths.stream().flatMap(List::stream).collect(Collectors.toSet());
        (paths.isEmpty() && subjects.isEmpty() ? words : subjects)
                .stream().filter(word -> !parts.contains(word)).forEach(word -> paths.add(List.of(word)));
        return paths;
    }

    /** Returns the entries of a list but those of ours. */
    private List<String> persons(Tags tags, List<String> ours) {
        List<String> entries = new ArrayList<>(values(tags.property()));
        entries.removeAll(tags.of(ours));
        return entries;
    }

    /** Returns the paths of all lists that have some, but those of ours. */
    private Stream<List<String>> paths(List<String> ours) {
        return Stream.concat(
                Stream.of(Tags.LIST, Tags.HIERARCHY)
                        .flatMap(tags -> persons(tags, ours).stream().map(tags::path)),
                values(LAST_KEYWORD).stream().map(entry -> Tags.path(entry, '/')));
    }

    // Undo

    /** Takes back what was written by classifiers of some names. */
    void undo(Predicate<String> names) throws InputException {
        if (xmp == null) {
            return;
        }
        for (Written one : written().filter(one -> names.test(one.name)).toList()) {
            for (Tags tags : List.of(Tags.LIST, Tags.HIERARCHY, Tags.SUBJECT)) { // paths before words
                for (String entry : tags.of(one.added)) {
                    boolean stays = tags == Tags.SUBJECT
                            && paths(List.of()).anyMatch(path -> last(path).equals(entry));
                    if (!stays) {
                        remove(tags, entry);
                    }
                }
            }
            xmp = xmp.without(written(one.name).get().element);
        }
        if (own().isEmpty() || written().findAny().isPresent()) {
            return;
        }
        List<String> copied = values(own(COPIED));
        List<String> made = values(own(MADE));
        for (Tags tags : Tags.values()) {
            List<String> copies = tags.of(copied);
            if (copies.containsAll(values(tags.property()))) {
                for (String copy : copies) {
                    remove(tags, copy);
                }
            }
            if (made.contains(tags.key()) && values(tags.property()).isEmpty()) {
                removeProperty(tags.property());
            }
        }
        for (String name : List.of(COPIED, MADE, RESULTS)) {
            removeProperty(own(name));
        }
        if (made.contains(FILE) && meaning(xmp).equals(meaning(XmpText.of(start)))) {
            xmp = null;
        }
    }

    /** Removes an entry of a list. */
    private void remove(Tags tags, String entry) throws InputException {
        Optional<Element> found = items(tags.property()).stream()
                .filter(item -> item.words.toString().equals(entry))
                .reduce((first, second) -> second);
        if (found.isPresent()) {
            xmp = xmp.without(found.get());
        }
    }

    private void removeProperty(String name) throws InputException {
        Optional<Element> property = property(name);
        if (property.isPresent()) {
            Element description = property.get().parent;
            boolean alone = description.children.size() == 1
                    && description.attributes.keySet().stream().allMatch(one -> one.endsWith("}about"));
            xmp = xmp.without(alone ? description : property.get());
        }
    }

    /** Returns the properties, regardless of how they are written. */
    private static Set<String> meaning(XmpText text) {
        Set<String> all = new TreeSet<>();
        text.descriptions().forEach(description -> {
            description.attributes.forEach((name, value) -> {
                if (!name.endsWith("}about")) {
                    all.add(name + "=" + value);
                }
            });
            description.children.forEach(child -> all.add(meaning(child)));
        });
        return all;
    }

    private static String meaning(Element element) {
        return element.name
                + new TreeMap<>(element.attributes)
                + element.words.toString().strip()
                + element.children.stream().map(Sidecar::meaning).toList();
    }

    // Reading

    private static String own(String local) {
        return "{" + OWN + "}" + local;
    }

    private Optional<Element> property(String name) {
        return xmp == null
                ? Optional.empty()
                : xmp.descriptions().flatMap(one -> one.all(name)).findFirst();
    }

    /** Returns our description: the last with a property of ours. */
    private Optional<Element> own() {
        return xmp.descriptions()
                .filter(one -> one.children.stream().anyMatch(child -> child.name.startsWith("{" + OWN + "}")))
                .reduce((first, second) -> second);
    }

    private static List<Element> items(Element property) {
        return property.children.stream()
                .flatMap(container -> container.all(XmpText.rdf("li")))
                .toList();
    }

    private List<Element> items(String name) {
        return property(name).map(Sidecar::items).orElse(List.of());
    }

    private List<String> values(String name) {
        return texts(items(name));
    }

    private static List<String> texts(List<Element> items) {
        return items.stream().map(item -> item.words.toString()).toList();
    }

    private Stream<Written> written() {
        return items(own(RESULTS)).stream()
                .map(item -> new Written(
                        item,
                        field(item, "Classifier"),
                        field(item, "ClassifierSHA256"),
                        field(item, "Settings"),
                        list(item, "Labels"),
                        list(item, "Added")));
    }

    /** Returns the holder of a structure's fields: the item, or the description that exiv2 puts into it. */
    private static Element holder(Element item) {
        return item.all(XmpText.rdf("Description")).findFirst().orElse(item);
    }

    private static String field(Element item, String name) {
        Element holder = holder(item);
        return Stream.concat(
                        Stream.ofNullable(holder.attributes.get(own(name))),
                        holder.all(own(name)).map(child -> child.words.toString()))
                .findFirst()
                .orElse("");
    }

    private static List<String> list(Element item, String name) {
        return holder(item)
                .all(own(name))
                .findFirst()
                .map(property -> texts(items(property)))
                .orElse(List.of());
    }

    /**
     * Returns the labels of a classifier with some settings; empty if they are not written.
     *
     * @param pictureSha256 content of the picture; null if it is known to be the same
     */
    Optional<List<Label>> labels(String name, String classifierSha256, String settings, String pictureSha256) {
        return written(name)
                .filter(one -> one.sha256.equals(classifierSha256)
                        && one.settings.equals(settings)
                        && (pictureSha256 == null
                                || field(one.element, "PictureSHA256").equals(pictureSha256)))
                .map(one -> {
                    List<String> p = list(one.element, "Probabilities");
                    return IntStream.range(0, one.labels.size())
                            .mapToObj(i -> new Label(one.labels.get(i), i < p.size() ? probability(p.get(i)) : 0))
                            .toList();
                });
    }

    private static double probability(String text) {
        return text.matches("[01](\\.\\d{1,9})?") ? Double.parseDouble(text) : 0;
    }

    /** Returns the labels of a classifier that somebody has removed. */
    List<String> removed(String name, String root) {
        return written(name)
                .map(one -> one.labels.stream()
                        .filter(label -> !isThere(path(root, label), one))
                        .toList())
                .orElse(List.of());
    }

    private Optional<Written> written(String name) {
        return written().filter(one -> one.name.equals(name)).findFirst();
    }

    // Text

    private String indent(Element element) {
        String space = xmp.spaceBefore(element.start);
        int line = Math.max(space.lastIndexOf('\n'), space.lastIndexOf('\r'));
        return line < 0 ? "" : space.substring(line + 1);
    }

    /** Adds our description, which is still empty, with the namespaces of lists to be made. */
    private void describe(Collection<Tags> lists) throws InputException {
        List<Element> siblings = xmp.rdf.children;
        String line = xmp.newLine();
        String space = siblings.isEmpty()
                ? line + indent(xmp.rdf) + " "
                : xmp.spaceBefore(siblings.get(siblings.size() - 1).start);
        String indent = siblings.isEmpty() ? indent(xmp.rdf) + " " : indent(siblings.get(siblings.size() - 1));
        String about = xmp.descriptions().map(XmpText::about).findFirst().orElse("");
        String rdf = rdf();
        StringBuilder tag = new StringBuilder(space)
                .append("<%sDescription %sabout=\"%s\""
                        .formatted(rdf, rdf, XmpText.escaped(about).replace("\"", "&quot;")));
        if (!rdf.equals(xmp.rdf.prefix())) {
            tag.append(" xmlns:%s=\"%s\"".formatted(rdf.substring(0, rdf.length() - 1), XmpText.RDF));
        }
        tag.append("%s%s  xmlns:%s=\"%s\"".formatted(line, indent, PREFIX, OWN));
        lists.forEach(tags -> tag.append("%s%s  xmlns:%s=\"%s\"".formatted(line, indent, tags.prefix, tags.namespace)));
        tag.append(">%s%s</%sDescription>".formatted(line, indent, rdf));
        xmp = xmp.append(xmp.rdf, tag.toString());
        describedAt = xmp.rdf.children.size() - 1;
    }

    private int describedAt = -1; // number of our description while it is empty

    /** Returns the prefix of RDF inside our description, with the colon. */
    private String rdf() {
        String prefix = xmp.rdf.prefix();
        boolean clashes = prefix.isEmpty()
                || Stream.of(Tags.values()).anyMatch(tags -> prefix.equals(tags.prefix + ":"))
                || prefix.equals(PREFIX + ":");
        return clashes ? "rdf:" : prefix;
    }

    private Element description() {
        return own().orElseGet(() -> xmp.rdf.children.get(describedAt));
    }

    /** Makes a property with a list in our description. */
    private void create(String tag, String declaration, String container, Collection<String> values)
            throws InputException {
        Element description = description();
        String indent = indent(description) + " ";
        xmp = xmp.append(description, xmp.newLine() + indent + listText(tag, declaration, container, values, indent));
    }

    private String listText(
            String tag, String declaration, String container, Collection<String> values, String indent) {
        String line = xmp.newLine() + indent;
        String rdf = rdf();
        StringBuilder text = new StringBuilder("<%s%s>%s <%s%s>".formatted(tag, declaration, line, rdf, container));
        values.forEach(value -> text.append("%s  <%sli>%s</%sli>".formatted(line, rdf, XmpText.escaped(value), rdf)));
        return text.append("%s </%s%s>%s</%s>".formatted(line, rdf, container, line, tag))
                .toString();
    }

    /** Adds entries at the end of a list that is there. */
    private void append(Element property, String container, Collection<String> values) throws InputException {
        if (values.isEmpty()) {
            return;
        }
        if (property.children.isEmpty()) {
            InputException.require(property.words.toString().isBlank(), "%s is no list", property.tag);
            String rdf = xmp.rdf.prefix();
            xmp = xmp.append(property, "<%s%s></%s%s>".formatted(rdf, container, rdf, container));
            append(property(property.name).get(), container, values);
            return;
        }
        Element list = property.children.get(0);
        List<Element> items = list.children;
        String tag = list.prefix() + "li";
        String space = "";
        if (!items.isEmpty()) {
            Element lastItem = items.get(items.size() - 1);
            tag = lastItem.tag;
            space = xmp.spaceBefore(lastItem.start);
        } else if (!list.isEmptyTag()) {
            String before = xmp.spaceBefore(list.contentEnd);
            space = before.isEmpty() ? "" : before + " ";
        }
        StringBuilder text = new StringBuilder();
        for (String value : values) {
            text.append("%s<%s>%s</%s>".formatted(space, tag, XmpText.escaped(value), tag));
        }
        xmp = xmp.append(list, text.toString());
    }

    private void extend(String name, List<String> values) throws InputException {
        if (values.isEmpty()) {
            return;
        }
        Optional<Element> property = property(own(name));
        if (property.isPresent()) {
            append(property.get(), "Bag", values);
        } else {
            create(PREFIX + ":" + name, "", "Bag", values);
        }
    }

    private void record(Result result, List<String> added) throws InputException {
        Optional<Element> results = property(own(RESULTS));
        if (results.isEmpty()) {
            create(PREFIX + ":" + RESULTS, "", "Bag", List.of());
            results = property(own(RESULTS));
        }
        Element list = results.get().children.get(0);
        String indent = indent(list) + " ";
        String line = xmp.newLine() + indent + " ";
        String rdf = rdf();
        StringBuilder text =
                new StringBuilder(xmp.newLine() + indent).append("<%sli %sparseType=\"Resource\">".formatted(rdf, rdf));
        field(text, line, "Classifier", result.name);
        field(text, line, "ClassifierSHA256", result.classifierSha256);
        field(text, line, "PictureSHA256", result.pictureSha256);
        field(text, line, "Settings", result.settings);
        List<String> labels = result.labels.stream().map(Label::name).toList();
        List<String> probabilities = result.labels.stream()
                .map(label -> String.format(Locale.ROOT, "%.4f", label.probability))
                .toList();
        text.append(line).append(listText(PREFIX + ":Labels", "", "Seq", labels, indent + " "));
        text.append(line).append(listText(PREFIX + ":Probabilities", "", "Seq", probabilities, indent + " "));
        text.append(line).append(listText(PREFIX + ":Added", "", "Bag", added, indent + " "));
        text.append("%s%s</%sli>".formatted(xmp.newLine(), indent, rdf));
        xmp = xmp.append(list, text.toString());
    }

    private static void field(StringBuilder text, String line, String name, String value) {
        text.append("%s<%s:%s>%s</%s:%s>".formatted(line, PREFIX, name, XmpText.escaped(value), PREFIX, name));
    }
}
