/**
 * Python's pickle format, read without executing anything and written as protocol 2.
 *
 * <p>A pickle is a program for a stack machine that may import and call whatever it names. Here only the few functions
 * that the reader binds are called, and they build containers; any other class becomes a {@link
 * org.coop4j.weights.pickle.Unpickler.PyObject}, an inert stand-in. Sizes are checked before memory is taken.
 *
 * <p>Python to Java: None is null, int is Long (or BigInteger), float is Double, str is String, bytes is byte[], list
 * is ArrayList, tuple is {@link org.coop4j.weights.pickle.Unpickler.Tuple}, dict is LinkedHashMap, set is LinkedHashSet.
 */
package org.coop4j.weights.pickle;
