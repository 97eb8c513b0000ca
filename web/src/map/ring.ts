// Outlines of land that cross the edge of the map.

/**
 * A ring that leaves the world at 180° goes on beyond it, rather than jump back across the map.
 * The one that goes all the way round, Antarctica's, is closed along the pole.
 */
export function unwrapped(ring: GeoJSON.Position[]): GeoJSON.Position[] {
  let turn = 0;
  const points = ring.map(([longitude, latitude], index) => {
    const step = index > 0 ? longitude - ring[index - 1][0] : 0;
    if (step > 180) turn -= 360;
    if (step < -180) turn += 360;
    return [longitude + turn, latitude];
  });
  if (turn === 0) return points;
  return [...points, [points[points.length - 1][0], -90], [points[0][0], -90], points[0]];
}
