package org.coop4j.image;

/**
 * A number for each colour channel.
 *
 * @param red of the red channel
 * @param green of the green channel
 * @param blue of the blue channel
 */
public record ChannelValues(float red, float green, float blue) {
    /** The value of channel 0, 1 or 2: red, green or blue. */
    public float get(int channel) {
        return switch (channel) {
            case 0 -> red;
            case 1 -> green;
            case 2 -> blue;
            default ->
                    throw new IndexOutOfBoundsException(
                            "channel " + channel + ": expected 0, 1 or 2");
        };
    }
}
