package org.coop4j.http;

import static org.eclipse.jetty.http.HttpStatus.FORBIDDEN_403;
import static org.eclipse.jetty.http.HttpStatus.MISDIRECTED_REQUEST_421;
import static org.eclipse.jetty.http.HttpStatus.NOT_IMPLEMENTED_501;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Refuses requests before any work is done: of unknown methods, from pages of other origins (as browsers send them
 * without asking first), and to names that are not the machine's, since a hostile page may have given it its own name. A
 * service with a token that other machines reach may have any name: such a page does not know the token.
 */
public final class Gate extends Handler.Wrapper {

    /** The known methods. */
    public static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");

    private final Clients clients;
    private final Optional<String> allowedOrigin;

    /** An address, which nobody can give to another machine. */
    private static final Pattern ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[.*]");

    /** Names of the service. */
    private final Set<String> names = new HashSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));

    private final boolean onLoopback;
    private final boolean hasAnyName;

    /**
     * @throws UnknownHostException if the service's host is unknown
     */
    Gate(ServiceOptions options, Clients clients) throws UnknownHostException {
        this.clients = clients;
        this.allowedOrigin = options.allowedOrigin();
        this.onLoopback = InetAddress.getByName(options.host()).isLoopbackAddress();
        this.hasAnyName = !onLoopback && (options.token().isPresent() || allowedOrigin.equals(Optional.of("*")));
        names.add(options.host().toLowerCase(Locale.ROOT));
        if (!onLoopback) {
            names.addAll(namesOfMachine());
        }
        allowedOrigin.ifPresent(origin -> names.add(
                origin.toLowerCase(Locale.ROOT).replaceFirst("^.*://", "").replaceFirst(":\\d+$", "")));
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        clients.begin(request);
        Refusal refusal = refusal(request);
        if (refusal == null) {
            return super.handle(request, response, callback);
        }
        Response.writeError(request, response, callback, refusal.getStatus(), refusal.getMessage());
        return true;
    }

    /** Returns the refusal of a request; null if it may pass. */
    private Refusal refusal(Request request) {
        String method = request.getMethod();
        if (!METHODS.contains(method)) {
            return new Refusal(NOT_IMPLEMENTED_501, "the method is unknown");
        }
        if (!isOwnName(Request.getServerName(request).toLowerCase(Locale.ROOT))) {
            return new Refusal(
                    MISDIRECTED_REQUEST_421,
                    "Host: expected " + (onLoopback ? "localhost" : "a name or address of this machine")
                            + ", or a name given by --host or --allow-origin");
        }
        boolean foreign = !SAFE.contains(method) && isForeign(request.getHeaders());
        return foreign
                ? new Refusal(FORBIDDEN_403, "Origin: expected this service's, or that of --allow-origin")
                : null;
    }

    private boolean isOwnName(String name) {
        return hasAnyName
                || names.contains(name)
                || (!onLoopback && ADDRESS.matcher(name).matches());
    }

    /** Returns the machine's own name, alone, with its domain, and in its own network. */
    private static Set<String> namesOfMachine() {
        try {
            InetAddress machine = InetAddress.getLocalHost();
            String name = machine.getHostName().toLowerCase(Locale.ROOT).replaceFirst("\\..*", "");
            String whole = machine.getCanonicalHostName().toLowerCase(Locale.ROOT);
            return new HashSet<>(List.of(name, name + ".local", whole));
        } catch (UnknownHostException e) {
            return Set.of(); // it has none
        }
    }

    private boolean isForeign(HttpFields headers) {
        String origin = headers.get(HttpHeader.ORIGIN);
        if (allowedOrigin.filter(one -> one.equals("*") || one.equals(origin)).isPresent()) {
            return false;
        }
        String site = headers.get("Sec-Fetch-Site"); // browsers send it over https, and on this machine
        return site != null
                ? !site.equals("same-origin") && !site.equals("none")
                : origin != null && !origin.endsWith("://" + headers.get(HttpHeader.HOST));
    }
}
