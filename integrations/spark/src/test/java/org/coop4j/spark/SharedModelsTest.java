package org.coop4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class SharedModelsTest {

    private static final int HERE = Runtime.getRuntime().availableProcessors();

    private static int threads(String master, String... settings) {
        SparkConf conf = new SparkConf(false).setMaster(master);
        for (int i = 0; i < settings.length; i += 2) {
            conf.set(settings[i], settings[i + 1]);
        }
        return SharedModels.threads(conf);
    }

    @Test
    void aModelHasTheExecutorsCoresAsThreadsButNoMoreThanThereAre() {
        assertThat(threads("local")).isEqualTo(1);
        assertThat(threads("local[1]")).isEqualTo(1);
        assertThat(threads("local[1,4]")).isEqualTo(1);
        assertThat(threads("local[*]")).isEqualTo(HERE);
        assertThat(threads("local-cluster[2,1,1024]")).isEqualTo(1);
        assertThat(threads("local-cluster[1, 9999, 1024]")).isEqualTo(HERE);
        assertThat(threads("spark://host:7077")).isEqualTo(HERE);
        assertThat(threads("spark://host:7077", "spark.executor.cores", "1")).isEqualTo(1);
        assertThat(threads("yarn")).isEqualTo(1);
        assertThat(threads("yarn", "spark.executor.cores", "9999")).isEqualTo(HERE);
        assertThat(threads("k8s://https://host", "spark.task.cpus", "9999")).isEqualTo(HERE);
    }
}
