package org.coop4j.spark;

import org.coop4j.study.SweepCluster;

/** Finds Spark for {@code coop sweep --spark}. */
public final class SparkSweepProvider implements SweepCluster.Provider {

    @Override
    public SweepCluster connect(String master, SweepCluster.Files files) {
        return SparkSweepCluster.connect(master, files);
    }
}
