package org.coop4j.http;

import static org.eclipse.jetty.http.HttpStatus.BAD_REQUEST_400;
import static org.eclipse.jetty.http.HttpStatus.INTERNAL_SERVER_ERROR_500;
import static org.eclipse.jetty.http.HttpStatus.REQUEST_TIMEOUT_408;
import static org.eclipse.jetty.http.HttpStatus.TOO_MANY_REQUESTS_429;
import static org.eclipse.jetty.http.HttpStatus.UNAUTHORIZED_401;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.javalin.http.Header;
import io.javalin.http.HttpResponseException;
import org.coop4j.console.Json;

/** The answer to a request that cannot be served: a status and the reason. */
public final class Refusal extends HttpResponseException {

    private static final long serialVersionUID = 1L;

    /** Attribute of a request: the client's own name for it, which its error repeats. */
    public static final String ID = "id";

    /** Refuses with a status and the reason. */
    public Refusal(int status, String reason) {
        super(status, reason);
    }

    /** Returns the refusal of a bad request. */
    public static Refusal badRequest(String reason) {
        return new Refusal(BAD_REQUEST_400, reason);
    }

    /** Refuses a bad request. */
    public static void require(boolean good, String reason) {
        if (!good) {
            throw badRequest(reason);
        }
    }

    /** Refuses a request that has no room at the moment. */
    public static Refusal full(String reason) {
        return new Refusal(TOO_MANY_REQUESTS_429, reason + ": try again in a moment");
    }

    /** Writes the error that every failure of the service is answered with. */
    static void answer(HttpResponseException refusal, Context context) {
        switch (refusal.getStatus()) {
            case TOO_MANY_REQUESTS_429 -> context.header(Header.RETRY_AFTER, "1");
            case UNAUTHORIZED_401 -> context.header(Header.WWW_AUTHENTICATE, "Bearer");
            case REQUEST_TIMEOUT_408 -> context.header(Header.CONNECTION, "close");
            default -> {}
        }
        String allowed = refusal.getDetails().get("availableMethods"); // Javalin's methods of the path
        if (allowed != null) {
            context.header(Header.ALLOW, allowed);
        }
        int status = refusal.getStatus();
        ObjectNode body = body(context.path(), status, refusal.getMessage());
        String id = context.attribute(ID);
        context.status(status).json(id == null ? body : body.put("id", id));
    }

    /** Returns the body of an error: in OpenAI's form below /v1/, and with the status, as PhotoPrism reads it, below /api/. */
    static ObjectNode body(String path, int status, String reason) {
        ObjectNode body = Json.object();
        if (path.startsWith("/v1/")) {
            String type = status < INTERNAL_SERVER_ERROR_500 ? "invalid_request_error" : "server_error";
            body.putObject("error").put("message", reason).put("type", type);
            return body;
        }
        return (path.startsWith("/api/v1/") ? body.put("code", status) : body).put("error", reason);
    }
}
