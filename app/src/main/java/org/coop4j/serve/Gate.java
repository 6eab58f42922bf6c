package org.coop4j.serve;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Refuses requests before any work is done: of unknown methods, from pages of other origins (as browsers send them
 * without asking first), and, on this machine alone, to other names, which a hostile page may have given it.
 */
final class Gate extends Handler.Wrapper {

    static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");
    private static final Set<String> LOCAL = Set.of("localhost", "127.0.0.1", "::1");

    private final ServiceOptions options;
    private final Clients clients;
    private final boolean onLoopback;

    /**
     * @throws UnknownHostException if the service's host is unknown
     */
    Gate(ServiceOptions options, Clients clients) throws UnknownHostException {
        this.options = options;
        this.clients = clients;
        this.onLoopback = InetAddress.getByName(options.host()).isLoopbackAddress();
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        clients.begin(request);
        String method = request.getMethod();
        if (!METHODS.contains(method)) {
            Response.writeError(request, response, callback, HttpStatus.NOT_IMPLEMENTED_501, "the method is unknown");
        } else if (!isOurs(Request.getServerName(request))) {
            Response.writeError(
                    request,
                    response,
                    callback,
                    HttpStatus.MISDIRECTED_REQUEST_421,
                    "the header Host: expected localhost, or the name of --host");
        } else if (!SAFE.contains(method) && isForeign(request.getHeaders())) {
            Response.writeError(
                    request,
                    response,
                    callback,
                    HttpStatus.FORBIDDEN_403,
                    "pages of other origins may not use this service: allow one with --allow-origin");
        } else {
            return super.handle(request, response, callback);
        }
        return true;
    }

    private boolean isOurs(String name) {
        String bare = name.replaceAll("[\\[\\]]", "").toLowerCase(Locale.ROOT);
        return !onLoopback
                || LOCAL.contains(bare)
                || bare.equalsIgnoreCase(options.host())
                || options.allowedOrigin().filter(one -> one.endsWith("://" + bare)).isPresent();
    }

    private boolean isForeign(HttpFields headers) {
        String origin = headers.get(HttpHeader.ORIGIN);
        Optional<String> allowed = options.allowedOrigin();
        if (allowed.filter(one -> one.equals("*") || one.equals(origin)).isPresent()) {
            return false;
        }
        String site = headers.get("Sec-Fetch-Site"); // browsers send it over https, and on this machine
        return site != null
                ? !site.equals("same-origin") && !site.equals("none")
                : origin != null && !origin.endsWith("://" + headers.get(HttpHeader.HOST));
    }
}
