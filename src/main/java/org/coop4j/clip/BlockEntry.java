package org.coop4j.clip;

import java.util.function.UnaryOperator;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * What happens to the rows of a stack on entry to a block, before its first layer norm.
 *
 * @param rows makes the block's rows of those that the block before it left
 * @param sequences which of the new rows attend to which, from this block on
 */
record BlockEntry(UnaryOperator<SDVariable> rows, Sequences sequences) {}
