/** Zip files whose entries are read where they lie, as PyTorch's and NumPy's are. */
package org.coop4j.weights.zip;
