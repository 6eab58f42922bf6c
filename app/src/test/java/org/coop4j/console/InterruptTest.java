package org.coop4j.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class InterruptTest {

    /** Waits for its end, with or without having closed what it opened. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws InterruptedException {
            Interrupt interrupt = new Interrupt(Console.system(), Interrupt.RESUME);
            if (arguments[0].equals("close")) {
                interrupt.close();
            }
            System.out.println("ready");
            Thread.sleep(600_000);
        }
    }

    private static String errorOfInterrupted(String argument) throws IOException {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        argument)
                .start();
        assertThat(child.getInputStream().read()).isEqualTo('r');
        child.toHandle().destroy(); // Process.destroy would close the streams
        return new String(child.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    @Timeout(600)
    void anInterruptedProcessSaysHowToGoOn() throws IOException {
        assertThat(errorOfInterrupted("open")).isEqualTo("coop: " + Interrupt.RESUME + "\n");
        assertThat(errorOfInterrupted("close")).isEmpty();
    }
}
