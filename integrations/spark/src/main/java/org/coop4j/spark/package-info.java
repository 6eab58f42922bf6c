/**
 * coop4j on Apache Spark: stages of Spark's machine learning pipelines that embed, classify and learn.
 *
 * <p>The stages append columns to rows in batches on the executors ({@code AppendedColumns}). The JVM of each executor
 * opens a model once, from a path that it sees ({@code SharedModels}). Tasks take turns with it, and weights are never
 * sent by the driver.
 */
package org.coop4j.spark;
