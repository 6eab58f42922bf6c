/**
 * What can be said of a learned classifier beside its accuracy: how it compares with what else
 * could have been done with the same images, what it gets wrong, which labels look wrong, which
 * images lie in two parts of the data, and which method to choose.
 *
 * <p>The test images choose nothing: whatever is chosen is chosen on training and val images, and
 * what is best on the test images alone is called so.
 */
package org.coop4j.analysis;
