package org.coop4j.tags;

import static java.util.stream.Collectors.joining;
import static org.coop4j.tags.XmpText.escaped;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
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

    private static final String FILE = "file"; // among what was made: there was no sidecar
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

    /** A property that is a list: of tags that some photo program reads, or of the record. */
    private enum Property {
        SUBJECT("dc:subject", "http://purl.org/dc/elements/1.1/", "Bag", ""),
        HIERARCHY("lr:hierarchicalSubject", "http://ns.adobe.com/lightroom/1.0/", "Bag", "|"),
        TAGS("digiKam:TagsList", "http://www.digikam.org/ns/1.0/", "Seq", "/"),
        KEYWORDS("MicrosoftPhoto:LastKeywordXMP", "http://ns.microsoft.com/photo/1.0/", "Bag", "/"), // is only read
        COPIED("coop4j:Copied", OWN, "Bag", ""),
        MADE("coop4j:Made", OWN, "Bag", ""),
        RESULTS("coop4j:Results", OWN, "Bag", "");

        private static final List<Property> LISTS = List.of(SUBJECT, HIERARCHY, TAGS);

        private final String tag;
        private final String name;
        private final String declaration;
        private final String container;
        private final String separator; // of the parts of a path; empty for words

        Property(String tag, String namespace, String container, String separator) {
            int colon = tag.indexOf(':');
            this.tag = tag;
            this.name = XmpText.name(namespace, tag.substring(colon + 1));
            this.declaration = "xmlns:%s=\"%s\"".formatted(tag.substring(0, colon), namespace);
            this.container = container;
            this.separator = separator;
        }

        /** Returns a path as this list writes it; a separator inside a part becomes the other one. */
        String entry(List<String> path) {
            return separator.isEmpty()
                    ? last(path)
                    : path.stream()
                            .map(part -> part.replace(separator, separator.equals("|") ? "/" : "|"))
                            .collect(joining(separator));
        }

        /** Returns the path of an entry; of a word, itself. */
        List<String> path(String entry) {
            return separator.isEmpty()
                    ? List.of(entry)
                    : Stream.of(entry.split(Pattern.quote(separator), -1))
                            .map(part -> separator.equals("/") ? part.replace('|', '/') : part)
                            .toList();
        }

        /** Returns an entry as the record has it. */
        String recorded(String entry) {
            return tag + "=" + entry;
        }

        /** Returns the entries of this list in the record. */
        List<String> of(List<String> recorded) {
            return recorded.stream()
                    .filter(one -> one.startsWith(recorded("")))
                    .map(one -> one.substring(tag.length() + 1))
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
            List<Label> labels) {}

    /** A label with its probability. */
    record Label(@JsonProperty("label") String name, double probability) {}

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
        List<String> labels = names(result.labels);
        List<String> refused = new ArrayList<>(labels);
        refused.retainAll(removed(result.name, result.root));
        boolean comesBack = again && refused.removeAll(labels);
        Optional<List<Label>> before = labels(result, true);
        if (!comesBack && before.isPresent() && names(before.get()).equals(labels)) {
            return refused;
        }
        undo(result.name::equals);
        if (!labels.isEmpty()) {
            List<String> made = new ArrayList<>();
            if (xmp == null) {
                xmp = XmpText.of(start);
                made.add(FILE);
            }
            add(
                    result,
                    labels.stream().filter(label -> !refused.contains(label)).toList(),
                    made);
        }
        return refused;
    }

    private static List<String> names(List<Label> labels) {
        return labels.stream().map(Label::name).toList();
    }

    private static List<String> path(String root, String label) {
        List<String> path = new ArrayList<>(root.isEmpty() ? List.of() : List.of(root.split("/")));
        path.add(label);
        return path;
    }

    private static <T> T last(List<T> all) {
        return all.get(all.size() - 1);
    }

    /** Adds labels to all lists, unless there are none: a list without entries would be read as an empty tag. */
    private void add(Result result, List<String> labels, List<String> made) throws InputException {
        Set<List<String>> persons = personsTags();
        List<String> added = new ArrayList<>();
        List<String> copied = new ArrayList<>();
        Map<Property, Set<String>> all = new EnumMap<>(Property.class);
        String declarations = Property.MADE.declaration;
        for (Property list : labels.isEmpty() ? List.<Property>of() : Property.LISTS) {
            List<String> values = values(list);
            Set<String> entries = new LinkedHashSet<>();
            if (values.isEmpty()) {
                persons.forEach(path -> entries.add(list.entry(path)));
                entries.forEach(entry -> copied.add(list.recorded(entry)));
            }
            for (String label : labels) {
                String entry = list.entry(path(result.root, label));
                if (!values.contains(entry) && entries.add(entry)) {
                    added.add(list.recorded(entry));
                }
            }
            all.put(list, entries);
            if (property(list).isEmpty()) {
                made.add(list.tag);
                declarations += "\n" + list.declaration;
            }
        }
        if (own().isEmpty()) {
            describe(declarations);
        }
        all.put(Property.COPIED, new LinkedHashSet<>(copied));
        all.put(Property.MADE, new LinkedHashSet<>(made));
        for (Map.Entry<Property, Set<String>> one : all.entrySet()) {
            if (!one.getValue().isEmpty()) {
                extend(one.getKey(), one.getValue());
            }
        }
        record(result, added);
    }

    /** Returns the paths of a person's tags; a list that we make has them first. */
    private Set<List<String>> personsTags() {
        List<String> ours =
                results().flatMap(one -> field(one, "Added").stream()).toList();
        Set<List<String>> paths = new LinkedHashSet<>(paths(ours));
        List<String> subjects = persons(Property.SUBJECT, ours);
        List<String> parts = paths.stream().flatMap(List::stream).toList();
        (paths.isEmpty() && subjects.isEmpty() ? words : subjects)
                .stream().filter(word -> !parts.contains(word)).forEach(word -> paths.add(List.of(word)));
        return paths;
    }

    /** Returns the entries of a list but those of ours. */
    private List<String> persons(Property list, List<String> ours) {
        List<String> entries = new ArrayList<>(values(list));
        entries.removeAll(list.of(ours));
        return entries;
    }

    /** Returns the paths of all lists that have some, but those of ours. */
    private List<List<String>> paths(List<String> ours) {
        return Stream.of(Property.TAGS, Property.HIERARCHY, Property.KEYWORDS)
                .flatMap(list -> persons(list, ours).stream().map(list::path))
                .toList();
    }

    // Undo

    /** Takes back what was written by classifiers of some names. */
    void undo(Predicate<String> names) throws InputException {
        if (xmp == null || own().isEmpty()) {
            return;
        }
        for (String name : results().map(Sidecar::name).filter(names).toList()) {
            List<String> added = field(result(name).get(), "Added");
            for (Property list : List.of(Property.TAGS, Property.HIERARCHY, Property.SUBJECT)) { // paths before words
                for (String entry : list.of(added)) {
                    if (list != Property.SUBJECT
                            || paths(List.of()).stream()
                                    .noneMatch(path -> last(path).equals(entry))) {
                        remove(list, entry);
                    }
                }
            }
            xmp = xmp.without(result(name).get());
        }
        if (results().findAny().isPresent()) {
            return;
        }
        List<String> copied = values(Property.COPIED);
        List<String> made = values(Property.MADE);
        for (Property list : Property.LISTS) {
            List<String> copies = list.of(copied);
            if (copies.containsAll(values(list))) {
                for (String copy : copies) {
                    remove(list, copy);
                }
            }
            if (made.contains(list.tag) && values(list).isEmpty()) {
                remove(list);
            }
        }
        remove(Property.COPIED);
        remove(Property.MADE);
        remove(Property.RESULTS);
        if (made.contains(FILE) && meaning(xmp).equals(meaning(XmpText.of(start)))) {
            xmp = null;
        }
    }

    /** Removes the last such entry of a list. */
    private void remove(Property list, String entry) throws InputException {
        int at = values(list).lastIndexOf(entry);
        if (at >= 0) {
            xmp = xmp.without(property(list).map(Sidecar::items).get().get(at));
        }
    }

    /** Removes a property, and a description that has nothing else. */
    private void remove(Property property) throws InputException {
        Optional<Element> found = property(property);
        if (found.isPresent()) {
            Element description = found.get().parent;
            boolean alone = description.children.size() == 1 && description.attributes.isEmpty();
            xmp = xmp.without(alone ? description : found.get());
        }
    }

    /** Returns the properties, regardless of how they are written. */
    private static Set<String> meaning(XmpText text) {
        Set<String> all = new TreeSet<>();
        text.descriptions().forEach(description -> {
            description.attributes.forEach((name, value) -> all.add(name + "=" + value));
            description.children.forEach(child -> all.add(meaning(child)));
        });
        return all;
    }

    private static String meaning(Element element) {
        return element.name
                + new TreeMap<>(element.attributes)
                + element.words().strip()
                + element.children.stream().map(Sidecar::meaning).toList();
    }

    // Reading

    private Optional<Element> property(Property property) {
        return xmp == null
                ? Optional.empty()
                : xmp.descriptions().flatMap(one -> one.all(property.name)).findFirst();
    }

    /** Returns our description: the last with a property of ours. */
    private Optional<Element> own() {
        return xmp.descriptions()
                .filter(one -> one.children.stream().anyMatch(child -> child.name.startsWith("{" + OWN)))
                .reduce((first, second) -> second);
    }

    private static List<Element> items(Element property) {
        return property.children.stream()
                .flatMap(container -> container.all(XmpText.rdf("li")))
                .toList();
    }

    private List<String> values(Property property) {
        return property(property).map(Sidecar::values).orElse(List.of());
    }

    private static List<String> values(Element property) {
        return items(property).stream().map(Element::words).toList();
    }

    /** Returns the record of each classifier. */
    private Stream<Element> results() {
        return property(Property.RESULTS).map(Sidecar::items).stream().flatMap(List::stream);
    }

    private Optional<Element> result(String name) {
        return results().filter(one -> name(one).equals(name)).findFirst();
    }

    private static String name(Element result) {
        return word(result, "Classifier");
    }

    private static String word(Element result, String name) {
        return String.join("", field(result, name));
    }

    /** Returns the values of a record's field, in all forms of RDF; exiv2 puts a description between them. */
    private static List<String> field(Element result, String name) {
        Element holder = result.all(XmpText.rdf("Description")).findFirst().orElse(result);
        String field = XmpText.name(OWN, name);
        String attribute = holder.attributes.get(field);
        return attribute != null
                ? List.of(attribute)
                : holder.all(field)
                        .findFirst()
                        .map(one -> one.children.isEmpty() ? List.of(one.words()) : values(one))
                        .orElse(List.of());
    }

    /**
     * Returns the labels of a picture by a classifier with some settings; empty if they are not written.
     *
     * @param same true if the picture is known to be the same
     */
    Optional<List<Label>> labels(Result of, boolean same) {
        return result(of.name)
                .filter(one -> word(one, "ClassifierSHA256").equals(of.classifierSha256)
                        && word(one, "Settings").equals(of.settings)
                        && (same || word(one, "PictureSHA256").equals(of.pictureSha256)))
                .map(one -> {
                    List<String> labels = field(one, "Labels");
                    List<String> p = field(one, "Probabilities");
                    return IntStream.range(0, labels.size())
                            .mapToObj(i -> new Label(labels.get(i), i < p.size() ? probability(p.get(i)) : 0))
                            .toList();
                });
    }

    private static double probability(String text) {
        return text.matches("[01](\\.\\d{1,9})?") ? Double.parseDouble(text) : 0;
    }

    /** Returns the labels of a classifier that somebody has removed. */
    List<String> removed(String name, String root) {
        return result(name)
                .map(one -> field(one, "Labels").stream()
                        .filter(label -> !isThere(path(root, label), field(one, "Added")))
                        .toList())
                .orElse(List.of());
    }

    private boolean isThere(List<String> path, List<String> added) {
        return Property.LISTS.stream().anyMatch(list -> values(list).stream()
                .anyMatch(entry -> entry.equals(list.entry(path))
                        || (added.contains(list.recorded(entry))
                                && last(list.path(entry)).equals(last(path)))));
    }

    // Text

    private String indent(Element element) {
        String space = xmp.spaceBefore(element.start);
        int line = Math.max(space.lastIndexOf('\n'), space.lastIndexOf('\r'));
        return line < 0 ? "" : space.substring(line + 1);
    }

    /** Adds our description, which is still empty, with the namespaces of lists to be made. */
    private void describe(String declarations) throws InputException {
        List<Element> siblings = xmp.rdf.children;
        String indent = siblings.isEmpty() ? indent(xmp.rdf) + " " : indent(last(siblings));
        String line = xmp.newLine() + indent;
        String rdf = rdf();
        String own = rdf.equals(xmp.rdf.prefix()) ? "" : " xmlns:rdf=\"" + XmpText.RDF + "\"";
        xmp = xmp.append(
                xmp.rdf,
                "%s<%sDescription %sabout=\"%s\"%s%s>%s</%sDescription>"
                        .formatted(
                                siblings.isEmpty() ? line : xmp.spaceBefore(last(siblings).start),
                                rdf,
                                rdf,
                                escaped(xmp.about).replace("\"", "&quot;"),
                                own,
                                ("\n" + declarations).replace("\n", line + "  "),
                                line,
                                rdf));
    }

    /** Returns the prefix of RDF inside our description, with the colon. */
    private String rdf() {
        String prefix = xmp.rdf.prefix();
        return Stream.of(Property.values()).anyMatch(one -> one.tag.startsWith(prefix)) ? "rdf:" : prefix;
    }

    /** Adds entries at the end of a list, which is made in our description if it is not there. */
    private void extend(Property property, Collection<String> values) throws InputException {
        Optional<Element> found = property(property);
        if (found.isEmpty()) {
            Element description = own().orElseGet(() -> last(xmp.rdf.children));
            boolean isDeclared =
                    xmp.text.substring(description.start, description.content).contains(property.declaration);
            String tag = property.tag + (isDeclared ? "" : " " + property.declaration);
            String line = xmp.newLine() + indent(description) + " ";
            xmp = xmp.append(description, list(tag, property.container, values, line));
            return;
        }
        if (found.get().children.isEmpty()) {
            InputException.require(found.get().words().isBlank(), "%s is no list", found.get().tag);
            String tag = xmp.rdf.prefix() + property.container;
            xmp = xmp.append(found.get(), "<%s></%s>".formatted(tag, tag));
        }
        Element list = container(property);
        boolean isFirst = list.children.isEmpty();
        String tag = isFirst ? list.prefix() + "li" : last(list.children).tag;
        String before = xmp.spaceBefore(isFirst ? list.contentEnd : last(list.children).start);
        String space = isFirst && !before.isEmpty() ? before + " " : before;
        xmp = xmp.append(
                list,
                values.stream()
                        .map(value -> "%s<%s>%s</%s>".formatted(space, tag, escaped(value), tag))
                        .collect(joining()));
    }

    private Element container(Property property) {
        return property(property).get().children.get(0);
    }

    private String list(String start, String container, Collection<String> values, String line) {
        String rdf = rdf();
        return values.stream()
                .map(value -> "%s  <%sli>%s</%sli>".formatted(line, rdf, escaped(value), rdf))
                .collect(joining(
                        "",
                        "%s<%s>%s <%s%s>".formatted(line, start, line, rdf, container),
                        "%s </%s%s>%s</%s>".formatted(line, rdf, container, line, start.replaceFirst(" .*", ""))));
    }

    private void record(Result result, List<String> added) throws InputException {
        extend(Property.RESULTS, List.of());
        Element results = container(Property.RESULTS);
        String line = xmp.newLine() + indent(results) + " ";
        List<String> probabilities = result.labels.stream()
                .map(label -> String.format(Locale.ROOT, "%.4f", label.probability))
                .toList();
        String structure =
                """

                <%1$sli %1$sparseType="Resource">
                 <coop4j:Classifier>%2$s</coop4j:Classifier>
                 <coop4j:ClassifierSHA256>%3$s</coop4j:ClassifierSHA256>
                 <coop4j:PictureSHA256>%4$s</coop4j:PictureSHA256>
                 <coop4j:Settings>%5$s</coop4j:Settings>%6$s%7$s%8$s
                </%1$sli>""";
        xmp = xmp.append(
                results,
                structure
                        .replace("\n", line)
                        .formatted(
                                rdf(),
                                escaped(result.name),
                                escaped(result.classifierSha256),
                                escaped(result.pictureSha256),
                                escaped(result.settings),
                                list("coop4j:Labels", "Seq", names(result.labels), line + " "),
                                list("coop4j:Probabilities", "Seq", probabilities, line + " "),
                                list("coop4j:Added", "Bag", added, line + " ")));
    }
}
