/**
 * Methods that learn from image features, one file each: classifiers in closed form, and gradient steps on frozen features.
 * The text tower runs once, and the image tower once per image.
 */
package org.coop4j.features;
