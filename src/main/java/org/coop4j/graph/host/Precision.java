package org.coop4j.graph.host;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_amx;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_fp16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.coop4j.base.Machine;
import org.coop4j.base.RefusedException;

/** Rounding of the factors of a product with frozen weights; its sums, and all values between products, are float32. */
public enum Precision {
    /** No rounding: the precision of everything that is compared with the reference. */
    FLOAT32("float32"),
    /** Rounding to bfloat16, 8 bits of significand; about twice as fast on most processors with its instructions. */
    BFLOAT16("bf16");

    /** Width of the towers of published models, at least: a smaller one need not wait for oneDNN to be loaded. */
    private static final int TOWER = 512;

    private final String id;

    Precision(String id) {
        this.id = id;
    }

    /** Returns the name in options and files. */
    public String id() {
        return id;
    }

    /**
     * Returns the precision with this name.
     *
     * @throws IllegalArgumentException for an unknown name; the message lists the known ones
     */
    public static Precision of(String id) {
        for (Precision precision : values()) {
            if (precision.id.equals(id)) {
                return precision;
            }
        }
        String known = Arrays.stream(values()).map(Precision::id).collect(Collectors.joining(" or "));
        throw new IllegalArgumentException("expected %s, got \"%s\"".formatted(known, id));
    }

    /** Returns the reason that this process cannot compute with this precision; empty if it can. */
    public Optional<String> obstacle() {
        if (this == FLOAT32) {
            return Optional.empty();
        }
        if (Backend.currentForm() == Backend.Form.PORTABLE) {
            return Optional.of("the portable form does not multiply bfloat16: use float32");
        }
        return missing().or(() -> obstacle(dnnl_get_effective_cpu_isa()));
    }

    /** Returns bfloat16 if this process can compute with it and is faster so, otherwise float32. */
    public static Precision fastest() {
        String vendor = Machine.processor("vendor_id").orElse("");
        return BFLOAT16.obstacle().isEmpty() && gains(dnnl_get_effective_cpu_isa(), vendor) ? BFLOAT16 : FLOAT32;
    }

    /**
     * Returns true if products of bfloat16 are faster than those of float32. They are not where a virtual machine hides the
     * AMX of an Intel processor: its AVX512_BF16 multiplies at half the speed of float32.
     *
     * @param instructions sets of instructions that oneDNN found, a bit each
     * @param vendor of the processor, as Linux calls it
     */
    static boolean gains(int instructions, String vendor) {
        return !vendor.equals("GenuineIntel")
                || has(instructions, dnnl_cpu_isa_avx512_core_amx)
                || !has(instructions, dnnl_cpu_isa_avx512_core_fp16);
    }

    private static boolean has(int instructions, int set) {
        return (instructions & set) == set;
    }

    /** Returns true if this process computes in the host's memory and has oneDNN, which exists for x86-64. */
    public static boolean hasOneDnn() {
        return Backend.currentForm() == Backend.Form.HOST && missing().isEmpty();
    }

    /** Returns true if oneDNN computes what is between the products of a tower of this width, in float32 as well. */
    public boolean isByOneDnn(long width) {
        return this == BFLOAT16 || (width >= TOWER && hasOneDnn());
    }

    /** Returns the reason that oneDNN cannot be used, without which {@link OneDnn} does not load; empty if it can. */
    static Optional<String> missing() {
        try {
            dnnl_get_effective_cpu_isa();
            return Optional.empty();
        } catch (NoClassDefFoundError e) {
            return Optional.of("oneDNN is not on the class path: use float32, or on Linux (x86-64) add"
                    + " org.coop4j:coop4j-natives-linux-x86_64");
        } catch (UnsatisfiedLinkError e) {
            return Optional.of("oneDNN cannot be loaded (" + e.getMessage() + "): use float32");
        }
    }

    /**
     * @param instructions sets of instructions that oneDNN found, a bit each
     */
    static Optional<String> obstacle(int instructions) {
        return has(instructions, dnnl_cpu_isa_avx512_core_bf16)
                ? Optional.empty()
                : Optional.of("this processor has no bfloat16 instructions (AVX512_BF16): use float32,"
                        + " or auto, which takes the best available");
    }

    /** Returns the instructions that multiply bfloat16 on this processor, which must have some. */
    public static String instructions() {
        return has(dnnl_get_effective_cpu_isa(), dnnl_cpu_isa_avx512_core_amx) ? "AMX" : "AVX512_BF16";
    }

    /**
     * Returns this precision.
     *
     * @throws IllegalArgumentException if this process cannot compute with it, with the reason
     */
    public Precision required() {
        obstacle().ifPresent(reason -> {
            throw new RefusedException("precision " + id + ": " + reason);
        });
        return this;
    }
}
