package org.coop4j.base;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Binds the components of a record of settings to names and plain values: the contents of {@code --set name=value}, a
 * plan's YAML and {@code config.json}.
 *
 * <p>A component {@code contextLength} is called {@code context_length}. A component that is itself a record stands for
 * its components. Values are whole numbers, numbers, booleans, strings, lists of strings and enum constants, written in
 * lower case with hyphens; an absent string is null, or {@code none} where a string is required. A component of type
 * {@code Object} takes any value.
 */
public final class Settings {
    /** Separates the strings of a list that is written as one string. */
    private static final String SEPARATOR = "|";

    private static final String ABSENT = "none";

    private Settings() {}

    /**
     * A setting as users see it.
     *
     * @param name such as {@code context_length}
     * @param type Java type of the component
     * @param value its plain value in the record
     * @param meaning a sentence without a full stop
     * @param decidedBy the setting that decides this one wherever it is given; empty if there is none
     */
    public record Description(String name, Class<?> type, Object value, String meaning, String decidedBy) {
        /** Returns the values of an enum; empty for other types. */
        public List<String> choices() {
            return type.isEnum() ? constants(type) : List.of();
        }
    }

    private static List<String> constants(Class<?> type) {
        return Arrays.stream(type.getEnumConstants())
                .map(constant -> plain(constant).toString())
                .toList();
    }

    /** Returns all settings of a record, in order: plain values by name. */
    public static Map<String, Object> of(Record settings) {
        Map<String, Object> values = new LinkedHashMap<>();
        describe(settings).forEach(setting -> values.put(setting.name, setting.value));
        return values;
    }

    /** Returns the {@link #chosen} settings that differ from others of the same kind: plain values by name. */
    public static Map<String, Object> differences(Record settings, Record defaults) {
        Map<String, Object> values = chosen(settings);
        Map<String, Object> others = of(defaults);
        values.entrySet().removeIf(setting -> Objects.equals(setting.getValue(), others.get(setting.getKey())));
        return values;
    }

    /** Returns the settings that no other one decides: plain values by name. */
    public static Map<String, Object> chosen(Record settings) {
        Map<String, Object> values = of(settings);
        for (Description setting : describe(settings)) {
            if (values.get(setting.decidedBy) != null) {
                values.remove(setting.name);
            }
        }
        return values;
    }

    /** Returns the settings with their meanings. */
    public static List<Description> describe(Record settings) {
        List<Description> descriptions = new ArrayList<>();
        for (RecordComponent component : settings.getClass().getRecordComponents()) {
            Object value = value(component, settings);
            if (value instanceof Record nested) {
                descriptions.addAll(describe(nested));
            } else {
                Setting setting = component.getAnnotation(Setting.class);
                descriptions.add(new Description(
                        canonical(component.getName()),
                        component.getType(),
                        plain(value),
                        setting == null ? "" : setting.value(),
                        setting == null ? "" : setting.decidedBy()));
            }
        }
        return descriptions;
    }

    /** Returns true if the record has a setting of this name, however it is written. */
    public static boolean has(Record settings, String name) {
        return of(settings).containsKey(canonical(name));
    }

    /**
     * Returns the record with some settings changed.
     *
     * @param values by name, strings or plain values; names may be written with hyphens
     * @throws IllegalArgumentException if a name is unknown, or a value has the wrong type or is not allowed
     */
    public static <R extends Record> R with(R settings, Map<String, ?> values) {
        Map<String, Object> left = new LinkedHashMap<>();
        values.forEach((name, value) -> left.put(canonical(name), value));
        R result = rebuild(settings, left);
        if (!left.isEmpty()) {
            String allowed = String.join(", ", of(settings).keySet());
            throw new IllegalArgumentException("unknown setting \"%s\": %s"
                    .formatted(
                            left.keySet().iterator().next(),
                            allowed.isEmpty() ? "there are none to set" : "expected one of " + allowed));
        }
        return result;
    }

    /** Removes the values that it uses. */
    @SuppressWarnings("unchecked") // the constructor is that of the record's class
    private static <R extends Record> R rebuild(R settings, Map<String, Object> values) {
        RecordComponent[] components = settings.getClass().getRecordComponents();
        Object[] arguments = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            String name = canonical(components[i].getName());
            types[i] = components[i].getType();
            arguments[i] = value(components[i], settings);
            if (arguments[i] instanceof Record nested) {
                arguments[i] = rebuild(nested, values);
            } else if (values.containsKey(name)) {
                arguments[i] = parse(name, types[i], values.remove(name));
            } else if (isDecided(components[i], values)) {
                arguments[i] = 0;
            }
        }
        try {
            Constructor<?> constructor = settings.getClass().getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return (R) constructor.newInstance(arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof RuntimeException refused ? refused : new IllegalStateException(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns true for a setting that another one decides, which is given a value. */
    private static boolean isDecided(RecordComponent component, Map<String, Object> given) {
        Setting setting = component.getAnnotation(Setting.class);
        return setting != null && parse(setting.decidedBy(), String.class, given.get(setting.decidedBy())) != null;
    }

    private static Object value(RecordComponent component, Record settings) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(settings);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object parse(String name, Class<?> type, Object value) {
        String text = String.valueOf(value).strip();
        if (type == Object.class) {
            return value;
        }
        if (type == int.class || type == long.class || type == double.class) {
            return number(name, type, value, text);
        }
        if (type == boolean.class) {
            if (!text.equals("true") && !text.equals("false")) {
                throw wrong(name, "true or false", value);
            }
            return Boolean.valueOf(text);
        }
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants())
                    .filter(constant -> plain(constant).equals(text))
                    .findFirst()
                    .orElseThrow(() -> wrong(name, "one of " + String.join(", ", constants(type)), value));
        }
        if (List.class.isAssignableFrom(type)) {
            return value instanceof List<?> list
                    ? list.stream().map(item -> String.valueOf(item).strip()).toList()
                    : List.of(text.split(Pattern.quote(SEPARATOR)));
        }
        if (value instanceof Iterable || value instanceof Map) {
            throw wrong(name, "a string", value);
        }
        return value == null || text.equals(ABSENT) ? null : text;
    }

    private static Object number(String name, Class<?> type, Object value, String text) {
        try {
            if (type == double.class) {
                double number = value instanceof Number given ? given.doubleValue() : Double.parseDouble(text);
                if (Double.isFinite(number)) {
                    return number;
                }
                throw wrong(name, "a number", value);
            }
            long whole = Long.parseLong(text);
            return type == int.class ? (Object) Math.toIntExact(whole) : (Object) whole;
        } catch (NumberFormatException | ArithmeticException e) {
            throw wrong(name, type == double.class ? "a number" : "a whole number", value);
        }
    }

    private static IllegalArgumentException wrong(String name, String expected, Object value) {
        return new IllegalArgumentException("%s: expected %s, got \"%s\"".formatted(name, expected, value));
    }

    private static Object plain(Object value) {
        return value instanceof Enum<?> constant
                ? constant.name().toLowerCase(Locale.ROOT).replace('_', '-')
                : value;
    }

    /** Returns {@code context_length} for {@code contextLength} and {@code context-length}. */
    private static String canonical(String name) {
        return name.replaceAll("([a-z0-9])([A-Z])", "$1_$2").replace('-', '_').toLowerCase(Locale.ROOT);
    }

    /** The meaning of a record component for users, in help and messages. */
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.RECORD_COMPONENT)
    public @interface Setting {

        /** Returns a sentence without a full stop. */
        String value();

        /**
         * Returns the next setting of the record, a string. Where it is given, it decides this one, a whole number, unless
         * this one is given too; then this one is 0.
         */
        String decidedBy() default "";
    }
}
