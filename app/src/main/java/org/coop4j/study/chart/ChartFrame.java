package org.coop4j.study.chart;

/**
 * How a chart is framed.
 *
 * @param width in pixels
 * @param height in pixels
 * @param named whether title and names of the series are drawn; a page has them as text beside it
 */
public record ChartFrame(double width, double height, boolean named) {

    /** For files; fits the column of a README. */
    static final ChartFrame FILE = new ChartFrame(820, 450, true);

    /** For pages, which scale it. */
    public static final ChartFrame PAGE = new ChartFrame(640, 400, false);
}
