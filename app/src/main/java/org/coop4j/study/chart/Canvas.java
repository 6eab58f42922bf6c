package org.coop4j.study.chart;

/** What charts are drawn on; coordinates in pixels from the top left corner. */
interface Canvas {

    /**
     * A line's look.
     *
     * @param dashed whether it is broken
     * @param opacity 0 to 1
     */
    record Pen(Paint paint, double width, boolean dashed, double opacity) {
        static Pen solid(Paint paint, double width) {
            return new Pen(paint, width, false, 1);
        }
    }

    /** Where a text's point lies. */
    enum Anchor {
        START,
        MIDDLE,
        END
    }

    /** A text's look. */
    record Lettering(Paint paint, double size, boolean bold, Anchor anchor) {}

    /**
     * A sign's look.
     *
     * @param hollow whether it is filled with the page's colour
     */
    record Sign(Marker marker, double radius, Paint paint, boolean hollow) {
        static Sign of(FewShotChart.Series series, double radius) {
            return new Sign(
                    series.marker(), radius, Paint.series(series.series()), series.isHollow());
        }
    }

    /** Draws what belongs to a series, which a page can then find. */
    void series(int index, Runnable drawing);

    /** Lines through the points x0, y0, x1, y1, …. */
    void line(Pen pen, double... points);

    /** A filled polygon with the corners x0, y0, x1, y1, …. */
    void area(Paint paint, double opacity, double... corners);

    /**
     * A sign.
     *
     * @param hint shown on hover where the canvas can, or null
     */
    void marker(Sign sign, double x, double y, String hint);

    /** A line of text whose base line begins, has its middle or ends at the point. */
    void text(Lettering type, double x, double y, String text);
}
