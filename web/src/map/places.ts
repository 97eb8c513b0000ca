// The GeoJSON of `GET /v1/map`.

export interface MapPlace {
  type: 'Feature';
  geometry: { type: 'Point'; coordinates: [number, number] };
  properties: {
    /** How many photos stand here. */
    count: number;
    /** The photo, or the cluster's cover. */
    photo_id?: string;
    /** Where the cover's small rendition is. */
    cover_url?: string;
  };
}

export interface MapPlaces {
  type: 'FeatureCollection';
  features: MapPlace[];
}

/** The address of the picture that stands for a place, if there is one. */
export function coverOf(place: MapPlace): string | undefined {
  return place.properties.cover_url;
}
