package org.coop4j.serve;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Header;
import java.util.Map;
import org.coop4j.base.Resource;

/** The page to try classifiers and the description of the API: resources of the class path. */
final class Pages {

    /** Pages may exchange data with this service only. */
    private static final String CONTENT_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                    + " img-src 'self' blob: data:; base-uri 'none'; form-action 'none';"
                    + " frame-ancestors 'none'";

    /** Headers of every answer. */
    static final Map<String, String> SECURITY = Map.of(
            Header.CONTENT_SECURITY_POLICY, CONTENT_POLICY,
            Header.X_CONTENT_TYPE_OPTIONS, "nosniff",
            Header.REFERRER_POLICY, "no-referrer");

    private static final Map<String, String> TYPES = Map.of(
            "/", "text/html; charset=utf-8",
            "/page.css", "text/css; charset=utf-8",
            "/page.js", "text/javascript; charset=utf-8",
            "/icon.svg", "image/svg+xml",
            "/openapi.yaml", "application/yaml");

    private Pages() {}

    static void addTo(RoutesConfig routes) {
        routes.before(context -> SECURITY.forEach(context::header));
        TYPES.forEach((path, type) -> {
            byte[] content = Resource.bytes(Pages.class, path.equals("/") ? "page.html" : path.substring(1));
            routes.get(path, c -> c.contentType(type)
                    .header(Header.CACHE_CONTROL, "no-cache")
                    .result(content));
        });
    }

    /** Returns true if a path is one of the files, which contain no data of the user. */
    static boolean has(String path) {
        return TYPES.containsKey(path);
    }
}
