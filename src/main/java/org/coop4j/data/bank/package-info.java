/**
 * The feature bank: image features on disk, so that the frozen image tower sees each view of each image once.
 *
 * <p>Features are kept per weights, transform, image content and view. A view is one draw of a random transform; the test
 * transform has one view.
 */
package org.coop4j.data.bank;
