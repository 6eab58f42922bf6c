/**
 * What every room may use: progress, atomic files, reading of files with limits, hashes, resources,
 * the form of numbers on screens, the binder of settings and the user's cache folder.
 */
package org.coop4j.base;
