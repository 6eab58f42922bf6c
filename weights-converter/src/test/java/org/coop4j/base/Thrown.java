package org.coop4j.base;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What a call throws. */
public final class Thrown {
    private Thrown() {}

    /** Requires an exception whose message has all parts. */
    public static void assertThrown(ThrowingCallable call, String... parts) {
        assertThrown(Throwable.class, call, parts);
    }

    /** Requires an exception of a type whose message has all parts. */
    public static void assertThrown(Class<? extends Throwable> type, ThrowingCallable call, String... parts) {
        AbstractThrowableAssert<?, ?> thrown = assertThatThrownBy(call).isInstanceOf(type);
        for (String part : parts) {
            thrown.hasMessageContaining(part);
        }
    }
}
