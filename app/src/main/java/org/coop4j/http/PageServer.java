package org.coop4j.http;

import static java.lang.ProcessBuilder.Redirect.DISCARD;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.javalin.Javalin;
import io.javalin.http.Header;
import io.javalin.util.JavalinBindException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;

/** Serves one page to browsers on this machine alone. */
public final class PageServer {

    private PageServer() {}

    /**
     * Starts serving a page.
     *
     * @param port port to listen on; 0 takes a free one
     */
    static Javalin start(Path page, int port) throws IOException {
        byte[] content = Files.readAllBytes(page);
        Javalin server = Javalin.create(config -> {
            WebServer.quiet(config);
            config.routes.get("/", c -> c.contentType("text/html; charset=utf-8")
                    .header(Header.CACHE_CONTROL, "no-store")
                    .result(content));
        });
        try {
            return server.start("127.0.0.1", port);
        } catch (JavalinBindException e) {
            throw new CommandFailure("port " + port + " is in use: give another --port, or omit it");
        }
    }

    /** Serves until the process is interrupted. */
    public static void serve(Path page, int port, Console console) throws IOException {
        String address = "http://localhost:" + start(page, port).port() + "/";
        console.line("serving the page on " + address + " until Ctrl-C");
        openBrowser(address);
        new Semaphore(0).acquireUninterruptibly();
    }

    /**
     * Asks the system for a browser; without one, the address on the screen has to do. Linux shows the address, among the
     * arguments of a program, to all users of the machine; macOS would, and gets it on the standard input.
     */
    public static void openBrowser(String address) {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        boolean mac = system.contains("mac");
        List<String> command = system.contains("win")
                ? List.of("rundll32", "url.dll,FileProtocolHandler", address)
                : mac ? List.of("osascript", "-") : List.of("xdg-open", address);
        try (OutputStream input = new ProcessBuilder(command)
                .redirectOutput(DISCARD)
                .redirectError(DISCARD)
                .start()
                .getOutputStream()) {
            if (mac) {
                input.write("open location \"%s\"\n".formatted(address).getBytes(UTF_8));
            }
        } catch (IOException e) {
            // No such program: the user opens the address.
        }
    }
}
