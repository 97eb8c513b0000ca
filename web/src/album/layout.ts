// The justified grid: where each photo of an album stands, as a pure function of the shapes.

/** What the layout needs to know about a photo. */
export interface Shape {
  /** Width over height. */
  aspect: number;
  /** Photos of one group stand under one heading, `YYYY-MM`. */
  group: string;
}

export interface Row {
  top: number;
  height: number;
  /** Index of the row's first photo. */
  start: number;
  /** Index after the row's last photo. */
  end: number;
}

export interface Heading {
  top: number;
  group: string;
}

export interface Layout {
  /** From left, in pixels, by photo. */
  lefts: Float32Array;
  /** In pixels, by photo. */
  widths: Float32Array;
  rows: Row[];
  headings: Heading[];
  height: number;
}

export interface Measure {
  width: number;
  rowHeight: number;
  gap: number;
  headingHeight: number;
}

/** Fills rows of equal height that end flush; the last row of a group keeps the wanted height. */
export function justify(shapes: readonly Shape[], measure: Measure): Layout {
  const layout: Layout = {
    lefts: new Float32Array(shapes.length),
    widths: new Float32Array(shapes.length),
    rows: [],
    headings: [],
    height: 0,
  };
  let start = 0;
  while (start < shapes.length) {
    const group = shapes[start].group;
    layout.headings.push({ top: layout.height, group });
    layout.height += measure.headingHeight;
    let end = start;
    while (end < shapes.length && shapes[end].group === group) end += 1;
    placeGroup(shapes, start, end, measure, layout);
    start = end;
  }
  return layout;
}

function placeGroup(
  shapes: readonly Shape[],
  from: number,
  to: number,
  measure: Measure,
  layout: Layout,
): void {
  let start = from;
  let sum = 0;
  for (let index = from; index < to; index += 1) {
    sum += bounded(shapes[index].aspect);
    const room = measure.width - measure.gap * (index - start);
    if (sum * measure.rowHeight >= room || index === to - 1) {
      const height = Math.min(room / sum, measure.rowHeight * 1.25);
      const last = index === to - 1 && sum * measure.rowHeight < room * 0.8;
      placeRow(shapes, start, index + 1, last ? measure.rowHeight : height, measure, layout);
      start = index + 1;
      sum = 0;
    }
  }
}

function placeRow(
  shapes: readonly Shape[],
  start: number,
  end: number,
  height: number,
  measure: Measure,
  layout: Layout,
): void {
  let left = 0;
  for (let index = start; index < end; index += 1) {
    const width = bounded(shapes[index].aspect) * height;
    layout.lefts[index] = left;
    layout.widths[index] = width;
    left += width + measure.gap;
  }
  layout.rows.push({ top: layout.height, height, start, end });
  layout.height += height + measure.gap;
}

/** Panoramas and slips of paper are cropped rather than let them spoil their row. */
function bounded(aspect: number): number {
  return Number.isFinite(aspect) && aspect > 0 ? Math.min(Math.max(aspect, 0.45), 3.2) : 1;
}

/** The rows that stand between `top` and `bottom`, as a range of indices. */
export function rowsBetween(rows: readonly Row[], top: number, bottom: number): [number, number] {
  const first = lowerBound(rows, (row) => row.top + row.height >= top);
  const after = lowerBound(rows, (row) => row.top > bottom);
  return [first, Math.max(first, after)];
}

function lowerBound(rows: readonly Row[], reached: (row: Row) => boolean): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reached(rows[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
