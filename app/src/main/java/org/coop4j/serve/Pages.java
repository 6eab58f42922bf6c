package org.coop4j.serve;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Header;
import java.util.Map;
import org.coop4j.base.Resource;

/** The page to try classifiers and the description of the API: resources of the class path. */
final class Pages {

    private static final Map<String, String> TYPES = Map.of(
            "/", "text/html; charset=utf-8",
            "/page.css", "text/css; charset=utf-8",
            "/page.js", "text/javascript; charset=utf-8",
            "/icon.svg", "image/svg+xml",
            "/openapi.yaml", "application/yaml");

    private Pages() {}

    static void addTo(RoutesConfig routes) {
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
