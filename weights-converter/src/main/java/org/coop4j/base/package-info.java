/**
 * Tools for every room: progress, atomic files, reading of files with limits, hashes, resources, formatting of numbers,
 * the settings binder and the user's cache folder.
 */
package org.coop4j.base;
