package org.coop4j.http;

import static org.eclipse.jetty.http.HttpStatus.BAD_REQUEST_400;
import static org.eclipse.jetty.http.HttpStatus.INTERNAL_SERVER_ERROR_500;
import static org.eclipse.jetty.http.HttpStatus.REQUEST_TIMEOUT_408;
import static org.eclipse.jetty.http.HttpStatus.TOO_MANY_REQUESTS_429;
import static org.eclipse.jetty.http.HttpStatus.UNAUTHORIZED_401;

import io.javalin.http.Context;
import io.javalin.http.Header;
import io.javalin.http.HttpResponseException;
import java.util.Map;
import org.coop4j.console.Json;

/** The answer to a request that cannot be served: a status and the reason. */
public final class Refusal extends HttpResponseException {

    private static final long serialVersionUID = 1L;

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
        context.status(status).json(Map.of("error", error(context.path(), status, refusal.getMessage())));
    }

    /** Returns a reason as it is answered at a path: alone, or below /v1/ in OpenAI's form. */
    static Object error(String path, int status, String reason) {
        String type = status < INTERNAL_SERVER_ERROR_500 ? "invalid_request_error" : "server_error";
        return path.startsWith("/v1/") ? Json.object().put("message", reason).put("type", type) : reason;
    }
}
