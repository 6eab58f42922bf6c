package org.coop4j.cli;

import org.coop4j.base.Resource;
import picocli.CommandLine.IVersionProvider;

/** Tells the version, which the build writes into a resource. */
final class Version implements IVersionProvider {

    private static final String RESOURCE = "version.txt";

    @Override
    public String[] getVersion() {
        return new String[] {
            "coop4j " + number(),
            "Java %s (%s), %s %s"
                    .formatted(
                            System.getProperty("java.version"),
                            System.getProperty("java.vendor"),
                            System.getProperty("os.name"),
                            System.getProperty("os.arch"))
        };
    }

    static String number() {
        return Resource.text(Version.class, RESOURCE).strip();
    }
}
