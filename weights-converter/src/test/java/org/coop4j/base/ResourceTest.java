package org.coop4j.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ResourceTest {
    @Test
    void aFileBesideAClassIsRead() {
        assertThat(Resource.bytes(Resource.class, "Resource.class")).startsWith(0xca, 0xfe, 0xba, 0xbe);
    }

    @Test
    void aMissingFileIsNamedWithItsPackage() {
        assertThatThrownBy(() -> Resource.text(Resource.class, "none.json"))
                .hasMessageContainingAll("none.json", "org.coop4j.base");
    }
}
