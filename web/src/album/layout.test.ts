// The justified grid fills its rows and finds them again.
import { describe, expect, test } from 'vitest';
import { justify, rowsBetween, type Shape } from './layout';

const measure = { width: 1000, rowHeight: 200, gap: 4, headingHeight: 50 };
const shapes = (aspects: number[], group = '2024-05'): Shape[] =>
  aspects.map((aspect) => ({ aspect, group }));

describe('justify', () => {
  test('full rows end flush with the right edge', () => {
    const layout = justify(shapes([1.5, 1.5, 0.75, 1.33, 1.5, 1, 1.5, 0.66, 1.5, 1.5]), measure);
    for (const row of layout.rows.slice(0, -1)) {
      const last = row.end - 1;
      expect(layout.lefts[last] + layout.widths[last]).toBeCloseTo(measure.width, 1);
    }
  });

  test('every photo stands in exactly one row, in order', () => {
    const layout = justify(
      shapes(Array.from({ length: 500 }, (_, i) => 0.6 + (i % 7) / 5)),
      measure,
    );
    let next = 0;
    for (const row of layout.rows) {
      expect(row.start).toBe(next);
      expect(row.end).toBeGreaterThan(row.start);
      next = row.end;
    }
    expect(next).toBe(500);
  });

  test('a new month starts a new row under its own heading', () => {
    const layout = justify([...shapes([1, 1]), ...shapes([1], '2024-04')], measure);
    expect(layout.headings.map((heading) => heading.group)).toEqual(['2024-05', '2024-04']);
    expect(layout.rows.map((row) => [row.start, row.end])).toEqual([
      [0, 2],
      [2, 3],
    ]);
  });

  test('one photo alone is not blown up', () => {
    expect(justify(shapes([1]), measure).rows[0].height).toBe(200);
  });

  test('shapes that no photo can have are taken as squares', () => {
    const layout = justify(shapes([0, Number.NaN, -3]), measure);
    expect([...layout.widths]).toEqual([200, 200, 200]);
  });
});

test('rowsBetween finds what a full search finds', () => {
  const { rows, height } = justify(shapes(Array(300).fill(1.4)), measure);
  for (let top = -100; top < height; top += 333) {
    const [first, after] = rowsBetween(rows, top, top + 700);
    const seen = rows.filter((row) => row.top + row.height >= top && row.top <= top + 700);
    expect(rows.slice(first, after)).toEqual(seen);
  }
});
