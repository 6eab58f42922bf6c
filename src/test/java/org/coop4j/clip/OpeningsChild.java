package org.coop4j.clip;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.MemoryChild;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.text.Tokenizer;

/** Opens and closes a model repeatedly, and reports the memory after each opening. */
final class OpeningsChild {

    private OpeningsChild() {}

    public static void main(String[] args) throws Exception {
        Tokenizer tokenizer = Tokenizer.load();
        int images = 47;
        FloatBuffer pixels = ClipLifeTest.pixels(images);
        for (int opening = 0; opening < Integer.parseInt(args[1]); opening++) {
            try (Clip clip =
                    Clip.open(Path.of(args[0]), new Clip.Options(() -> tokenizer, new Workers(2), Precision.FLOAT32))) {
                clip.encodePixels(pixels, images);
                clip.encodeTokens(List.of(ClipLifeTest.CAPTION));
            }
            MemoryChild.report();
        }
    }
}
