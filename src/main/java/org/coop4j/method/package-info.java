/**
 * Ways to adapt CLIP to a task: {@link org.coop4j.method.Method} is a record of settings, its {@link
 * org.coop4j.method.Method.Learner} fits a {@link org.coop4j.method.Classifier}, and a {@link
 * org.coop4j.method.ClassifierFile} stores the result.
 *
 * <p>Letters in shapes: classes, batch images, embed the width of features, M context vectors of a prompt, width of the
 * text tower. A unified context is shared by all classes [M, width], a class-specific one (CSC) is [classes, M, width].
 */
package org.coop4j.method;
