// The larger cities of the world (GeoNames, CC BY 4.0), to set a place by its name.
import type { Position } from '../api/types';
import citiesUrl from './cities.tsv?url';

export interface City extends Position {
  name: string;
  /** Of its country, two letters. */
  country: string;
  /** The name without accents, in lower case. */
  plain: string;
}

const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim();

/** Each line is a name, a country, a latitude and a longitude; the largest city is first. */
export function parseCities(text: string): City[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name, country, latitude, longitude] = line.split('\t');
      return {
        name,
        country,
        plain: plain(name),
        latitude: Number(latitude),
        longitude: Number(longitude),
      };
    });
}

/** Up to `limit` cities whose name begins with `text`, then those that hold it, large ones first. */
export function findCities(cities: readonly City[], text: string, limit: number): City[] {
  const wanted = plain(text);
  if (!wanted) return [];
  const holding = cities.filter((city) => city.plain.includes(wanted));
  const begins = (city: City) => city.plain.startsWith(wanted);
  return [...holding.filter(begins), ...holding.filter((city) => !begins(city))].slice(0, limit);
}

let loaded: Promise<City[]> | undefined;

/** The list, which is fetched once. */
export function loadCities(): Promise<City[]> {
  loaded ??= fetch(citiesUrl)
    .then((answer) => {
      if (!answer.ok) throw new Error(`the list of cities answered ${answer.status}`);
      return answer.text();
    })
    .then(parseCities);
  loaded.catch(() => (loaded = undefined));
  return loaded;
}

const names = new Intl.DisplayNames(undefined, { type: 'region', fallback: 'code' });

/** The city and its country, in the words of whoever looks. */
export const cityLabel = (city: City) => `${city.name}, ${names.of(city.country)}`;
