/**
 * Ops that training a whole CLIP needs and nothing else: batch norm with the batch's statistics,
 * captions whose lengths are given at each run, trained token embeddings, and the contrastive loss.
 *
 * <p>Shapes as in {@link org.coop4j.graph}.
 */
package org.coop4j.pretrain.op;
