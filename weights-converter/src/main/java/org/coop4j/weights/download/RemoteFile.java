package org.coop4j.weights.download;

import java.net.URI;
import java.util.Optional;

/**
 * A file to fetch.
 *
 * @param address where it is
 * @param name what it is called in the folder that it is fetched into
 * @param sha256 what it must hash to, in hexadecimal; empty where only the server may tell
 */
record RemoteFile(URI address, String name, Optional<String> sha256) {}
