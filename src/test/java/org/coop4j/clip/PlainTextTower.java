package org.coop4j.clip;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.safetensors.SafetensorsFile;

/**
 * CLIP's text tower a second time, as plainly as it can be written: one prompt at a time, all
 * positions, a mask, double precision, loops. The oracle for the packed tower; QuickGELU alone.
 */
public final class PlainTextTower {

    private final SafetensorsFile weights;
    private final Map<String, float[]> read = new HashMap<>();
    private final ClipConfig.Text text;
    private final float[] tokens;
    private final float[] positions;
    private final int width;
    private final int length;

    public PlainTextTower(Clip clip) throws IOException {
        weights = clip.model().weights();
        text = clip.architecture().text();
        tokens = weights.floats("token_embedding.weight");
        positions = weights.floats("positional_embedding");
        width = text.width();
        length = text.contextLength();
    }

    /** Embeddings of token ids, [positions][width], without the positions. */
    public double[][] embed(int[] ids) {
        double[][] x = new double[ids.length][width];
        for (int p = 0; p < ids.length; p++) {
            for (int i = 0; i < width; i++) {
                x[p][i] = tokens[ids[p] * width + i];
            }
        }
        return x;
    }

    /**
     * The feature of a prompt, not normalised.
     *
     * @param embedded embeddings of all positions
     * @param end position of the end token
     */
    public double[] encode(double[][] embedded, int end) throws IOException {
        double[][] x = new double[length][width];
        for (int p = 0; p < length; p++) {
            for (int i = 0; i < width; i++) {
                x[p][i] = embedded[p][i] + positions[p * width + i];
            }
        }
        for (int layer = 0; layer < text.layers(); layer++) {
            String block = "transformer.resblocks." + layer + ".";
            add(x, attention(block, norm(block + "ln_1", x)));
            add(x, mlp(block, norm(block + "ln_2", x)));
        }
        double[] last = norm("ln_final", x)[end];
        float[] projection = floats("text_projection");
        double[] feature = new double[projection.length / width];
        for (int o = 0; o < feature.length; o++) {
            for (int i = 0; i < width; i++) {
                feature[o] += last[i] * projection[i * feature.length + o];
            }
        }
        return feature;
    }

    private double[][] attention(String block, double[][] x) throws IOException {
        double[][] qkv = linear(block + "attn.in_proj_weight", block + "attn.in_proj_bias", x);
        int headWidth = width / text.heads();
        double[][] result = new double[length][width];
        for (int head = 0; head < text.heads(); head++) {
            int at = head * headWidth;
            for (int q = 0; q < length; q++) {
                double[] scores = new double[length];
                for (int k = 0; k < length; k++) {
                    double dot = 0;
                    for (int i = at; i < at + headWidth; i++) {
                        dot += qkv[q][i] * qkv[k][width + i];
                    }
                    double mask = k > q ? Double.NEGATIVE_INFINITY : 0;
                    scores[k] = dot / Math.sqrt(headWidth) + mask;
                }
                double[] p = softmax(scores);
                for (int k = 0; k < length; k++) {
                    for (int i = at; i < at + headWidth; i++) {
                        result[q][i] += p[k] * qkv[k][2 * width + i];
                    }
                }
            }
        }
        return linear(block + "attn.out_proj.weight", block + "attn.out_proj.bias", result);
    }

    private double[][] mlp(String block, double[][] x) throws IOException {
        double[][] hidden = linear(block + "mlp.c_fc.weight", block + "mlp.c_fc.bias", x);
        for (double[] row : hidden) {
            for (int i = 0; i < row.length; i++) {
                row[i] /= 1 + Math.exp(-1.702 * row[i]);
            }
        }
        return linear(block + "mlp.c_proj.weight", block + "mlp.c_proj.bias", hidden);
    }

    private double[][] linear(String weight, String bias, double[][] x) throws IOException {
        float[] w = floats(weight);
        float[] b = floats(bias);
        int in = x[0].length;
        double[][] y = new double[x.length][b.length];
        for (int r = 0; r < x.length; r++) {
            for (int o = 0; o < b.length; o++) {
                double sum = b[o];
                for (int i = 0; i < in; i++) {
                    sum += x[r][i] * w[o * in + i];
                }
                y[r][o] = sum;
            }
        }
        return y;
    }

    private double[][] norm(String name, double[][] x) throws IOException {
        float[] gain = floats(name + ".weight");
        float[] bias = floats(name + ".bias");
        double[][] y = new double[x.length][width];
        for (int r = 0; r < x.length; r++) {
            double mean = 0;
            for (double v : x[r]) {
                mean += v / width;
            }
            double variance = 0;
            for (double v : x[r]) {
                variance += (v - mean) * (v - mean) / width;
            }
            for (int i = 0; i < width; i++) {
                y[r][i] = (x[r][i] - mean) / Math.sqrt(variance + 1e-5) * gain[i] + bias[i];
            }
        }
        return y;
    }

    private float[] floats(String name) throws IOException {
        float[] known = read.get(name);
        if (known == null) {
            known = weights.floats(name);
            read.put(name, known);
        }
        return known;
    }

    private static void add(double[][] x, double[][] y) {
        for (int r = 0; r < x.length; r++) {
            for (int i = 0; i < x[r].length; i++) {
                x[r][i] += y[r][i];
            }
        }
    }

    /** Probabilities of scores. */
    public static double[] softmax(double[] scores) {
        double max = Double.NEGATIVE_INFINITY;
        for (double s : scores) {
            max = Math.max(max, s);
        }
        double sum = 0;
        double[] p = new double[scores.length];
        for (int i = 0; i < p.length; i++) {
            p[i] = Math.exp(scores[i] - max);
            sum += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
        return p;
    }
}
