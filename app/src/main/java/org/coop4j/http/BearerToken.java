package org.coop4j.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.eclipse.jetty.http.HttpStatus.UNAUTHORIZED_401;

import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.Header;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.function.Predicate;

/** Requires a token in every request except those for open paths. */
final class BearerToken {

    private static final String SCHEME = "bearer ";

    private final byte[] token;
    private final Predicate<String> open;

    BearerToken(String token, Predicate<String> open) {
        this.token = token.getBytes(UTF_8);
        this.open = open;
    }

    void require(Context context) {
        if (isGiven(context.header(Header.AUTHORIZATION))) {
            Clients.of(context).trust();
        } else if (!isOpen(context)) {
            throw new Refusal(
                    UNAUTHORIZED_401, "expected the header \"Authorization: Bearer TOKEN\" with this service's token");
        }
    }

    private boolean isOpen(Context context) {
        return open.test(context.path())
                || HandlerType.OPTIONS.equals(context.method()); // browsers ask before they send tokens
    }

    private boolean isGiven(String authorization) {
        if (authorization == null || !authorization.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
            return false;
        }
        byte[] given = authorization.substring(SCHEME.length()).strip().getBytes(UTF_8);
        return MessageDigest.isEqual(given, token);
    }
}
