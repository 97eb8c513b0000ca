// The built-in world: Natural Earth's countries (public domain), drawn without any network.
import { Map as WorldMap, type MapOptions, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import countriesUrl from 'world-atlas/countries-50m.json?url';

setWorkerUrl(workerUrl);

/** The colours of the page, so that the map is dark when the page is. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

let world: Promise<GeoJSON.FeatureCollection> | undefined;

async function load(): Promise<GeoJSON.FeatureCollection> {
  const topology = (await (await fetch(countriesUrl)).json()) as Topology<{
    countries: GeometryCollection;
  }>;
  return feature(topology, topology.objects.countries);
}

/** A map of the world in `container`, ready for sources and layers. */
export async function worldMap(
  container: HTMLElement,
  options: Partial<MapOptions>,
): Promise<WorldMap> {
  const countries = await (world ??= load());
  const map = new WorldMap({
    container,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    maxZoom: 17,
    ...options,
    style: {
      version: 8,
      sources: { world: { type: 'geojson', data: countries, maxzoom: 8, tolerance: 0.5 } },
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
    },
  });
  map.touchZoomRotate.disableRotation();
  await map.once('load');
  return map;
}
