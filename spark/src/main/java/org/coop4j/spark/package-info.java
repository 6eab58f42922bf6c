/**
 * coop4j on Apache Spark: stages of Spark's machine learning pipelines that embed, classify and
 * learn.
 *
 * <p>The stages append columns to rows, some rows at a time, on the executors ({@code
 * AppendedColumns}). Each executor's JVM opens a model once, from a path that it sees ({@code
 * SharedModels}); tasks take turns with it, and weights never travel from the driver.
 */
package org.coop4j.spark;
