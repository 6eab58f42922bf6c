/**
 * Learned prompts: context vectors in front of (or around) class names, how they are laid out, how
 * they are learned, and the files that keep them.
 *
 * <p>M is the number of context vectors of a prompt; a unified context is shared by all classes [M,
 * width], a class-specific one (CSC) is [classes, M, width].
 */
package org.coop4j.method;
