package org.coop4j.onnx;

import java.io.IOException;

/**
 * CLIP's stack of residual attention blocks on [batch, tokens, width].
 *
 * @param name the stack's name in the checkpoint, such as {@code visual.transformer}
 */
record TransformerNodes(Layers layers, String name, int width, int heads) {

    /**
     * The stack's output.
     *
     * @param mask added to the scores of the attention, or empty
     */
    String forward(String x, int blocks, String mask) throws IOException {
        for (int i = 0; i < blocks; i++) {
            String block = name + ".resblocks." + i;
            x = layers.graph().add(x, attend(block, layers.norm(block + ".ln_1", x), mask));
            x = layers.graph().add(x, mlp(block, layers.norm(block + ".ln_2", x)));
        }
        return x;
    }

    private String attend(String block, String x, String mask) throws IOException {
        String in = block + ".attn.in_proj_";
        String qkv = layers.linear(in + "weight", in + "bias", x); // [batch, tokens, 3 width]
        String heard =
                layers.attention(
                        layers.graph().slice(qkv, 2, 0, width),
                        layers.graph().slice(qkv, 2, width, 2L * width),
                        layers.graph().slice(qkv, 2, 2L * width, 3L * width),
                        width,
                        heads,
                        mask);
        return layers.linear(block + ".attn.out_proj", heard);
    }

    private String mlp(String block, String x) throws IOException {
        String hidden = layers.activation(layers.linear(block + ".mlp.c_fc", x));
        return layers.linear(block + ".mlp.c_proj", hidden);
    }
}
