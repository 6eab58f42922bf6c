package org.coop4j.base;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The meaning of a record component for users, in help and messages. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {

    /** Returns a sentence without a full stop. */
    String value();

    /** Returns another setting of the record, a string, that decides this one wherever it is given. */
    String decidedBy() default "";
}
