package org.coop4j.tags;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.coop4j.base.InputException.require;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.coop4j.base.InputException;
import org.coop4j.base.SafeXml;

/**
 * The text of XMP with the positions of its elements, so that changes are made in the text and all else stays as it is. The JDK's
 * reader gives names and values. Its positions are wrong beyond its first buffer, so a pattern finds the tags.
 */
final class XmpText {

    static final String RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    private static final String EXTENDED = "{http://ns.adobe.com/xmp/note/}HasExtendedXMP";
    private static final int DEEPEST = 100;

    /**
     * Markup. The first group is of an end tag, the second a start tag's name. Possessive, as long tags overflow the stack
     * otherwise.
     */
    private static final Pattern MARKUP = Pattern.compile(
            "<!--.*?-->|<\\?.*?\\?>|<!\\[CDATA\\[.*?]]>|(</)[^>]*>|<([^\\s>/]+)(?:[^\"'>]+|\"[^\"]*\"|'[^']*')*+>",
            Pattern.DOTALL);

    final String text;
    final Element rdf;
    final String about; // of the subject

    /** An element; names are {@code {namespace}local}. */
    static final class Element {
        final String tag; // as it is written, with its prefix
        final String name;
        final Map<String, String> attributes = new LinkedHashMap<>(); // but rdf:about
        final List<Element> children = new ArrayList<>();
        final Element parent;
        final int start;
        final int content; // end of the start tag
        int contentEnd; // begin of the end tag; that of the content if there is none
        int end;
        private final StringBuilder words = new StringBuilder();

        private Element(String tag, String name, Element parent, int start, int content) {
            this.tag = tag;
            this.name = name;
            this.parent = parent;
            this.start = start;
            this.content = content;
            contentEnd = content;
            end = content;
        }

        boolean isEmptyTag() {
            return end == content;
        }

        /** Returns the prefix of its name, with the colon. */
        String prefix() {
            return tag.substring(0, tag.indexOf(':') + 1);
        }

        /** Returns its text, without that of its children. */
        String words() {
            return words.toString();
        }

        Stream<Element> all(String wanted) {
            return children.stream().filter(child -> child.name.equals(wanted));
        }
    }

    private XmpText(String text) throws XMLStreamException, InputException {
        this.text = text;
        List<Element> found = new ArrayList<>();
        read(found);
        require(found.size() == 1, "%d rdf:RDF", found.size());
        rdf = found.get(0);
        Set<String> subjects = new LinkedHashSet<>();
        for (Element one : descriptions().toList()) {
            String plain = Objects.requireNonNullElse(one.attributes.remove("{}about"), "");
            subjects.add(Objects.requireNonNullElse(one.attributes.remove(rdf("about")), plain));
            require(
                    !one.attributes.containsKey(EXTENDED)
                            && one.all(EXTENDED).findAny().isEmpty(),
                    "extended XMP");
        }
        about = String.join(", ", subjects);
        require(subjects.size() <= 1, "several subjects: %s", about);
    }

    /**
     * Reads XMP.
     *
     * @throws InputException if it cannot be changed safely, with the reason
     */
    static XmpText of(String text) throws InputException {
        try {
            return new XmpText(text);
        } catch (XMLStreamException e) {
            String reason = e.getMessage().replaceAll("\\s+", " ");
            throw new InputException(reason.contains("DOCTYPE") ? "DOCTYPE" : "not XML: " + reason, e);
        }
    }

    private void read(List<Element> found) throws XMLStreamException, InputException {
        XMLStreamReader xml = SafeXml.open(text.getBytes(UTF_8));
        Matcher markup = MARKUP.matcher(text);
        Element open = new Element("", "", null, 0, 0);
        int depth = 0;
        while (SafeXml.next(xml)) {
            if (xml.isStartElement()) {
                depth++;
                require(depth <= DEEPEST, "elements in each other %d deep", depth);
                find(markup, 2);
                String tag = markup.group(2);
                // The reader passes over byte order marks, wherever they stand.
                require(!markup.group().contains("\uFEFF"), "a byte order mark inside of a tag");
                String name = name(xml.getNamespaceURI(), xml.getLocalName());
                Element element = new Element(tag, name, open, markup.start(), markup.end());
                for (int i = 0; i < xml.getAttributeCount(); i++) {
                    String attribute = name(xml.getAttributeNamespace(i), xml.getAttributeLocalName(i));
                    element.attributes.put(attribute, xml.getAttributeValue(i));
                }
                open.children.add(element);
                open = element;
                if (name.equals(rdf("RDF"))) {
                    found.add(element);
                }
            } else if (xml.isEndElement()) {
                depth--;
                if (text.charAt(open.content - 2) != '/') {
                    find(markup, 1);
                    open.contentEnd = markup.start();
                    open.end = markup.end();
                }
                open = open.parent;
            } else if (xml.hasText() && xml.getEventType() != XMLStreamConstants.COMMENT) {
                open.words.append(xml.getText());
            }
        }
    }

    private static void find(Matcher markup, int group) throws InputException {
        do {
            require(markup.find(), "not XML");
        } while (markup.start(group) < 0);
    }

    static String name(String namespace, String local) {
        return "{" + Objects.requireNonNullElse(namespace, "") + "}" + local;
    }

    static String rdf(String local) {
        return name(RDF, local);
    }

    Stream<Element> descriptions() {
        return rdf.all(rdf("Description"));
    }

    /** Returns the spaces and line ends before a position. */
    String spaceBefore(int position) {
        return text.substring(text.substring(0, position).stripTrailing().length(), position);
    }

    String newLine() {
        return text.contains("\r\n") ? "\r\n" : "\n";
    }

    private XmpText with(int from, int to, String words) throws InputException {
        return of(text.substring(0, from) + words + text.substring(to));
    }

    /** Adds text at the end of an element's children, and opens its tag if it has no end. */
    XmpText append(Element to, String words) throws InputException {
        if (to.isEmptyTag()) {
            return with(to.end - 2, to.end, ">" + words + "</" + to.tag + ">");
        }
        int end = to.children.isEmpty() ? to.content : to.children.get(to.children.size() - 1).end;
        return with(end, end, words);
    }

    XmpText without(Element element) throws InputException {
        return with(element.start - spaceBefore(element.start).length(), element.end, "");
    }

    static String escaped(String words) {
        return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
