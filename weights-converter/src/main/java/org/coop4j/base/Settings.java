package org.coop4j.base;

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
import java.util.stream.Collectors;

/**
 * Binds the components of a record of settings to names and plain values: what {@code --set
 * name=value}, a plan's YAML and {@code config.json} hold.
 *
 * <p>A component {@code contextLength} is called {@code context_length}. A component that is itself
 * a record stands for its components. Values are whole numbers, numbers, booleans, texts, lists of
 * texts and enum constants, written in lower case with hyphens; absent texts are null, or {@code
 * none} where a text has to be.
 */
public final class Settings {

    /** Separates the texts of a list that is written as one text. */
    private static final String SEPARATOR = "|";

    /** How an absent text is written where a text has to be. */
    private static final String ABSENT = "none";

    private Settings() {}

    /**
     * A setting as users see it.
     *
     * @param name such as {@code context_length}
     * @param value its value in the record that was asked for
     * @param meaning what it means
     * @param choices the values of an enum, otherwise empty
     */
    public record Description(String name, Object value, String meaning, List<String> choices) {

        /** Whether it is free text, such as prompts. */
        public boolean isText() {
            return !(value instanceof Number || value instanceof Boolean) && choices.isEmpty();
        }
    }

    /** All settings of a record, in order: name → plain value. */
    public static Map<String, Object> of(Record settings) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Component component : components(settings)) {
            values.put(component.name, plain(component.value));
        }
        return values;
    }

    /** What differs from other settings of the same kind: name → plain value. */
    public static Map<String, Object> differences(Record settings, Record defaults) {
        Map<String, Object> values = of(settings);
        Map<String, Object> others = of(defaults);
        values.entrySet().removeIf(setting -> Objects.equals(setting.getValue(), others.get(setting.getKey())));
        return values;
    }

    /** The settings that no other one decides: name → plain value. */
    public static Map<String, Object> chosen(Record settings) {
        Map<String, Object> values = of(settings);
        for (Component component : components(settings)) {
            if (values.get(component.decidedBy) != null) {
                values.remove(component.name);
            }
        }
        return values;
    }

    /** The settings with their meanings. */
    public static List<Description> describe(Record settings) {
        List<Description> descriptions = new ArrayList<>();
        for (Component component : components(settings)) {
            descriptions.add(new Description(
                    component.name, plain(component.value), component.meaning, choices(component.type)));
        }
        return descriptions;
    }

    /** Whether the record has a setting of this name, however it is written. */
    public static boolean has(Record settings, String name) {
        return components(settings).stream().anyMatch(c -> c.name.equals(canonical(name)));
    }

    /**
     * The record with some settings changed.
     *
     * @param values by name, texts or plain values; names may be written with hyphens
     * @throws IllegalArgumentException if a name is unknown or a value is not of its kind, not
     *     allowed or decided by another setting, naming what is
     */
    public static <R extends Record> R with(R settings, Map<String, ?> values) {
        Map<String, Object> canonical = new LinkedHashMap<>();
        values.forEach((name, value) -> canonical.put(canonical(name), value));
        Map<String, Object> left = new LinkedHashMap<>(canonical);
        R result = rebuild(settings, left);
        if (!left.isEmpty()) {
            String allowed = components(settings).stream()
                    .map(component -> component.name)
                    .collect(Collectors.joining(", "));
            throw new IllegalArgumentException("unknown setting \"%s\": %s"
                    .formatted(
                            left.keySet().iterator().next(),
                            allowed.isEmpty() ? "there are none to set" : "expected one of " + allowed));
        }
        for (Component component : components(result)) {
            if (!component.decidedBy.isEmpty()) {
                requireTaken(component, canonical);
            }
        }
        return result;
    }

    private static void requireTaken(Component component, Map<String, Object> given) {
        String name = component.name;
        if (given.containsKey(name) && !Objects.equals(component.value, parse(name, component.type, given.get(name)))) {
            throw new IllegalArgumentException("%1$s: %2$s makes it %3$s, got \"%4$s\": omit %1$s, or set %2$s to %5$s"
                    .formatted(name, component.decidedBy, plain(component.value), given.get(name), ABSENT));
        }
    }

    /** A component of the record or of a record in it. */
    private record Component(String name, Class<?> type, Object value, String meaning, String decidedBy) {}

    private static List<Component> components(Record settings) {
        List<Component> components = new ArrayList<>();
        for (RecordComponent component : settings.getClass().getRecordComponents()) {
            Object value = value(component, settings);
            if (value instanceof Record nested) {
                components.addAll(components(nested));
            } else {
                Setting setting = component.getAnnotation(Setting.class);
                components.add(new Component(
                        canonical(component.getName()),
                        component.getType(),
                        value,
                        setting == null ? "" : setting.value(),
                        setting == null ? "" : setting.decidedBy()));
            }
        }
        return components;
    }

    /** Removes the values that it uses. */
    private static <R extends Record> R rebuild(R settings, Map<String, Object> values) {
        RecordComponent[] components = settings.getClass().getRecordComponents();
        Object[] arguments = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            Object old = value(components[i], settings);
            String name = canonical(components[i].getName());
            if (old instanceof Record nested) {
                arguments[i] = rebuild(nested, values);
            } else if (values.containsKey(name)) {
                arguments[i] = parse(name, components[i].getType(), values.remove(name));
            } else {
                arguments[i] = old;
            }
        }
        return construct(settings, components, arguments);
    }

    @SuppressWarnings("unchecked")
    private static <R extends Record> R construct(R settings, RecordComponent[] components, Object[] arguments) {
        try {
            Class<?>[] types =
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            Constructor<?> constructor = settings.getClass().getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return (R) constructor.newInstance(arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException refused) {
                throw refused;
            }
            throw new IllegalStateException(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
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
        try {
            if (type == int.class) {
                return Math.toIntExact(whole(value));
            }
            if (type == long.class) {
                return whole(value);
            }
            if (type == double.class) {
                return finite(value instanceof Number number ? number.doubleValue() : Double.parseDouble(text(value)));
            }
        } catch (NumberFormatException | ArithmeticException e) {
            throw wrong(name, type == double.class ? "a number" : "a whole number", value);
        }
        if (type == boolean.class) {
            String text = text(value);
            if (!text.equals("true") && !text.equals("false")) {
                throw wrong(name, "true or false", value);
            }
            return Boolean.valueOf(text);
        }
        if (type.isEnum()) {
            return constant(name, type, value);
        }
        if (List.class.isAssignableFrom(type)) {
            return value instanceof List<?> list
                    ? list.stream().map(Settings::text).toList()
                    : List.of(text(value).split(java.util.regex.Pattern.quote(SEPARATOR)));
        }
        if (value instanceof Iterable || value instanceof Map) {
            throw wrong(name, "a text", value);
        }
        return value == null || text(value).equals(ABSENT) ? null : text(value);
    }

    /** Refuses a negative value of a setting, in a record's constructor. */
    public static void requireNotNegative(String name, double value) {
        if (!(value >= 0)) {
            throw new IllegalArgumentException(name + ": expected 0 or more, got " + value);
        }
    }

    /** Refuses a value of a setting that is no share of a whole. */
    public static void requireShare(String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(name + ": expected 0 to 1, got " + value);
        }
    }

    private static double finite(double value) {
        if (!Double.isFinite(value)) {
            throw new NumberFormatException("infinite");
        }
        return value;
    }

    private static long whole(Object value) {
        if (value instanceof Integer || value instanceof Long) {
            return ((Number) value).longValue();
        }
        return Long.parseLong(text(value));
    }

    private static String text(Object value) {
        return String.valueOf(value).strip();
    }

    private static Object constant(String name, Class<?> type, Object value) {
        for (Object constant : type.getEnumConstants()) {
            if (plain(constant).equals(text(value))) {
                return constant;
            }
        }
        throw wrong(name, "one of " + String.join(", ", choices(type)), value);
    }

    private static IllegalArgumentException wrong(String name, String expected, Object value) {
        return new IllegalArgumentException("%s: expected %s, got \"%s\"".formatted(name, expected, value));
    }

    private static List<String> choices(Class<?> type) {
        return type.isEnum()
                ? Arrays.stream(type.getEnumConstants())
                        .map(c -> (String) plain(c))
                        .toList()
                : List.of();
    }

    private static Object plain(Object value) {
        return value instanceof Enum<?> constant
                ? constant.name().toLowerCase(Locale.ROOT).replace('_', '-')
                : value;
    }

    /** {@code contextLength}, {@code context-length} → {@code context_length}. */
    private static String canonical(String name) {
        return name.replaceAll("([a-z0-9])([A-Z])", "$1_$2").replace('-', '_').toLowerCase(Locale.ROOT);
    }
}
