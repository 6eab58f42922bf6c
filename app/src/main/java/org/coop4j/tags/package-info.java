/** What a classifier says goes into XMP sidecars, where photo programs find it; pictures are never written. */
package org.coop4j.tags;
