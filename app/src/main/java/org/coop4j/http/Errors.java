package org.coop4j.http;

import static org.eclipse.jetty.http.HttpStatus.INTERNAL_SERVER_ERROR_500;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** Jetty's own errors, such as that of a malformed request, in the form of the service's. */
final class Errors extends ErrorHandler {

    static final ObjectMapper JSON = new ObjectMapper();

    /** Reason given to clients for a failure of the service. */
    static final String INTERNAL = "internal error: see the log of the service";

    @Override
    public boolean errorPageForMethod(String method) {
        return true;
    }

    @Override
    protected void generateResponse(
            Request request, Response response, int status, String reason, Throwable cause, Callback callback)
            throws JsonProcessingException {
        WebServer.SECURITY.forEach((name, value) -> response.getHeaders().put(name, value));
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        String shown = status == INTERNAL_SERVER_ERROR_500
                ? INTERNAL
                : reason == null ? HttpStatus.getMessage(status) : reason;
        byte[] json = JSON.writeValueAsBytes(Refusal.body(request.getHttpURI().getPath(), status, shown));
        response.write(true, ByteBuffer.wrap(json), callback);
    }
}
