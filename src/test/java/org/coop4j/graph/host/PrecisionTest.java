package org.coop4j.graph.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.File;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.dnnl.global.dnnl;
import org.coop4j.base.JavaChild;
import org.junit.jupiter.api.Test;

class PrecisionTest {

    @Test
    void aProcessorWithoutTheInstructionsIsRefusedWithTheReason() {
        assertThat(Precision.obstacle(dnnl.dnnl_cpu_isa_avx512_core_bf16)).isEmpty();
        assertThat(Precision.obstacle(dnnl.dnnl_cpu_isa_avx512_core_amx)).isEmpty();
        for (int older :
                new int[] {dnnl.dnnl_cpu_isa_avx2, dnnl.dnnl_cpu_isa_avx2_vnni_2, dnnl.dnnl_cpu_isa_avx512_core_vnni}) {
            assertThat(Precision.obstacle(older))
                    .hasValueSatisfying(reason -> assertThat(reason).contains("AVX512_BF16", "float32", "auto"));
        }
    }

    /** Intel's processors with AVX512_FP16 have AMX, which a virtual machine may hide; AVX512_BF16 alone is older. */
    @Test
    void bfloat16IsSlowerThanFloat32WhereAmxIsHidden() {
        assertThat(Precision.gains(dnnl.dnnl_cpu_isa_avx512_core_fp16, "GenuineIntel"))
                .isFalse();
        assertThat(Precision.gains(dnnl.dnnl_cpu_isa_avx512_core_amx, "GenuineIntel"))
                .isTrue();
        assertThat(Precision.gains(dnnl.dnnl_cpu_isa_avx512_core_bf16, "GenuineIntel"))
                .isTrue();
        assertThat(Precision.gains(dnnl.dnnl_cpu_isa_avx512_core_fp16, "AuthenticAMD"))
                .isTrue();
        assertThat(Precision.gains(dnnl.dnnl_cpu_isa_avx512_core_fp16, "")).isTrue();
    }

    /** A class loader without oneDNN, as on a class path that lacks it. */
    @Test
    void withoutOneDnnTheReasonIsNamed() throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : JavaChild.classPath().split(File.pathSeparator, -1)) {
            if (!entry.contains("dnnl")) {
                urls.add(Path.of(entry).toUri().toURL());
            }
        }
        try (URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), null)) {
            Method missing = loader.loadClass(Precision.class.getName()).getDeclaredMethod("missing");
            missing.setAccessible(true);
            assertThat(missing.invoke(null).toString()).contains("org.coop4j:coop4j-natives-linux-x86_64", "float32");
        }
    }

    @Test
    void aPrecisionIsFoundByItsName() {
        assertThat(Precision.of("bf16")).isEqualTo(Precision.BFLOAT16);
        assertThat(Precision.of("float32").obstacle()).isEqualTo(Optional.empty());
        assertThrown(IllegalArgumentException.class, () -> Precision.of("half"), "float32", "bf16", "\"half\"");
    }
}
