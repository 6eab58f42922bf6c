package org.coop4j.pretraindata;

import java.util.List;

/**
 * What a picture shows, in lower-case English.
 *
 * @param name the thing itself ("red apple"); empty where the source has no usable name
 * @param keywords further words about it, best first
 * @param categories nouns of the kinds it belongs to, the narrowest first ("fruit", "food")
 */
record Subject(String name, List<String> keywords, List<String> categories) {
    Subject {
        keywords = List.copyOf(keywords);
        categories = List.copyOf(categories);
    }

    boolean isBlank() {
        return name.isEmpty() && keywords.isEmpty() && categories.isEmpty();
    }
}
