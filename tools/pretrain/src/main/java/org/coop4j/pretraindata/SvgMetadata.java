package org.coop4j.pretraindata;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * The Dublin Core metadata of an SVG drawing.
 *
 * @param title the drawing's title, or empty
 * @param description a sentence about it, or empty
 * @param subjects its keywords
 * @param author who drew it, or empty
 * @param licence the licence's address, or empty
 */
record SvgMetadata(String title, String description, List<String> subjects, String author, String licence) {
    SvgMetadata {
        subjects = List.copyOf(subjects);
    }

    /**
     * Reads the metadata of one file; what follows a syntax error is left out, since Open Clip Art
     * has drawings whose XML is broken after the metadata.
     */
    static SvgMetadata read(Path svg) throws IOException {
        Collector collector = new Collector();
        try (InputStream in = Files.newInputStream(svg)) {
            XMLStreamReader reader = factory().createXMLStreamReader(in);
            while (reader.hasNext() && !collector.done) {
                collector.accept(reader.next(), reader);
            }
        } catch (XMLStreamException e) {
            collector.done = true;
        }
        return collector.result();
    }

    private static XMLInputFactory factory() {
        XMLInputFactory factory = XMLInputFactory.newFactory();
        factory.setProperty(XMLInputFactory.IS_COALESCING, true);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        // Illustrator's files declare namespaces by internal entities; external ones read as empty.
        factory.setXMLResolver((publicId, systemId, base, namespace) -> InputStream.nullInputStream());
        return factory;
    }

    /** Follows the reader through the elements and keeps the texts that matter. */
    private static final class Collector {
        private final Deque<String> path = new ArrayDeque<>();
        private final List<String> subjects = new ArrayList<>();
        private String title = "";
        private String description = "";
        private String author = "";
        private String licence = "";
        private boolean done;

        void accept(int event, XMLStreamReader reader) {
            switch (event) {
                case XMLStreamConstants.START_ELEMENT -> start(reader);
                case XMLStreamConstants.END_ELEMENT -> done = path.pop().equals("metadata");
                case XMLStreamConstants.CHARACTERS -> text(clean(reader.getText()));
                default -> {}
            }
        }

        private void start(XMLStreamReader reader) {
            path.push(reader.getLocalName());
            if (reader.getLocalName().equals("license") && reader.getAttributeCount() > 0) {
                licence = reader.getAttributeValue(0);
            }
        }

        private void text(String text) {
            if (text.isEmpty() || !path.contains("metadata")) {
                return;
            }
            switch (path.peek()) {
                case "li" -> subjects.add(text);
                case "description" -> description = text;
                case "title" -> title(text);
                default -> {}
            }
        }

        private void title(String text) {
            if (path.contains("creator")) {
                author = text;
            } else if (!path.contains("Agent")) {
                title = text;
            }
        }

        private static String clean(String text) {
            return text.replaceAll("\\s+", " ").trim();
        }

        SvgMetadata result() {
            return new SvgMetadata(title, description, subjects, author, licence);
        }
    }
}
