package org.coop4j.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Resource;
import org.coop4j.base.Settings;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;

/**
 * Names, shapes and initial distributions of a model's tensors, in the order of OpenAI's {@code clip/model.py}: the parts
 * in {@code tensors.txt}, put together for an architecture.
 */
public final class ExpectedTensors {
    private static final int NAMES_LISTED = 12;

    /** Rows of the resource by the name of their part: name, shape, distribution. */
    private static final Map<String, List<String[]>> PARTS = parts();

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    private ExpectedTensors() {}

    private static Map<String, List<String[]>> parts() {
        Map<String, List<String[]>> parts = new HashMap<>();
        List<String[]> part = List.of();
        for (String line : Resource.rows(ExpectedTensors.class, "tensors.txt")) {
            if (line.startsWith("[")) {
                part = new ArrayList<>();
                parts.put(line.substring(1, line.length() - 1), part);
            } else {
                part.add(line.split(" {2,}", -1));
            }
        }
        return parts;
    }

    /**
     * A tensor of an architecture, and the distribution of its elements before training.
     *
     * @param size the constant, the standard deviation, or the bound of both signs
     */
    public record Tensor(Shape shape, Kind kind, double size) {

        /** A family of distributions. */
        public enum Kind {
            CONSTANT,
            NORMAL,
            UNIFORM
        }
    }

    /** Returns the tensors of an architecture by name. */
    public static Map<String, Tensor> of(ClipConfig architecture) {
        ExpectedTensors all = new ExpectedTensors();
        Map<String, Object> text = sizes(architecture.text(), architecture);
        Map<String, Object> vision = sizes((Record) architecture.vision(), architecture);
        all.add("text", "", text);
        if (!architecture.text().averaged()) {
            all.add("text projection", "", text);
        }
        all.add("logit scale", "", text);
        if (architecture.vision() instanceof ClipConfig.Vit vit) {
            all.vit(vit, vision);
        } else if (architecture.vision() instanceof ClipConfig.ResNet resNet) {
            all.resNet(resNet, vision);
        }
        all.blocks("text block", "transformer", architecture.text().layers(), text);
        all.add("text end", "", text);
        if (architecture.family() == ClipConfig.Family.SIGLIP) {
            all.add("biases", "", text);
        }
        return all.tensors;
    }

    /** Returns the sizes that the resource's rows of a tower name. */
    private static Map<String, Object> sizes(Record tower, ClipConfig architecture) {
        Map<String, Object> sizes = Settings.of(tower);
        sizes.put("embed_dim", architecture.embedDim());
        return sizes;
    }

    private void vit(ClipConfig.Vit vit, Map<String, Object> sizes) {
        sizes.put("tokens", vit.tokens());
        sizes.put("hidden", vit.gated() ? 2 * vit.mlpWidth() : vit.mlpWidth());
        if (vit.classTokens() == 1) {
            add("class token", "visual.", sizes);
        }
        add("positions", "visual.", sizes);
        List<String> parts =
                switch (vit.family()) {
                    case SIGLIP -> List.of("patches", "bias of patches");
                    case TIPS -> List.of("patches");
                    default -> List.of("projection", "patches", "norm of patches");
                };
        parts.forEach(part -> add(part, "visual.", sizes));
        blocks("image block", "visual.transformer", vit.layers(), sizes);
        add("image end", "visual.", sizes);
        if (vit.pooling() != null) {
            add("pooling", "visual.attn_pool.", sizes);
        }
    }

    private void blocks(String part, String transformer, int layers, Map<String, Object> sizes) {
        for (int layer = 0; layer < layers; layer++) {
            add(part, transformer + ".resblocks." + layer + ".", sizes);
        }
    }

    /** The first block of every stage has a projected shortcut; its pooling has no tensors. */
    private void resNet(ClipConfig.ResNet resNet, Map<String, Object> sizes) {
        sizes.put("half", resNet.width() / 2);
        sizes.put("pooled", resNet.outputWidth());
        sizes.put("tokens", resNet.grid() * resNet.grid() + 1);
        add("stem", "visual.", sizes);
        int in = resNet.width();
        for (int stage = 0; stage < resNet.layers().size(); stage++) {
            int planes = resNet.width() << stage;
            for (int block = 0; block < resNet.layers().get(stage); block++) {
                String prefix = "visual.layer" + (stage + 1) + "." + block + ".";
                sizes.put("in", in);
                sizes.put("planes", planes);
                add("bottleneck", prefix, sizes);
                if (block == 0) {
                    add("shortcut", prefix, sizes);
                }
                in = 4 * planes;
            }
        }
        add("attention pooling", "visual.attnpool.", sizes);
    }

    private void add(String part, String prefix, Map<String, Object> sizes) {
        for (String[] row : PARTS.get(part)) {
            long[] dims = row[1].equals("-")
                    ? new long[0]
                    : Arrays.stream(row[1].split(" ", -1))
                            .mapToLong(dim -> product(dim, sizes))
                            .toArray();
            tensors.put(prefix + row[0], tensor(Shape.of(dims), row[2].split(" ", -1), sizes));
        }
    }

    private static long product(String text, Map<String, Object> sizes) {
        long product = 1;
        for (String factor : text.split("\\*", -1)) {
            product *= sizes.get(factor) instanceof Integer size ? size : Integer.parseInt(factor);
        }
        return product;
    }

    private static Tensor tensor(Shape shape, String[] words, Map<String, Object> sizes) {
        double size = 1;
        for (String factor : Arrays.asList(words).subList(1, words.length)) {
            String[] fraction = factor.replace("√", "").split("/", -1);
            double number = Double.parseDouble(fraction[0]);
            if (factor.startsWith("√")) {
                size *= Math.sqrt(number / product(fraction[1], sizes));
            } else {
                size *= fraction.length == 1 ? number : number / Math.sqrt((double) product(fraction[1], sizes));
            }
        }
        return new Tensor(shape, Tensor.Kind.valueOf(words[0].toUpperCase(Locale.ROOT)), size);
    }

    /**
     * Compares tensors with those that an architecture needs: names, shapes, and that all are floating-point.
     *
     * @throws InputException naming those that are missing, unexpected and misshapen
     */
    static void check(ClipConfig architecture, Collection<TensorSpec> actual) throws InputException {
        Map<String, Shape> missing = architecture.expectedTensors();
        List<String> unexpected = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        for (TensorSpec tensor : actual) {
            Shape shape = missing.remove(tensor.name());
            if (shape == null) {
                unexpected.add(tensor.name());
            } else if (!shape.equals(tensor.shape())) {
                wrong.add("%s (expected %s, got %s)".formatted(tensor.name(), shape, tensor.shape()));
            } else if (!tensor.dtype().isFloat()) {
                wrong.add("%s (expected floating-point, got %s)".formatted(tensor.name(), tensor.dtype()));
            }
        }
        List<String> problems = new ArrayList<>();
        describe("missing", List.copyOf(missing.keySet()), problems);
        describe("unexpected", unexpected, problems);
        describe("of the wrong shape or type", wrong, problems);
        InputException.require(
                problems.isEmpty(), "the tensors are not those of the architecture: %s", String.join("; ", problems));
    }

    private static void describe(String what, List<String> names, List<String> problems) {
        if (!names.isEmpty()) {
            problems.add("%d %s: %s".formatted(names.size(), what, Numbers.first(names, NAMES_LISTED)));
        }
    }

    static boolean isRunningStatistic(String name) {
        return name.endsWith(".running_mean") || name.endsWith(".running_var");
    }
}
