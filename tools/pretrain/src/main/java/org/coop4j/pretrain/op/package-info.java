/**
 * Ops that training a whole CLIP needs and nothing else: captions whose lengths are given at each run, trained token
 * embeddings, and the losses.
 *
 * <p>Shapes as in {@link org.coop4j.graph}.
 */
package org.coop4j.pretrain.op;
