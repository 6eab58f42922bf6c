/** Classifiers as beans of Spring Boot, with health and meters. */
package org.coop4j.springboot;
