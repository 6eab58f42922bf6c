package org.coop4j.serve;

import io.javalin.http.Context;
import io.javalin.http.Header;
import io.javalin.http.HttpResponseException;
import java.util.Map;

/** An answer that is no prediction: a status and why. */
final class Refusal extends HttpResponseException {

    private static final long serialVersionUID = 1L;

    static final int BAD_REQUEST = 400;
    static final int UNAUTHORIZED = 401;
    static final int NOT_FOUND = 404;
    static final int REQUEST_TIMEOUT = 408;
    static final int TOO_LARGE = 413;
    static final int DAMAGED = 422;
    static final int TOO_MANY = 429;
    static final int INTERNAL_ERROR = 500;

    private static final String RETRY_SECONDS = "1";

    /** Where Javalin says which methods a path has. */
    private static final String ALLOWED = "availableMethods";

    Refusal(int status, String reason) {
        super(status, reason);
    }

    /** There is no room at the moment. */
    static Refusal full(String what) {
        return new Refusal(TOO_MANY, what + ": try again in a moment");
    }

    /** Writes an error as every error of the service looks. */
    static void answer(HttpResponseException refusal, Context context) {
        int status = refusal.getStatus();
        if (status == TOO_MANY) {
            context.header(Header.RETRY_AFTER, RETRY_SECONDS);
        }
        if (status == UNAUTHORIZED) {
            context.header(Header.WWW_AUTHENTICATE, "Bearer");
        }
        if (status == REQUEST_TIMEOUT) {
            context.header(Header.CONNECTION, "close"); // nobody waits for the rest of the request
        }
        String allowed = refusal.getDetails().get(ALLOWED);
        if (allowed != null) {
            context.header(Header.ALLOW, allowed);
        }
        context.status(status);
        context.json(Map.of("error", refusal.getMessage()));
    }
}
