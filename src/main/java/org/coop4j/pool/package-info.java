/**
 * Many pictures without labels: joint answers, what to label next, acceptance in bulk, strangers, search and a map. All of it works
 * on features that are there already, in closed form; nothing is trained.
 */
package org.coop4j.pool;
