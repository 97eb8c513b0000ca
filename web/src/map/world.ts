// The built-in world: Natural Earth's countries (public domain), drawn without any network but ours,
// and the tiles of a server instead where the service names one.
import {
  type GeoJSONSource,
  Map as WorldMap,
  type MapOptions,
  setWorkerUrl,
  type StyleSpecification,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import coarseUrl from 'world-atlas/countries-110m.json?url';
import fineUrl from 'world-atlas/countries-50m.json?url';
import { session } from '../shell/session.svelte';
import { unwrapped } from './ring';

setWorkerUrl(workerUrl);

/** From this zoom on the finer coasts are worth their loading time. */
const fineZoom = 3;

/** The colours of the page, so that the map is dark when the page is. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

async function countries(url: string): Promise<GeoJSON.FeatureCollection> {
  const topology = (await (await fetch(url)).json()) as Topology<{
    countries: GeometryCollection;
  }>;
  const land = feature(topology, topology.objects.countries);
  for (const { geometry } of land.features) {
    if (geometry.type === 'Polygon') geometry.coordinates = geometry.coordinates.map(unwrapped);
    if (geometry.type === 'MultiPolygon') {
      geometry.coordinates = geometry.coordinates.map((rings) => rings.map(unwrapped));
    }
  }
  return land;
}

/** A map of the world in `container`, ready for markers; the land comes as it is drawn. */
export async function worldMap(
  container: HTMLElement,
  options: Partial<MapOptions>,
): Promise<WorldMap> {
  const served = session.me?.map_style_url;
  const style = served ? tiles(served) : builtIn(await countries(coarseUrl));
  const map = new WorldMap({
    container,
    // Who serves tiles asks to be named.
    attributionControl: served ? { compact: true } : false,
    dragRotate: false,
    pitchWithRotate: false,
    maxZoom: 17,
    ...options,
    style,
  });
  map.touchZoomRotate.disableRotation();
  // Markers need no style: a server of tiles that is away leaves them on an empty ground.
  if (served) return map;
  await map.once('style.load');
  refine(map);
  followScheme(map);
  return map;
}

/** The style at `url`, or one around the raster tiles of a template. */
function tiles(url: string): string | StyleSpecification {
  if (!url.includes('{z}')) return url;
  return {
    version: 8,
    sources: { tiles: { type: 'raster', tiles: [url], tileSize: 256, maxzoom: 19 } },
    layers: [{ id: 'tiles', type: 'raster', source: 'tiles' }],
  };
}

function builtIn(data: GeoJSON.FeatureCollection): StyleSpecification {
  return {
    version: 8,
    sources: { world: { type: 'geojson', data, maxzoom: 8, tolerance: 0.5 } },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': colour('--sea') } },
      { id: 'land', type: 'fill', source: 'world', paint: { 'fill-color': colour('--land') } },
      {
        id: 'borders',
        type: 'line',
        source: 'world',
        paint: { 'line-color': colour('--border'), 'line-width': 0.8 },
      },
    ],
  };
}

/** Repaints when the page goes dark or light. */
function followScheme(map: WorldMap): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const repaint = () => {
    map.setPaintProperty('sea', 'background-color', colour('--sea'));
    map.setPaintProperty('land', 'fill-color', colour('--land'));
    map.setPaintProperty('borders', 'line-color', colour('--border'));
  };
  dark.addEventListener('change', repaint);
  map.once('remove', () => dark.removeEventListener('change', repaint));
}

/** Swaps in the finer coasts once somebody looks closely. A failure leaves the coarse ones. */
function refine(map: WorldMap): void {
  const look = async () => {
    if (map.getZoom() < fineZoom) return;
    map.off('zoomend', look);
    const fine = await countries(fineUrl).catch(() => undefined);
    if (fine) (map.getSource('world') as GeoJSONSource | undefined)?.setData(fine);
  };
  map.on('zoomend', look);
  void look();
}
