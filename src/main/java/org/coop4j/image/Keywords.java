package org.coop4j.image;

import static org.coop4j.base.InputException.require;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.zip.InflaterInputStream;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.coop4j.base.InputException;
import org.coop4j.base.OpenFile;
import org.coop4j.base.SafeXml;
import org.coop4j.base.TextFile;

/**
 * The keywords of a picture, as photo programs write them. The first source that has some is used: an XMP sidecar,
 * XMP, IPTC, and Exif's XPKeywords inside JPEG, PNG, TIFF and WebP files.
 *
 * <p>Pictures may come from strangers: no block of more than {@value #LARGEST} bytes is read, and each kind once; more than
 * {@value #MOST} keywords and XML with a DOCTYPE are refused. A damaged block is reported and passed over.
 */
public final class Keywords {

    private static final int LARGEST = 16 << 20;

    /** Most keywords of a picture, and characters of a keyword: programs write some hundred at most. */
    private static final int MOST = 1_000;

    private static final int LONGEST_WORD = 200;
    private static final byte[] NOTHING = {};

    private static final String DC = "http://purl.org/dc/elements/1.1/";

    /** The property with the keywords, before those with paths, whose last parts are keywords. */
    private static final List<String> PROPERTIES = List.of(
            DC + "subject",
            "http://www.digikam.org/ns/1.0/TagsList",
            "http://ns.adobe.com/lightroom/1.0/hierarchicalSubject",
            "http://ns.microsoft.com/photo/1.0/LastKeywordXMP");

    /** Our own record of the entries that a classifier has added, such as {@code dc:subject=cat}, and of the lists that it made. */
    private static final String ADDED = "http://coop4j.org/ns/tag/1.0/Added";

    private static final String MADE = "http://coop4j.org/ns/tag/1.0/Made";

    /** The names of the properties in this record. */
    private static final List<String> RECORDED =
            List.of("dc:subject", "digiKam:TagsList", "lr:hierarchicalSubject", "");

    private static final int TAG_XMP = 700;
    private static final int TAG_IPTC = 33723;
    private static final int TAG_PHOTOSHOP = 34377;
    private static final int TAG_KEYWORDS = 0x9C9E;
    private static final int IPTC = 0x0404;
    private static final int LONG = 4;

    private final Consumer<String> notes;
    private final Path image;
    private final Set<Integer> read = new HashSet<>(); // tags
    private final ByteArrayOutputStream photoshop = new ByteArrayOutputStream();
    private byte[] xmp;
    private byte[] iptc;
    private byte[] words; // XPKeywords

    Keywords(Path image, Consumer<String> notes) {
        this.image = image;
        this.notes = notes;
    }

    /**
     * Returns the keywords of a picture, each once; empty if they were never set.
     *
     * @param notes receives a sentence about each block that cannot be read
     */
    public static Optional<List<String>> of(Path image, Consumer<String> notes) {
        return new Keywords(image, notes).first();
    }

    /**
     * Metadata inside a picture.
     *
     * @param xmp its block of XMP; null if it has none
     * @param words the keywords of IPTC, or else of Exif
     */
    public record Embedded(String xmp, List<String> words) {}

    /**
     * Reads what is inside a picture.
     *
     * @throws IOException if a block is damaged
     */
    public static Embedded embedded(Path image) throws IOException {
        List<String> damage = new ArrayList<>();
        Keywords all = new Keywords(image, damage::add);
        all.blocks();
        Collection<String> words = all.iptc(all.iptc == null ? resource(all.photoshop.toByteArray()) : all.iptc);
        words = words == null ? all.fromWords() : words;
        try {
            return new Embedded(
                    all.xmp == null ? null : TextFile.utf8(all.xmp), words == null ? List.of() : List.copyOf(words));
        } catch (CharacterCodingException e) {
            throw new InputException("its XMP is not UTF-8", e);
        }
    }

    private Optional<List<String>> first() {
        String name = image.getFileName().toString();
        String stem = name.substring(0, Math.max(0, name.lastIndexOf('.')));
        Map<String, Callable<Collection<String>>> sources = new LinkedHashMap<>(); // null if they say nothing
        for (String sidecar : List.of(name + ".xmp", stem + ".xmp")) {
            Path file = image.resolveSibling(sidecar);
            sources.put(sidecar, () -> Files.exists(file) ? xmp(OpenFile.read(file, LARGEST)) : null);
        }
        sources.put("metadata", this::blocks);
        sources.put("XMP", () -> xmp == null ? null : xmp(xmp));
        sources.put("IPTC", () -> iptc(iptc == null ? resource(photoshop.toByteArray()) : iptc));
        sources.put("Exif", this::fromWords);
        for (String source : sources.keySet()) {
            try {
                Collection<String> found = sources.get(source).call();
                if (found != null) {
                    List<String> all = found.stream()
                            .map(String::strip)
                            .filter(word -> !word.isEmpty())
                            .distinct()
                            .toList();
                    require(all.size() <= MOST, "%d keywords: expected at most %d", all.size(), MOST);
                    int longest = all.stream().mapToInt(String::length).max().orElse(0);
                    require(
                            longest <= LONGEST_WORD,
                            "a keyword of %d characters: expected at most %d",
                            longest,
                            LONGEST_WORD);
                    return Optional.of(all);
                }
            } catch (Exception e) {
                notes.accept("%s: its %s cannot be read: %s".formatted(image, source, e.getMessage()));
            }
        }
        return Optional.empty();
    }

    // Blocks

    private Collection<String> blocks() throws IOException {
        try (OpenFile regular = OpenFile.open(image);
                ImageInputStream in = new FileImageInputStream(regular.path().toFile())) {
            blocks(in);
        }
        return null;
    }

    void blocks(ImageInputStream in) throws IOException {
        Metadata.blocks(in, (block, at, length) -> {
            switch (block) {
                case FIELDS -> Metadata.fields(in, at, (tag, type, count, value) -> field(in, at, tag, type, count));
                case XMP -> xmp = bytes(in, at, length);
                case XMP_CHUNK -> xmp = international(bytes(in, at, length));
                case PHOTOSHOP -> photoshop.writeBytes(photoshop.size() < LARGEST ? bytes(in, at, length) : NOTHING);
            }
            return true;
        });
    }

    private static byte[] bytes(ImageInputStream in, long position, long count) throws IOException {
        require(
                count >= 0 && count <= LARGEST && position + count <= in.length(),
                "a block of %d bytes at %d: expected at most %d within the file",
                count,
                position,
                LARGEST);
        byte[] bytes = new byte[(int) count];
        in.seek(position);
        in.readFully(bytes);
        return bytes;
    }

    /** Keeps the value of a field that may have keywords. */
    private boolean field(ImageInputStream in, long start, int tag, int type, long count) throws IOException {
        long length = count * (type == LONG ? 4 : 1); // some programs call bytes LONG
        if (!List.of(TAG_XMP, TAG_IPTC, TAG_PHOTOSHOP, TAG_KEYWORDS).contains(tag) || length <= 4 || !read.add(tag)) {
            return true;
        }
        byte[] value = bytes(in, start + in.readUnsignedInt(), length);
        switch (tag) {
            case TAG_XMP -> xmp = value;
            case TAG_IPTC -> iptc = value;
            case TAG_PHOTOSHOP -> photoshop.writeBytes(value);
            default -> words = value;
        }
        return true;
    }

    /** Returns the text of an iTXt chunk: compression flag and method, language, translated keyword, text. */
    private static byte[] international(byte[] chunk) throws IOException {
        int start = 2;
        for (int zeros = 0; zeros < 2; start++) {
            require(start < chunk.length, "its iTXt ends too early");
            zeros += chunk[start] == 0 ? 1 : 0;
        }
        byte[] text = Arrays.copyOfRange(chunk, start, chunk.length);
        if (chunk[0] == 0) {
            return text;
        }
        try (InputStream inflated = new InflaterInputStream(new ByteArrayInputStream(text))) {
            byte[] all = inflated.readNBytes(LARGEST + 1);
            require(all.length <= LARGEST, "its iTXt unpacks to more than %d bytes", LARGEST);
            return all;
        }
    }

    private Collection<String> fromWords() {
        String text = words == null ? "" : new String(words, StandardCharsets.UTF_16LE).replace("\0", "");
        return text.isBlank() ? null : List.of(text.split(";"));
    }

    // Contents

    private static Collection<String> xmp(byte[] packet) throws IOException {
        Map<String, Collection<String>> found = new LinkedHashMap<>();
        try {
            XMLStreamReader xml = SafeXml.open(packet);
            String property = null;
            while (SafeXml.next(xml)) {
                if (!xml.isStartElement() && !xml.isEndElement()) {
                    continue;
                }
                String name = xml.getNamespaceURI() + xml.getLocalName();
                if (PROPERTIES.contains(name) || name.equals(ADDED) || name.equals(MADE)) {
                    property = xml.isStartElement() ? name : null;
                    found.putIfAbsent(name, new LinkedHashSet<>());
                } else if (xml.isStartElement()
                        && property != null
                        && xml.getLocalName().equals("li")) {
                    found.get(property).add(xml.getElementText());
                } else if (xml.isEndElement() && xml.getLocalName().equals("RDF")) {
                    break; // whatever follows is padding
                }
            }
        } catch (XMLStreamException e) {
            throw new InputException(e.getMessage().replaceAll("\\s+", " "), e);
        }
        for (int i = 0; i < PROPERTIES.size(); i++) {
            withoutMachine(PROPERTIES.get(i), RECORDED.get(i), found);
        }
        Collection<String> subject = found.get(PROPERTIES.get(0));
        return subject != null
                ? subject
                : PROPERTIES.stream()
                        .map(found::get)
                        .filter(words -> words != null && !words.isEmpty())
                        .findFirst()
                        .orElse(null);
    }

    /** Leaves out what a classifier has added, or else it would learn from itself. */
    private static void withoutMachine(String property, String recorded, Map<String, Collection<String>> found) {
        Collection<String> all = found.get(property);
        if (all != null) {
            Collection<String> added = found.getOrDefault(ADDED, Set.of());
            List<String> words = all.stream()
                    .filter(word -> !added.contains(recorded + "=" + word))
                    .map(word -> property.startsWith(DC) ? word : lastPart(word))
                    .toList();
            boolean isOurs = found.getOrDefault(MADE, Set.of()).contains(recorded);
            found.put(property, words.isEmpty() && isOurs ? null : words);
        }
    }

    private static String lastPart(String path) {
        return path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('|')) + 1);
    }

    /** Returns the IPTC of Photoshop's resources: "8BIM", number, name, size, data, the last two of even length. */
    private static byte[] resource(byte[] resources) throws IOException {
        ByteBuffer all = ByteBuffer.wrap(resources);
        while (all.remaining() >= 12) {
            require(all.getInt() == 0x3842494D, "its Photoshop block has no resource at byte %d", all.position() - 4);
            int number = all.getShort() & 0xFFFF;
            int name = all.get() & 0xFF;
            skip(all, name + (name + 1) % 2);
            int size = all.getInt();
            if (number == IPTC) {
                byte[] data = new byte[Math.max(0, Math.min(size, all.remaining()))];
                all.get(data);
                return data;
            }
            skip(all, size + size % 2);
        }
        return null;
    }

    private static void skip(ByteBuffer all, int bytes) throws IOException {
        require(bytes >= 0 && bytes <= all.remaining(), "a resource of %d bytes is longer than its block", bytes);
        all.position(all.position() + bytes);
    }

    /** Reads the records 2:25 of IPTC; what is whole counts. */
    private Collection<String> iptc(byte[] block) throws IOException {
        if (block == null) {
            return null;
        }
        List<byte[]> words = new ArrayList<>();
        boolean declared = false;
        ByteBuffer all = ByteBuffer.wrap(block);
        while (all.hasRemaining() && all.get() == 0x1C) {
            int record = all.remaining() < 4 ? 0 : all.getShort() & 0xFFFF;
            int length = all.remaining() < 2 ? block.length : all.getShort() & 0xFFFF;
            if (length > all.remaining()) {
                notes.accept("%s: its IPTC ends inside a record; the keywords before it are used, %d"
                        .formatted(image, words.size()));
                break;
            }
            byte[] value = new byte[length];
            all.get(value);
            if (record == 0x15A) { // 1:90
                declared = Arrays.equals(value, new byte[] {0x1B, '%', 'G'});
            } else if (record == 0x219) { // 2:25
                words.add(value);
            }
        }
        Charset charset = declared || words.stream().allMatch(word -> utf8(word) != null)
                ? StandardCharsets.UTF_8
                : StandardCharsets.ISO_8859_1;
        return words.isEmpty()
                ? null
                : words.stream().map(word -> new String(word, charset)).toList();
    }

    /** Returns a text in UTF-8; null for another encoding. */
    private static String utf8(byte[] bytes) {
        try {
            return TextFile.utf8(bytes);
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
