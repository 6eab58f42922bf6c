/**
 * Models and classifiers as ONNX files, for runtimes outside the JVM: the towers node by node, a classifier's logits,
 * and preprocessing.
 */
package org.coop4j.onnx;
