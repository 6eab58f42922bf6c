package org.coop4j.base;

import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** XML from strangers, in UTF-8: no DOCTYPE and no entities of its own are read. */
public final class SafeXml {

    /** Enough for any metadata. The reader looks through all declarations for each name. */
    private static final int MOST_NAMESPACES = 1_000;

    private static final String DECLARATION = "xmlns";

    private SafeXml() {}

    /**
     * Opens a document, which {@link #next} reads.
     *
     * @throws InputException if it is not UTF-8, or declares more namespaces than any program does
     */
    public static XMLStreamReader open(byte[] content) throws XMLStreamException, InputException {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        try {
            String text = TextFile.utf8(content).replace("\uFEFF", "");
            int namespaces = 0;
            for (int at = text.indexOf(DECLARATION); at >= 0; at = text.indexOf(DECLARATION, at + 1)) {
                namespaces++;
            }
            InputException.require(
                    namespaces <= MOST_NAMESPACES,
                    "it declares %d namespaces: expected at most %d",
                    namespaces,
                    MOST_NAMESPACES);
            return factory.createXMLStreamReader(new StringReader(text));
        } catch (CharacterCodingException e) {
            throw new InputException("it is not UTF-8", e);
        }
    }

    /**
     * Reads the next event.
     *
     * @return false at the end
     * @throws XMLStreamException if the document is damaged or has a DOCTYPE
     */
    public static boolean next(XMLStreamReader xml) throws XMLStreamException {
        if (!xml.hasNext()) {
            return false;
        }
        if (xml.next() == XMLStreamConstants.DTD) {
            throw new XMLStreamException("it has a DOCTYPE, which is not read");
        }
        return true;
    }
}
