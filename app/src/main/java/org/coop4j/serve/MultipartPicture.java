package org.coop4j.serve;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.Promise;

/** The picture of a form (multipart/form-data), such as curl's {@code -F data=@photo.jpg}. */
final class MultipartPicture {

    private static final String PART = "data";
    private static final int MOST_PARTS = 16;

    private MultipartPicture() {}

    /**
     * The content of the part called data.
     *
     * @param contentType the header, which holds the boundary
     * @throws Refusal if the form is malformed or has no such part
     */
    static byte[] of(byte[] body, String contentType) {
        String boundary = MultiPart.extractBoundary(contentType);
        if (boundary == null) {
            throw malformed("its Content-Type has no boundary");
        }
        MultiPartFormData.Parser parser = new MultiPartFormData.Parser(boundary);
        parser.setMaxParts(MOST_PARTS);
        parser.setMaxLength(body.length);
        parser.setMaxMemoryFileSize(-1); // whatever its size, in memory
        CompletableFuture<MultiPartFormData.Parts> parsed = new CompletableFuture<>();
        parser.parse(Content.Source.from(ByteBuffer.wrap(body)), Promise.Invocable.toPromise(parsed));
        try (MultiPartFormData.Parts parts = parsed.join()) {
            MultiPart.Part part = parts.getFirst(PART);
            if (part == null) {
                throw malformed("it has no part called " + PART);
            }
            ByteBuffer content = Content.Source.asByteBuffer(part.getContentSource());
            byte[] picture = new byte[content.remaining()];
            content.get(picture);
            return picture;
        } catch (CompletionException e) {
            throw malformed(String.valueOf(e.getCause().getMessage()));
        } catch (IOException e) {
            throw malformed(e.getMessage());
        }
    }

    private static Refusal malformed(String reason) {
        return new Refusal(
                Refusal.BAD_REQUEST, "the form cannot be read: " + reason + "; expected a part data with the picture");
    }
}
