package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Path;

/** A run in its own Java virtual machine, slow enough to be killed at a chosen point. */
public final class RunChild {

    private RunChild() {}

    /** Arguments: model, data, place, milliseconds to wait after each view and epoch; unless they are 0, it never ends. */
    public static void main(String[] args) throws IOException {
        long pause = Long.parseLong(args[3]);
        RunFixture.Quiet slow = new RunFixture.Quiet() {
            @Override
            void encoded(long done) {
                sleep(pause / 4);
            }

            @Override
            void epoch(int epoch) {
                sleep(epoch < 4 || pause == 0 ? pause : Long.MAX_VALUE);
            }
        };
        try {
            RunFixture.Setup config = RunFixture.shortRun(Path.of(args[1]));
            RunFixture.run(Path.of(args[0]), config, Path.of(args[2]), slow);
            System.out.println("finished");
        } catch (IOException e) {
            System.out.println("problem: " + e.getMessage());
            System.exit(3);
        }
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
