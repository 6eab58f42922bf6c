/** Options that several commands have, as picocli mixins, and how their values are read. */
package org.coop4j.cli.options;
