package org.coop4j.tags;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.coop4j.base.InputException.require;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.coop4j.base.InputException;
import org.coop4j.base.SafeXml;

/**
 * The text of XMP with the positions of its elements, so that changes are made in the text and all else stays as it is. A reader
 * of the JDK checks the text first; its own positions are wrong beyond its first buffer.
 */
final class XmpText {

    static final String RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    private static final String XML = "http://www.w3.org/XML/1998/namespace";
    private static final String EXTENDED = "{http://ns.adobe.com/xmp/note/}HasExtendedXMP";
    private static final int DEEPEST = 100;
    private static final char BYTE_ORDER_MARK = '\uFEFF'; // which the check passes over, wherever it stands

    final String text;
    final Element rdf;

    /** An element; names are {@code {namespace}local}. */
    static final class Element {
        final String tag; // as it is written, with its prefix
        final String name;
        final Map<String, String> attributes = new LinkedHashMap<>();
        final List<Element> children = new ArrayList<>();
        final Element parent;
        final int start;
        int content; // end of the start tag
        int contentEnd; // begin of the end tag; that of the content if there is none
        int end;
        final StringBuilder words = new StringBuilder(); // its text, without that of its children

        private Element(String tag, String name, Element parent, int start) {
            this.tag = tag;
            this.name = name;
            this.parent = parent;
            this.start = start;
        }

        boolean isEmptyTag() {
            return end == content;
        }

        /** Returns the prefix of its name, with the colon. */
        String prefix() {
            return tag.substring(0, tag.indexOf(':') + 1);
        }

        Stream<Element> all(String wanted) {
            return children.stream().filter(child -> child.name.equals(wanted));
        }
    }

    private XmpText(String text, Element document) throws InputException {
        this.text = text;
        List<Element> found = new ArrayList<>();
        find(document, found);
        require(found.size() == 1, "%d rdf:RDF", found.size());
        rdf = found.get(0);
        List<String> subjects = descriptions().map(XmpText::about).distinct().toList();
        require(subjects.size() <= 1, "several subjects: %s", String.join(", ", subjects));
        require(
                descriptions()
                        .noneMatch(one -> one.attributes.containsKey(EXTENDED)
                                || one.children.stream().anyMatch(child -> child.name.equals(EXTENDED))),
                "extended XMP");
    }

    /**
     * Reads XMP.
     *
     * @throws InputException if it cannot be changed safely, with the reason
     */
    static XmpText of(String text) throws InputException {
        try {
            XMLStreamReader check = SafeXml.open(text.getBytes(UTF_8));
            int depth = 0;
            while (SafeXml.next(check)) {
                depth += check.isStartElement() ? 1 : check.isEndElement() ? -1 : 0;
                require(depth <= DEEPEST, "elements in each other %d deep", depth);
            }
        } catch (XMLStreamException e) {
            String reason = e.getMessage().replaceAll("\\s+", " ");
            throw new InputException(reason.contains("DOCTYPE") ? "DOCTYPE" : "not XML: " + reason, e);
        }
        return new XmpText(text, new Scanner(text).document());
    }

    private static void find(Element from, List<Element> found) {
        if (from.name.equals(rdf("RDF"))) {
            found.add(from);
        }
        from.children.forEach(child -> find(child, found));
    }

    static String rdf(String local) {
        return "{" + RDF + "}" + local;
    }

    Stream<Element> descriptions() {
        return rdf.all(rdf("Description"));
    }

    static String about(Element description) {
        return description.attributes.getOrDefault(rdf("about"), description.attributes.getOrDefault("{}about", ""));
    }

    /** Returns the spaces and line ends before a position. */
    String spaceBefore(int position) {
        int from = position;
        while (from > 0 && Character.isWhitespace(text.charAt(from - 1))) {
            from--;
        }
        return text.substring(from, position);
    }

    String newLine() {
        return text.contains("\r\n") ? "\r\n" : "\n";
    }

    XmpText with(int from, int to, String words) throws InputException {
        String changed = text.substring(0, from) + words + text.substring(to);
        return new XmpText(changed, new Scanner(changed).document());
    }

    /** Adds text at the end of an element's children, and opens its tag if it has no end. */
    XmpText append(Element to, String words) throws InputException {
        if (to.isEmptyTag()) {
            int slash = text.lastIndexOf('/', to.end - 1);
            return with(slash, to.end, ">" + words + "</" + to.tag + ">");
        }
        if (!to.children.isEmpty()) {
            int end = to.children.get(to.children.size() - 1).end;
            return with(end, end, words);
        }
        return with(to.content, to.content, words);
    }

    XmpText without(Element element) throws InputException {
        return with(element.start - spaceBefore(element.start).length(), element.end, "");
    }

    static String escaped(String words) {
        return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    /** Finds tags in a text that is known to be XML. */
    private static final class Scanner {
        private final String text;
        private final Deque<Map<String, String>> namespaces = new ArrayDeque<>();
        private int at;

        Scanner(String text) {
            this.text = text;
        }

        Element document() throws InputException {
            Element document = new Element("", "", null, 0);
            document.end = text.length();
            Element open = document;
            namespaces.push(Map.of("", "", "xml", XML));
            while (true) {
                int next = text.indexOf('<', at);
                if (next < 0) {
                    return document;
                }
                unescape(text, at, next, open.words);
                at = next;
                if (text.startsWith("<!--", at)) {
                    at = after("-->");
                } else if (text.startsWith("<?", at)) {
                    at = after("?>");
                } else if (text.startsWith("<![CDATA[", at)) {
                    int end = after("]]>");
                    open.words.append(text, at + "<![CDATA[".length(), end - "]]>".length());
                    at = end;
                } else if (text.startsWith("</", at)) {
                    open.contentEnd = at;
                    at = after(">");
                    open.end = at;
                    open = open.parent;
                    namespaces.pop();
                } else {
                    open = start(open);
                }
            }
        }

        private int after(String end) {
            return text.indexOf(end, at) + end.length();
        }

        private Element start(Element parent) throws InputException {
            int start = at;
            at++;
            String tag = name();
            Map<String, String> written = new LinkedHashMap<>();
            Map<String, String> declared = new HashMap<>();
            while (true) {
                skipSpace();
                if (text.charAt(at) == '>' || text.charAt(at) == '/') {
                    break;
                }
                String attribute = name();
                at = text.indexOf('=', at) + 1;
                skipSpace();
                int end = text.indexOf(text.charAt(at), at + 1);
                StringBuilder value = new StringBuilder();
                unescape(text, at + 1, end, value);
                at = end + 1;
                if (attribute.equals("xmlns")) {
                    declared.put("", value.toString());
                } else if (attribute.startsWith("xmlns:")) {
                    declared.put(attribute.substring("xmlns:".length()), value.toString());
                } else {
                    written.put(attribute, value.toString());
                }
            }
            Map<String, String> scope = namespaces.peek();
            if (!declared.isEmpty()) {
                scope = new HashMap<>(scope);
                scope.putAll(declared);
            }
            boolean empty = text.charAt(at) == '/';
            at = after(">");
            Element element = new Element(tag, full(tag, scope, true), parent, start);
            for (Map.Entry<String, String> one : written.entrySet()) {
                element.attributes.put(full(one.getKey(), scope, false), one.getValue());
            }
            element.content = at;
            element.contentEnd = at;
            element.end = at;
            parent.children.add(element);
            if (empty) {
                return parent;
            }
            namespaces.push(scope);
            return element;
        }

        private static String full(String name, Map<String, String> scope, boolean element) {
            int colon = name.indexOf(':');
            String namespace =
                    colon < 0 && !element ? "" : scope.getOrDefault(name.substring(0, Math.max(0, colon)), "");
            return "{" + namespace + "}" + name.substring(colon + 1);
        }

        private String name() throws InputException {
            int from = at;
            while (!Character.isWhitespace(text.charAt(at)) && "=>/".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            String name = text.substring(from, at);
            require(!name.isEmpty() && name.indexOf(BYTE_ORDER_MARK) < 0, "a byte order mark inside of a tag");
            return name;
        }

        private void skipSpace() {
            while (Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }

        private static void unescape(String text, int from, int to, StringBuilder into) throws InputException {
            int at = from;
            while (at < to) {
                char c = text.charAt(at);
                if (c != '&') {
                    into.append(c);
                    at++;
                    continue;
                }
                int end = text.indexOf(';', at);
                String entity = text.substring(at + 1, end);
                switch (entity) {
                    case "amp" -> into.append('&');
                    case "lt" -> into.append('<');
                    case "gt" -> into.append('>');
                    case "quot" -> into.append('"');
                    case "apos" -> into.append('\'');
                    default -> into.appendCodePoint(number(entity));
                }
                at = end + 1;
            }
        }

        /** Returns the character of a reference such as #233 or #xE9; entities have to be declared, which is refused. */
        private static int number(String entity) throws InputException {
            require(entity.matches("#(\\d{1,7}|x[0-9A-Fa-f]{1,6})"), "the entity &%s;", entity);
            int number = entity.startsWith("#x")
                    ? Integer.parseInt(entity.substring(2), 16)
                    : Integer.parseInt(entity.substring(1));
            require(Character.isValidCodePoint(number), "the entity &%s;", entity);
            return number;
        }
    }
}
